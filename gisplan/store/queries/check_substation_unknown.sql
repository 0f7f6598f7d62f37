-- Buses of a substation which is not there.
select
    'bus' as table_name,
    b.ctid::text as row_id,
    'bus ' || coalesce(b.bus_id, 'without id') as element,
    'substation_id is ' || b.substation_id as found,
    'a substation of the grid' as expected,
    st_x(b.geom) as x_m,
    st_y(b.geom) as y_m
from staging.bus as b
where b.substation_id is not null
    and not exists (
        select from staging.substation as s where s.substation_id = b.substation_id)
order by element
