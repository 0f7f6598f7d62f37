-- Switches of a line, transformer or second bus which is not there.
select
    'switch' as table_name,
    s.ctid::text as row_id,
    'switch ' || coalesce(s.switch_id, 'without id') as element,
    'element_id is ' || s.element_id as found,
    'a ' || s.element_kind || ' of the grid' as expected,
    st_x(b.geom) as x_m,
    st_y(b.geom) as y_m
from staging.switch as s
left join staging.bus as b on b.bus_id = s.bus_id
where case s.element_kind
    when 'line' then not exists (select from staging.line as l where l.line_id = s.element_id)
    when 'transformer' then not exists (
        select from staging.transformer as t where t.transformer_id = s.element_id)
    when 'bus' then not exists (select from staging.bus as o where o.bus_id = s.element_id)
    end
order by element, row_id
