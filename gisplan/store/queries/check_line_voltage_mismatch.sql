-- Lines between buses of different voltage.
select
    'line' as table_name,
    l.ctid::text as row_id,
    'line ' || coalesce(l.line_id, 'without id') as element,
    'joins ' || f.nominal_voltage_v || ' V at bus ' || f.bus_id || ' and ' || t.nominal_voltage_v
        || ' V at bus ' || t.bus_id as found,
    'one voltage' as expected,
    st_x(st_lineinterpolatepoint(l.geom, 0.5)) as x_m,
    st_y(st_lineinterpolatepoint(l.geom, 0.5)) as y_m
from staging.line as l
join staging.bus as f on f.bus_id = l.from_bus_id
join staging.bus as t on t.bus_id = l.to_bus_id
where abs(f.nominal_voltage_v - t.nominal_voltage_v)
    > %(voltage_ratio)s * greatest(f.nominal_voltage_v, t.nominal_voltage_v)
order by element, found
