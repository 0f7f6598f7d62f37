-- Obstacles of one range of blocks: every column packed into bytes, all in the same order of rows.
-- A binary linestring is its vertices behind a head of nine bytes.
select
    count(*) as row_count,
    string_agg(textsend(obstacle_id), '\x00') as obstacle_id,
    string_agg(textsend(obstacle_kind), '\x00') as obstacle_kind,
    string_agg(float8send(coalesce(cost_factor, 'infinity')), '') as cost_factor,
    string_agg(boolsend(wayleave), '') as wayleave,
    string_agg(int4send(st_npoints(st_exteriorring(geom))), '') as point_count,
    string_agg(substr(st_asbinary(st_exteriorring(geom), 'NDR'), 10), '') as points
from grid.obstacle
where version_id = %(version_id)s and ctid >= %(first)s::tid and ctid < %(end)s::tid
