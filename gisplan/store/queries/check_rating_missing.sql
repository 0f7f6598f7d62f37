-- Lines whose rated current is not known.
select
    'line' as table_name,
    ctid::text as row_id,
    'line ' || coalesce(line_id, 'without id') as element,
    'has no rated_current_a' as found,
    'a rated current; loading cannot be judged without' as expected,
    st_x(st_lineinterpolatepoint(geom, 0.5)) as x_m,
    st_y(st_lineinterpolatepoint(geom, 0.5)) as y_m
from staging.line
where rated_current_a is null
order by element
