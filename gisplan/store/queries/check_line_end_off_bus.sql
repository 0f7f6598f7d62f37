-- Lines whose drawing ends away from the bus that they name.
select
    'line' as table_name,
    l.ctid::text as row_id,
    'line ' || coalesce(l.line_id, 'without id') as element,
    e.name || ': the line ends ' || round(st_distance(e.place, b.geom)::numeric, 1)
        || ' m from bus ' || b.bus_id as found,
    'at most ' || %(tolerance_m)s || ' m' as expected,
    st_x(e.place) as x_m,
    st_y(e.place) as y_m
from staging.line as l
cross join lateral (values
    ('from_bus_id', l.from_bus_id, st_startpoint(l.geom)),
    ('to_bus_id', l.to_bus_id, st_endpoint(l.geom))
) as e (name, bus_id, place)
join staging.bus as b on b.bus_id = e.bus_id
where not st_dwithin(e.place, b.geom, %(tolerance_m)s)
order by element, e.name
