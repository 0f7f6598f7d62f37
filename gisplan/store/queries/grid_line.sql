-- Line segments of one range of blocks: every column packed into bytes, all in the same order of rows.
-- A binary linestring is its vertices behind a head of nine bytes.
select
    count(*) as row_count,
    string_agg(textsend(line_id), '\x00') as line_id,
    string_agg(textsend(coalesce(name, '')), '\x00') as name,
    string_agg(textsend(from_bus_id), '\x00') as from_bus_id,
    string_agg(textsend(to_bus_id), '\x00') as to_bus_id,
    string_agg(float8send(length_m), '') as length_m,
    string_agg(float8send(resistance_ohm_per_km), '') as resistance_ohm_per_km,
    string_agg(float8send(reactance_ohm_per_km), '') as reactance_ohm_per_km,
    string_agg(float8send(coalesce(capacitance_nf_per_km, 'nan')), '') as capacitance_nf_per_km,
    string_agg(float8send(coalesce(zero_resistance_ohm_per_km, 'nan')), '') as zero_resistance_ohm_per_km,
    string_agg(float8send(coalesce(zero_reactance_ohm_per_km, 'nan')), '') as zero_reactance_ohm_per_km,
    string_agg(float8send(coalesce(zero_capacitance_nf_per_km, 'nan')), '') as zero_capacitance_nf_per_km,
    string_agg(float8send(coalesce(rated_current_a, 'nan')), '') as rated_current_a,
    string_agg(int4send(parallel_count), '') as parallel_count,
    string_agg(int4send(array_position(%(installations)s::text[], installation) - 1), '') as installation,
    string_agg(int4send(array_position(%(line_roles)s::text[], role) - 1), '') as role,
    string_agg(textsend(coalesce(conductor_type, '')), '\x00') as conductor_type,
    string_agg(int4send(array_position(%(protections)s::text[], coalesce(protection, 'unknown')) - 1), '') as protection,
    string_agg(float8send(coalesce(protection_current_a, 'nan')), '') as protection_current_a,
    string_agg(boolsend(in_service), '') as in_service,
    string_agg(int4send(st_npoints(geom)), '') as point_count,
    string_agg(substr(st_asbinary(geom, 'NDR'), 10), '') as points
from grid.line
where version_id = %(version_id)s and ctid >= %(first)s::tid and ctid < %(end)s::tid
