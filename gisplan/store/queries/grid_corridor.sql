-- Corridors of one range of blocks: every column packed into bytes, all in the same order of rows.
-- A binary linestring is its vertices behind a head of nine bytes.
select
    count(*) as row_count,
    string_agg(textsend(corridor_id), '\x00') as corridor_id,
    string_agg(int4send(array_position(%(corridor_kinds)s::text[], corridor_kind) - 1), '') as corridor_kind,
    string_agg(int4send(array_position(%(surfaces)s::text[], surface) - 1), '') as surface,
    string_agg(textsend(evidence), '\x00') as evidence,
    string_agg(int4send(coalesce(free_ducts, -1)), '') as free_ducts,
    string_agg(int4send(st_npoints(geom)), '') as point_count,
    string_agg(substr(st_asbinary(geom, 'NDR'), 10), '') as points
from grid.corridor
where version_id = %(version_id)s and ctid >= %(first)s::tid and ctid < %(end)s::tid
