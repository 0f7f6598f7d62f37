-- Transformers whose rated voltage is far from that of the bus on the same side.
select
    'transformer' as table_name,
    t.ctid::text as row_id,
    'transformer ' || coalesce(t.transformer_id, 'without id') as element,
    e.name || ' is ' || e.rated_v || ' V at bus ' || b.bus_id || ' of ' || b.nominal_voltage_v
        || ' V' as found,
    'the voltage of the bus; are the sides exchanged?' as expected,
    st_x(t.geom) as x_m,
    st_y(t.geom) as y_m
from staging.transformer as t
cross join lateral (values
    ('hv_voltage_v', t.hv_bus_id, t.hv_voltage_v),
    ('lv_voltage_v', t.lv_bus_id, t.lv_voltage_v)
) as e (name, bus_id, rated_v)
join staging.bus as b on b.bus_id = e.bus_id
where abs(e.rated_v - b.nominal_voltage_v)
    > %(voltage_ratio)s * greatest(e.rated_v, b.nominal_voltage_v)
order by element, found
