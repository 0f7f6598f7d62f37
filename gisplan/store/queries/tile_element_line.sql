-- Attributes of one line of the active version and its newest measured peak.
select
    line.name, bus.nominal_voltage_v, from_bus_id, to_bus_id, length_m, resistance_ohm_per_km,
    reactance_ohm_per_km, zero_resistance_ohm_per_km, zero_reactance_ohm_per_km, rated_current_a,
    parallel_count, installation, role, conductor_type, protection, protection_current_a,
    in_service, peak.peak_kva as measured_peak_kva, peak.measured_on::text as measured_on
from grid.line
join grid.version using (version_id)
join grid.bus on bus.version_id = line.version_id and bus.bus_id = line.from_bus_id
left join lateral (
    select peak_kva, measured_on from grid.measured_peak
    where element_kind = 'line' and element_id = line.line_id
    order by measured_on desc limit 1) as peak on true
where version.state = 'active' and line_id = %(element_id)s
