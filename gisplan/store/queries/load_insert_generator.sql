-- Generators of the version.
insert into grid.generator (
    version_id, generator_id, bus_id, active_power_kw, reactive_power_kvar)
select
    %(version_id)s, generator_id, bus_id, active_power_kw, reactive_power_kvar
from staging.generator
order by generator_id
