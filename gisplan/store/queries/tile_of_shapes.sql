-- One tile of shapes that are given in Web Mercator, each with its number and what is known of it.
with given as (
    select row_number, st_geomfromwkb(shape, 3857) as geom, properties::jsonb as properties
    from unnest(%(numbers)s::integer[], %(shapes)s::bytea[], %(properties)s::text[])
        as given (row_number, shape, properties)),
features as (
    select
        row_number, properties,
        st_asmvtgeom(
            given.geom, st_tileenvelope(%(zoom)s, %(column)s, %(row)s), 4096, 64, true) as geom
    from given
    order by row_number)
select coalesce(st_asmvt(features, %(layer)s, 4096, 'geom', 'row_number'), '')
from features where geom is not null
