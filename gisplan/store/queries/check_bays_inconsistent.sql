-- Buses with more spare bays than bays.
select
    'bus' as table_name,
    ctid::text as row_id,
    'bus ' || coalesce(bus_id, 'without id') as element,
    bays_spare || ' spare bays of ' || bays_total as found,
    'not more spare bays than bays' as expected,
    st_x(geom) as x_m,
    st_y(geom) as y_m
from staging.bus
where bays_spare > bays_total
order by element
