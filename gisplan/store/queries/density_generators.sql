-- Place and weight of the generators of a grid version, packed by the hundred thousand in the order of
-- their numbers.
with chosen as (
    select
        generator_id, st_x(bus.geom) as x_m, st_y(bus.geom) as y_m,
        case %(weight)s::text
            when 'demand_kva' then sqrt(active_power_kw ^ 2 + reactive_power_kvar ^ 2)
            when 'power_kw' then active_power_kw
            when 'count' then 1
        end as weight,
        active_power_kw,
        (row_number() over (order by generator_id) - 1) / 100000 as chunk
    from grid.generator join grid.bus using (version_id, bus_id)
    where version_id = %(version_id)s)
select
    string_agg(float8send(x_m), '' order by generator_id) as x_m,
    string_agg(float8send(y_m), '' order by generator_id) as y_m,
    string_agg(float8send(weight), '' order by generator_id) as weight,
    string_agg(float8send(active_power_kw), '' order by generator_id) as power_kw
from chosen
group by chunk
order by chunk
