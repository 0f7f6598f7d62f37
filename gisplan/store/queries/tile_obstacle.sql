-- Obstacles of the active version in one tile: buildings from zoom 14, wider areas from 12.
with tile as (
    select st_tileenvelope(%(zoom)s, %(column)s, %(row)s) as envelope),
features as (
    select
        obstacle_id, obstacle_kind, cost_factor is null as forbidden,
        st_asmvtgeom(obstacle.geom_3857, tile.envelope, 4096, 64, true) as geom
    from tile
    join grid.version on version.state = 'active'
    join grid.obstacle on
        obstacle.version_id = version.version_id and obstacle.geom_3857 && tile.envelope
    where %(zoom)s >= case when obstacle_kind = 'building' then 14 else 12 end
    order by obstacle_id)
select coalesce(st_asmvt(features, 'obstacle', 4096, 'geom'), '')
from features where geom is not null
