-- Staged branches that conduct: in service, and without an open switch at either end.
with open_element as (
    select element_kind, element_id from staging.switch where not closed
)
select 'line ' || l.line_id as name, l.from_bus_id, l.to_bus_id
from staging.line as l
where l.in_service
    and l.line_id is not null
    and not exists (
        select from open_element as o where o.element_kind = 'line' and o.element_id = l.line_id)
union all
select 'transformer ' || t.transformer_id, t.hv_bus_id, t.lv_bus_id
from staging.transformer as t
where t.in_service
    and t.transformer_id is not null
    and not exists (
        select from open_element as o
        where o.element_kind = 'transformer' and o.element_id = t.transformer_id)
union all
select 'switch ' || s.switch_id, s.bus_id, s.element_id
from staging.switch as s
where s.element_kind = 'bus' and s.closed and s.switch_id is not null
order by name
