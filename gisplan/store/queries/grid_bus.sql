-- Buses of one range of blocks: every column packed into bytes, all in the same order of rows.
select
    count(*) as row_count,
    string_agg(textsend(bus_id), '\x00') as bus_id,
    string_agg(textsend(coalesce(name, '')), '\x00') as name,
    string_agg(int4send(array_position(%(bus_kinds)s::text[], bus_kind) - 1), '') as bus_kind,
    string_agg(float8send(nominal_voltage_v), '') as nominal_voltage_v,
    string_agg(textsend(coalesce(substation_id, '')), '\x00') as substation_id,
    string_agg(int4send(coalesce(bays_total, -1)), '') as bays_total,
    string_agg(int4send(coalesce(bays_spare, -1)), '') as bays_spare,
    string_agg(float8send(coalesce(rated_short_circuit_current_ka, 'nan')), '') as rated_short_circuit_current_ka,
    string_agg(float8send(st_x(geom)), '') as x_m,
    string_agg(float8send(st_y(geom)), '') as y_m
from grid.bus
where version_id = %(version_id)s and ctid >= %(first)s::tid and ctid < %(end)s::tid
