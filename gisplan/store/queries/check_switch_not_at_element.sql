-- Switches at a bus that is no end of their element.
with ends (element_kind, element_id, bus_ids) as (
    select 'line', line_id, array[from_bus_id, to_bus_id] from staging.line
    union all
    select 'transformer', transformer_id, array[hv_bus_id, lv_bus_id] from staging.transformer
)
select
    'switch' as table_name,
    s.ctid::text as row_id,
    'switch ' || coalesce(s.switch_id, 'without id') as element,
    'is at bus ' || s.bus_id || ', but ' || s.element_kind || ' ' || s.element_id || ' joins '
        || array_to_string(e.bus_ids, ' and ') as found,
    'a bus at an end of its element' as expected,
    st_x(b.geom) as x_m,
    st_y(b.geom) as y_m
from staging.switch as s
join ends as e using (element_kind, element_id)
left join staging.bus as b on b.bus_id = s.bus_id
where not s.bus_id = any(e.bus_ids)
union all
select
    'switch',
    s.ctid::text,
    'switch ' || coalesce(s.switch_id, 'without id'),
    'joins bus ' || s.bus_id || ' with itself',
    'two different buses',
    null,
    null
from staging.switch as s
where s.element_kind = 'bus' and s.bus_id = s.element_id
order by element, row_id
