-- Sources that share their bus with another one: two voltages would be held at one place.
select
    'source' as table_name,
    s.ctid::text as row_id,
    'source ' || coalesce(s.source_id, 'without id') as element,
    'stands at bus ' || s.bus_id || ' with source '
        || string_agg(coalesce(other.source_id, 'without id'), ', ' order by other.source_id, other.ctid)
        as found,
    'one source at a bus, with the short-circuit power of all' as expected,
    st_x(b.geom) as x_m,
    st_y(b.geom) as y_m
from staging.source as s
join staging.source as other on other.bus_id = s.bus_id and other.ctid <> s.ctid
left join staging.bus as b on b.bus_id = s.bus_id
group by s.ctid, s.source_id, s.bus_id, b.geom
order by element, row_id
