-- Staged buses with their place, and whether a source feeds them, in the order of their ids.
select distinct on (b.bus_id collate "C")
    b.bus_id,
    b.nominal_voltage_v,
    exists (select from staging.source as s where s.bus_id = b.bus_id) as is_source,
    st_x(b.geom) as x_m,
    st_y(b.geom) as y_m
from staging.bus as b
where b.bus_id is not null
order by b.bus_id collate "C"
