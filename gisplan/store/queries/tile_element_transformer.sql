-- Attributes of one transformer of the active version and its newest measured peak.
select
    transformer.name, rated_power_kva, hv_voltage_v, lv_voltage_v, short_circuit_voltage_pct,
    tap_position, tap_min, tap_max, tap_step_pct, parallel_count, in_service, hv_bus_id, lv_bus_id,
    peak.peak_kva as measured_peak_kva, peak.measured_on::text as measured_on
from grid.transformer
join grid.version using (version_id)
left join lateral (
    select peak_kva, measured_on from grid.measured_peak
    where element_kind = 'transformer' and element_id = transformer.transformer_id
    order by measured_on desc limit 1) as peak on true
where version.state = 'active' and transformer_id = %(element_id)s
