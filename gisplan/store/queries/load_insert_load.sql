-- Loads of the version.
insert into grid.load (
    version_id, load_id, bus_id, active_power_kw, reactive_power_kvar, customer_class,
    customer_count)
select
    %(version_id)s, load_id, bus_id, active_power_kw, reactive_power_kvar, customer_class,
    customer_count
from staging.load
order by load_id
