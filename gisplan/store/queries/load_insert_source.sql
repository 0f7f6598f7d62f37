-- Sources of the version.
insert into grid.source (
    version_id, source_id, bus_id, voltage_pu, short_circuit_power_mva, rx_ratio,
    short_circuit_power_min_mva)
select
    %(version_id)s, source_id, bus_id, voltage_pu, short_circuit_power_mva, rx_ratio,
    short_circuit_power_min_mva
from staging.source
order by source_id
