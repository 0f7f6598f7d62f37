-- Sources of the version.
insert into grid.source (
    version_id, source_id, bus_id, voltage_pu, short_circuit_power_mva, rx_ratio)
select
    %(version_id)s, source_id, bus_id, voltage_pu, short_circuit_power_mva, rx_ratio
from staging.source
order by source_id
