-- Lines of the version, neighbours side by side on disk.
insert into grid.line (
    version_id, line_id, name, from_bus_id, to_bus_id, length_m, resistance_ohm_per_km,
    reactance_ohm_per_km, capacitance_nf_per_km, rated_current_a, parallel_count,
    installation, role, conductor_type, in_service, zero_resistance_ohm_per_km,
    zero_reactance_ohm_per_km, zero_capacitance_nf_per_km, protection, protection_current_a,
    geom, geom_3857)
select
    %(version_id)s, line_id, name, from_bus_id, to_bus_id, length_m, resistance_ohm_per_km,
    reactance_ohm_per_km, capacitance_nf_per_km, rated_current_a, parallel_count,
    installation, role, conductor_type, in_service, zero_resistance_ohm_per_km,
    zero_reactance_ohm_per_km, zero_capacitance_nf_per_km, protection, protection_current_a,
    geom, st_transform(geom, 3857)
from staging.line
order by st_geohash(st_transform(st_startpoint(geom), 4326), 12), line_id
