-- Transformers whose short-circuit resistance alone is more than their whole impedance.
select
    'transformer' as table_name,
    ctid::text as row_id,
    'transformer ' || coalesce(transformer_id, 'without id') as element,
    'short_circuit_resistance_pct is ' || short_circuit_resistance_pct
        || ', short_circuit_voltage_pct is ' || short_circuit_voltage_pct as found,
    'a resistance of at most the impedance' as expected,
    st_x(geom) as x_m,
    st_y(geom) as y_m
from staging.transformer
where short_circuit_resistance_pct > short_circuit_voltage_pct
order by element
