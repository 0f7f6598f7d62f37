-- Loads of the version.
insert into grid.load (
    version_id, load_id, bus_id, active_power_kw, reactive_power_kvar, customer_class,
    customer_count, phases, annual_energy_kwh, contract_capacity_kva)
select
    %(version_id)s, load_id, bus_id, active_power_kw, reactive_power_kvar, customer_class,
    customer_count, phases, annual_energy_kwh, contract_capacity_kva
from staging.load
order by load_id
