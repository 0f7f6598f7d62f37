-- Obstacles of the version, neighbours side by side on disk.
insert into grid.obstacle (
    version_id, obstacle_id, obstacle_kind, cost_factor, wayleave, geom, geom_3857)
select
    %(version_id)s, obstacle_id, obstacle_kind, cost_factor, wayleave, geom,
    st_transform(geom, 3857)
from staging.obstacle
order by st_geohash(st_transform(st_pointn(st_exteriorring(geom), 1), 4326), 12), obstacle_id
