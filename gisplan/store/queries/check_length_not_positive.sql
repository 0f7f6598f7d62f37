-- Lines of no or negative length.
select
    'line' as table_name,
    ctid::text as row_id,
    'line ' || coalesce(line_id, 'without id') as element,
    'length_m is ' || length_m as found,
    'more than 0 m' as expected,
    st_x(st_lineinterpolatepoint(geom, 0.5)) as x_m,
    st_y(st_lineinterpolatepoint(geom, 0.5)) as y_m
from staging.line
where length_m <= 0
order by element
