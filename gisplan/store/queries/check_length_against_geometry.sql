-- Lines whose length differs from their drawing by more than a share of it; rounding of short
-- lines is forgiven.
select
    'line' as table_name,
    ctid::text as row_id,
    'line ' || coalesce(line_id, 'without id') as element,
    'length_m is ' || round(length_m::numeric, 1) || ', drawn are '
        || round(st_length(geom)::numeric, 1) || ' m' as found,
    'a difference of at most ' || round(%(ratio)s::numeric * 100) || ' %%' as expected,
    st_x(st_lineinterpolatepoint(geom, 0.5)) as x_m,
    st_y(st_lineinterpolatepoint(geom, 0.5)) as y_m
from staging.line
where length_m > 0
    and abs(st_length(geom) - length_m)
        > greatest(%(ratio)s::double precision * length_m, %(rounding_m)s::double precision)
order by element
