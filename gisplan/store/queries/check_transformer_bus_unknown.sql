-- Transformers that name a bus which is not there, or one bus twice.
select
    'transformer' as table_name,
    t.ctid::text as row_id,
    'transformer ' || coalesce(t.transformer_id, 'without id') as element,
    e.name || ' is ' || e.bus_id as found,
    e.wanted as expected,
    st_x(t.geom) as x_m,
    st_y(t.geom) as y_m
from staging.transformer as t
cross join lateral (values
    ('hv_bus_id', t.hv_bus_id, 'a bus of the grid',
        not exists (select from staging.bus as b where b.bus_id = t.hv_bus_id)),
    ('lv_bus_id', t.lv_bus_id, 'a bus of the grid',
        not exists (select from staging.bus as b where b.bus_id = t.lv_bus_id)),
    ('hv_bus_id and lv_bus_id', t.hv_bus_id, 'two different buses', t.hv_bus_id = t.lv_bus_id)
) as e (name, bus_id, wanted, is_wrong)
where e.bus_id is not null and e.is_wrong
order by element, e.name
