-- Place and weight of the applications that a filter lets through, packed by their numbers; all
-- columns of a row stand in one order, which is not that of the numbers. float8send and int8send give
-- big-endian numbers. On demand also who they are: expected power in kW, class (the number of its
-- word) and whether it is generation.
with chosen as (
    select
        application_id, lon, lat, kind = 'generation' as is_generation,
        coalesce(expected_maximum_demand_kw, demand_kva * power_factor) as power_kw,
        case %(weight)s::text
            when 'demand_kva' then demand_kva
            when 'power_kw' then coalesce(expected_maximum_demand_kw, demand_kva * power_factor)
            when 'count' then 1
        end as weight,
        array_position(%(customer_classes)s::text[], customer_class) - 1 as customer_class
    from planning.application
    where (cardinality(%(kinds)s::text[]) = 0 or kind = any(%(kinds)s::text[]))
        and status = any(%(statuses)s::text[])
        and (%(applied_from)s::date is null or applied_on >= %(applied_from)s::date)
        and (%(applied_until)s::date is null or applied_on <= %(applied_until)s::date))
select
    string_agg(int8send(application_id), '') as application_id,
    string_agg(float8send(lon), '') as lon,
    string_agg(float8send(lat), '') as lat,
    string_agg(float8send(weight), '') as weight,
    string_agg(float8send(power_kw), '') filter (where %(with_customers)s) as power_kw,
    string_agg(int4send(customer_class), '') filter (where %(with_customers)s) as customer_class,
    string_agg(int4send(is_generation::int), '') filter (where %(with_customers)s) as is_generation
from chosen
group by application_id / 100000
order by application_id / 100000
