-- One application.
select
    application_id, status, reference, lon, lat, kind, demand_kva, customer_class, installed_power_kw,
    transformer_unit_kva, expected_maximum_demand_kw, power_factor, phases, importance,
    existing_bus_id, applied_on::text, wanted_on::text, synthetic, largest_motor_kw,
    largest_step_kva, steps_per_hour, phase, st_astext(parcel) as parcel
from planning.application
where application_id = %(application_id)s
