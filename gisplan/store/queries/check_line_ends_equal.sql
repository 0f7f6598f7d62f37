-- Lines that begin and end at the same bus.
select
    'line' as table_name,
    ctid::text as row_id,
    'line ' || coalesce(line_id, 'without id') as element,
    'both ends are bus ' || from_bus_id as found,
    'two different buses' as expected,
    st_x(st_lineinterpolatepoint(geom, 0.5)) as x_m,
    st_y(st_lineinterpolatepoint(geom, 0.5)) as y_m
from staging.line
where from_bus_id = to_bus_id
order by element
