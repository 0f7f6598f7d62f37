-- Sources of one range of blocks: every column packed into bytes, all in the same order of rows.
select
    count(*) as row_count,
    string_agg(textsend(source_id), '\x00') as source_id,
    string_agg(textsend(bus_id), '\x00') as bus_id,
    string_agg(float8send(voltage_pu), '') as voltage_pu,
    string_agg(float8send(coalesce(short_circuit_power_mva, 'nan')), '') as short_circuit_power_mva,
    string_agg(float8send(coalesce(short_circuit_power_min_mva, 'nan')), '') as short_circuit_power_min_mva,
    string_agg(float8send(coalesce(rx_ratio, 'nan')), '') as rx_ratio
from grid.source
where version_id = %(version_id)s and ctid >= %(first)s::tid and ctid < %(end)s::tid
