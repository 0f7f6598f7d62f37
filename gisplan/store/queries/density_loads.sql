-- Place and weight of the loads of a grid version, packed by the hundred thousand in the order of their
-- numbers; NaN is unknown. Power is what a load adds to the peak of its transformer.
with chosen as (
    select
        load_id, st_x(bus.geom) as x_m, st_y(bus.geom) as y_m,
        case %(weight)s::text
            when 'demand_kva' then contract_capacity_kva
            when 'power_kw' then active_power_kw
            when 'energy_mwh' then annual_energy_kwh / 1000
            when 'count' then 1
        end as weight,
        active_power_kw, customer_count,
        array_position(%(customer_classes)s::text[], customer_class) - 1 as customer_class,
        (row_number() over (order by load_id) - 1) / 100000 as chunk
    from grid.load join grid.bus using (version_id, bus_id)
    where version_id = %(version_id)s)
select
    string_agg(float8send(x_m), '' order by load_id) as x_m,
    string_agg(float8send(y_m), '' order by load_id) as y_m,
    string_agg(float8send(coalesce(weight, 'nan')), '' order by load_id) as weight,
    string_agg(float8send(active_power_kw), '' order by load_id) as power_kw,
    string_agg(int4send(customer_class), '' order by load_id) as customer_class,
    string_agg(int4send(customer_count), '' order by load_id) as customer_count
from chosen
group by chunk
order by chunk
