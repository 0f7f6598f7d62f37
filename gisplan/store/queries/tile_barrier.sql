-- What cables cross at a price in one tile: railways and waters from zoom 11, roads from 13, mains
-- of others from 14.
with tile as (
    select st_tileenvelope(%(zoom)s, %(column)s, %(row)s) as envelope),
features as (
    select
        barrier_id, barrier_kind, owner,
        st_asmvtgeom(barrier.geom_3857, tile.envelope, 4096, 64, true) as geom
    from tile
    join grid.version on version.state = 'active'
    join grid.barrier on
        barrier.version_id = version.version_id and barrier.geom_3857 && tile.envelope
    where %(zoom)s >= case
        when barrier_kind in ('rail', 'water') then 11
        when barrier_kind = 'road' then 13
        else 14 end
    order by barrier_id)
select coalesce(st_asmvt(features, 'barrier', 4096, 'geom'), '')
from features where geom is not null
