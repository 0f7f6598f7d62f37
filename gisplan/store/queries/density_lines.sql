-- Mains of one grid version as vertices, packed by the ten thousand, for the background of a picture.
-- A binary linestring is its vertices behind a head of nine bytes.
with main as (
    select line_id, geom, (row_number() over (order by line_id) - 1) / 10000 as chunk
    from grid.line
    where version_id = %(version_id)s and role = 'main')
select
    string_agg(int4send(st_npoints(geom)), '' order by line_id) as point_count,
    string_agg(substr(st_asbinary(geom, 'NDR'), 10), '' order by line_id) as points
from main
group by chunk
order by chunk
