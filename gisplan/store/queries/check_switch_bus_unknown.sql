-- Switches at a bus which is not there.
select
    'switch' as table_name,
    s.ctid::text as row_id,
    'switch ' || coalesce(s.switch_id, 'without id') as element,
    'bus_id is ' || s.bus_id as found,
    'a bus of the grid' as expected,
    null::double precision as x_m,
    null::double precision as y_m
from staging.switch as s
where s.bus_id is not null
    and not exists (select from staging.bus as b where b.bus_id = s.bus_id)
order by element
