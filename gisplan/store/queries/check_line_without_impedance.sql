-- Lines of no impedance: two buses that are one. Compared without a product that could overflow.
select
    'line' as table_name,
    ctid::text as row_id,
    'line ' || coalesce(line_id, 'without id') as element,
    'resistance_ohm_per_km is ' || resistance_ohm_per_km || ' and reactance_ohm_per_km is '
        || reactance_ohm_per_km || ' over ' || length_m || ' m' as found,
    'an impedance of at least ' || %(impedance_min_ohm)s || ' ohm, or a bus-bus switch' as expected,
    st_x(st_lineinterpolatepoint(geom, 0.5)) as x_m,
    st_y(st_lineinterpolatepoint(geom, 0.5)) as y_m
from staging.line
where length_m > 0
    and greatest(resistance_ohm_per_km, reactance_ohm_per_km) < case
        when length_m > 1e-9 then %(impedance_min_ohm)s * 1000 * parallel_count / length_m
        else 'infinity' end
order by element
