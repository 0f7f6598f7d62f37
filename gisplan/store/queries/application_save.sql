-- Insert an application, or bring the one of the same reference up to date. Status is kept.
insert into planning.application (
    reference, kind, customer_class, demand_kva, installed_power_kw, transformer_unit_kva,
    expected_maximum_demand_kw, power_factor, phases, importance, existing_bus_id,
    wanted_on, applied_on, status, synthetic, lon, lat,
    largest_motor_kw, largest_step_kva, steps_per_hour, phase, parcel)
values (
    %(reference)s, %(kind)s, %(customer_class)s, %(demand_kva)s, %(installed_power_kw)s,
    %(transformer_unit_kva)s, %(expected_maximum_demand_kw)s, %(power_factor)s, %(phases)s,
    %(importance)s, %(existing_bus_id)s, %(wanted_on)s, %(applied_on)s, 'received',
    %(synthetic)s, %(lon)s, %(lat)s, %(largest_motor_kw)s, %(largest_step_kva)s,
    %(steps_per_hour)s, %(phase)s,
    st_geomfromtext(%(parcel)s::text, 4326))
on conflict (reference) do update set
    kind = excluded.kind,
    customer_class = excluded.customer_class,
    demand_kva = excluded.demand_kva,
    installed_power_kw = excluded.installed_power_kw,
    transformer_unit_kva = excluded.transformer_unit_kva,
    expected_maximum_demand_kw = excluded.expected_maximum_demand_kw,
    power_factor = excluded.power_factor,
    phases = excluded.phases,
    importance = excluded.importance,
    existing_bus_id = excluded.existing_bus_id,
    wanted_on = excluded.wanted_on,
    applied_on = excluded.applied_on,
    synthetic = excluded.synthetic,
    lon = excluded.lon,
    lat = excluded.lat,
    largest_motor_kw = excluded.largest_motor_kw,
    largest_step_kva = excluded.largest_step_kva,
    steps_per_hour = excluded.steps_per_hour,
    phase = excluded.phase,
    parcel = excluded.parcel
returning application_id
