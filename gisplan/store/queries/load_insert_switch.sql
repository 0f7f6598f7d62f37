-- Switches of the version.
insert into grid.switch (
    version_id, switch_id, bus_id, element_kind, element_id, closed, remote)
select
    %(version_id)s, switch_id, bus_id, element_kind, element_id, closed, remote
from staging.switch
order by switch_id
