-- Loads of one range of blocks: every column packed into bytes, all in the same order of rows.
select
    count(*) as row_count,
    string_agg(textsend(load_id), '\x00') as load_id,
    string_agg(textsend(bus_id), '\x00') as bus_id,
    string_agg(float8send(active_power_kw), '') as active_power_kw,
    string_agg(float8send(reactive_power_kvar), '') as reactive_power_kvar,
    string_agg(int4send(array_position(%(customer_classes)s::text[], customer_class) - 1), '') as customer_class,
    string_agg(int4send(customer_count), '') as customer_count,
    string_agg(int4send(array_position(%(phases)s::text[], coalesce(phases, 'unknown')) - 1), '') as phases,
    string_agg(float8send(coalesce(annual_energy_kwh, 'nan')), '') as annual_energy_kwh,
    string_agg(float8send(coalesce(contract_capacity_kva, 'nan')), '') as contract_capacity_kva
from grid.load
where version_id = %(version_id)s and ctid >= %(first)s::tid and ctid < %(end)s::tid
