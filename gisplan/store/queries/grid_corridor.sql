-- Corridors of one range of blocks: every column packed into bytes, all in the same order of rows.
-- A binary linestring is its vertices behind a head of nine bytes.
select
    count(*) as row_count,
    string_agg(textsend(corridor_id), '\x00') as corridor_id,
    string_agg(int4send(array_position(%(corridor_kinds)s::text[], corridor_kind) - 1), '') as corridor_kind,
    string_agg(int4send(array_position(%(surfaces)s::text[], surface) - 1), '') as surface,
    string_agg(textsend(evidence), '\x00') as evidence,
    string_agg(int4send(coalesce(free_ducts, -1)), '') as free_ducts,
    string_agg(int4send(array_position(
        %(layings)s::text[], coalesce(laying, 'unknown')) - 1), '') as laying,
    string_agg(textsend(coalesce(owner, '')), '\x00') as owner,
    string_agg(float8send(coalesce(permit_lead_time_days, 'nan')), '') as permit_lead_time_days,
    string_agg(float8send(coalesce(
        (excavation_ban_until - date '0001-01-01')::double precision + 1, 'nan')), '')
        as excavation_ban_until,
    string_agg(int4send(st_npoints(geom)), '') as point_count,
    string_agg(substr(st_asbinary(geom, 'NDR'), 10), '') as points
from grid.corridor
where version_id = %(version_id)s and ctid >= %(first)s::tid and ctid < %(end)s::tid
