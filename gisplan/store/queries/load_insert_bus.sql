-- Buses of the version, neighbours side by side on disk.
insert into grid.bus (
    version_id, bus_id, name, bus_kind, nominal_voltage_v, substation_id, bays_total,
    bays_spare, rated_short_circuit_current_ka, geom, geom_3857)
select
    %(version_id)s, bus_id, name, bus_kind, nominal_voltage_v, substation_id, bays_total,
    bays_spare, rated_short_circuit_current_ka, geom, st_transform(geom, 3857)
from staging.bus
order by st_geohash(st_transform(geom, 4326), 12), bus_id
