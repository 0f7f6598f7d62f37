-- Conductor types that neither catalogue nor mapping know, with the number of lines of each.
select
    'line' as table_name,
    null as row_id,
    coalesce('conductor type ' || conductor_type, 'lines without conductor type') as element,
    count(*) || ' lines, the first is ' || coalesce(min(line_id collate "C"), 'without id') as found,
    'a type of the catalogue or of the mapping''s [conductors]' as expected,
    min(st_x(st_lineinterpolatepoint(geom, 0.5))) as x_m,
    (array_agg(st_y(st_lineinterpolatepoint(geom, 0.5))
        order by st_x(st_lineinterpolatepoint(geom, 0.5))))[1] as y_m
from staging.line
where conductor_type is null or not conductor_type = any(%(known_conductor_types)s)
group by conductor_type
order by element
