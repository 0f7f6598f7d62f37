-- Transformers of the version, neighbours side by side on disk.
insert into grid.transformer (
    version_id, transformer_id, name, hv_bus_id, lv_bus_id, rated_power_kva, hv_voltage_v,
    lv_voltage_v, short_circuit_voltage_pct, short_circuit_resistance_pct, no_load_loss_w,
    no_load_current_pct, clock_number, tap_side, tap_position, tap_neutral, tap_min,
    tap_max, tap_step_pct, parallel_count, in_service, geom, geom_3857)
select
    %(version_id)s, transformer_id, name, hv_bus_id, lv_bus_id, rated_power_kva,
    hv_voltage_v, lv_voltage_v, short_circuit_voltage_pct, short_circuit_resistance_pct,
    no_load_loss_w, no_load_current_pct, clock_number, tap_side, tap_position, tap_neutral,
    tap_min, tap_max, tap_step_pct, parallel_count, in_service, geom,
    st_transform(geom, 3857)
from staging.transformer
order by st_geohash(st_transform(geom, 4326), 12), transformer_id
