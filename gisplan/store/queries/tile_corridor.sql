-- Corridors of the active version in one tile, from zoom 14.
with tile as (
    select st_tileenvelope(%(zoom)s, %(column)s, %(row)s) as envelope),
features as (
    select
        corridor_id, corridor_kind, surface, evidence, owner,
        st_asmvtgeom(corridor.geom_3857, tile.envelope, 4096, 64, true) as geom
    from tile
    join grid.version on version.state = 'active'
    join grid.corridor on
        corridor.version_id = version.version_id and corridor.geom_3857 && tile.envelope
    where %(zoom)s >= 14
    order by corridor_id)
select coalesce(st_asmvt(features, 'corridor', 4096, 'geom'), '')
from features where geom is not null
