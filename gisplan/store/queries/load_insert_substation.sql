-- Substations of the version, neighbours side by side on disk.
insert into grid.substation (
    version_id, substation_id, name, geom)
select
    %(version_id)s, substation_id, name, geom
from staging.substation
order by st_geohash(st_transform(geom, 4326), 12), substation_id
