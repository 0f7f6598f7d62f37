-- Attributes of one line of the active version.
select
    line.name, bus.nominal_voltage_v, from_bus_id, to_bus_id, length_m, resistance_ohm_per_km,
    reactance_ohm_per_km, rated_current_a, parallel_count, installation, role, conductor_type,
    in_service
from grid.line
join grid.version using (version_id)
join grid.bus on bus.version_id = line.version_id and bus.bus_id = line.from_bus_id
where version.state = 'active' and line_id = %(element_id)s
