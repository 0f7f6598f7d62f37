-- Transformers of one range of blocks: every column packed into bytes, all in the same order of rows.
select
    count(*) as row_count,
    string_agg(textsend(transformer_id), '\x00') as transformer_id,
    string_agg(textsend(coalesce(name, '')), '\x00') as name,
    string_agg(textsend(hv_bus_id), '\x00') as hv_bus_id,
    string_agg(textsend(lv_bus_id), '\x00') as lv_bus_id,
    string_agg(float8send(rated_power_kva), '') as rated_power_kva,
    string_agg(float8send(hv_voltage_v), '') as hv_voltage_v,
    string_agg(float8send(lv_voltage_v), '') as lv_voltage_v,
    string_agg(float8send(short_circuit_voltage_pct), '') as short_circuit_voltage_pct,
    string_agg(float8send(short_circuit_resistance_pct), '') as short_circuit_resistance_pct,
    string_agg(float8send(coalesce(no_load_loss_w, 'nan')), '') as no_load_loss_w,
    string_agg(float8send(coalesce(no_load_current_pct, 'nan')), '') as no_load_current_pct,
    string_agg(int4send(coalesce(clock_number, -1)), '') as clock_number,
    string_agg(int4send((coalesce(tap_side, 'hv') = 'lv')::integer), '') as tap_side,
    string_agg(int4send(coalesce(tap_position, tap_neutral, 0)), '') as tap_position,
    string_agg(int4send(coalesce(tap_neutral, tap_position, 0)), '') as tap_neutral,
    string_agg(int4send(coalesce(tap_min, tap_position, tap_neutral, 0)), '') as tap_min,
    string_agg(int4send(coalesce(tap_max, tap_position, tap_neutral, 0)), '') as tap_max,
    string_agg(float8send(coalesce(tap_step_pct, 'nan')), '') as tap_step_pct,
    string_agg(int4send(parallel_count), '') as parallel_count,
    string_agg(boolsend(in_service), '') as in_service
from grid.transformer
where version_id = %(version_id)s and ctid >= %(first)s::tid and ctid < %(end)s::tid
