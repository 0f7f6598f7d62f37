-- Dangling ends: lines that name a bus which is not there.
select
    'line' as table_name,
    l.ctid::text as row_id,
    'line ' || coalesce(l.line_id, 'without id') as element,
    e.name || ' is ' || e.bus_id as found,
    'a bus of the grid' as expected,
    st_x(e.place) as x_m,
    st_y(e.place) as y_m
from staging.line as l
cross join lateral (values
    ('from_bus_id', l.from_bus_id, st_startpoint(l.geom)),
    ('to_bus_id', l.to_bus_id, st_endpoint(l.geom))
) as e (name, bus_id, place)
where e.bus_id is not null
    and not exists (select from staging.bus as b where b.bus_id = e.bus_id)
order by element, e.name
