-- Loads, generators and sources that name a bus which is not there.
with staged (table_name, row_id, element_id, bus_id) as (
    select 'load', ctid, load_id, bus_id from staging.load
    union all select 'generator', ctid, generator_id, bus_id from staging.generator
    union all select 'source', ctid, source_id, bus_id from staging.source
)
select
    s.table_name,
    s.row_id::text as row_id,
    s.table_name || ' ' || coalesce(s.element_id, 'without id') as element,
    'bus_id is ' || s.bus_id as found,
    'a bus of the grid' as expected,
    null::double precision as x_m,
    null::double precision as y_m
from staged as s
where s.bus_id is not null
    and not exists (select from staging.bus as b where b.bus_id = s.bus_id)
order by element
