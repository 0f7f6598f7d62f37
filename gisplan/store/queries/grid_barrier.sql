-- Barriers of one range of blocks: every column packed into bytes, all in the same order of rows.
-- A binary linestring is its vertices behind a head of nine bytes.
select
    count(*) as row_count,
    string_agg(textsend(barrier_id), '\x00') as barrier_id,
    string_agg(int4send(array_position(%(barrier_kinds)s::text[], barrier_kind) - 1), '') as barrier_kind,
    string_agg(textsend(coalesce(owner, '')), '\x00') as owner,
    string_agg(float8send(coalesce(permit_lead_time_days, 'nan')), '') as permit_lead_time_days,
    string_agg(int4send(st_npoints(geom)), '') as point_count,
    string_agg(substr(st_asbinary(geom, 'NDR'), 10), '') as points
from grid.barrier
where version_id = %(version_id)s and ctid >= %(first)s::tid and ctid < %(end)s::tid
