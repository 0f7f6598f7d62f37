-- Place and weight of the applications that a filter lets through, packed by the hundred thousand
-- in the order of their numbers; float8send gives big-endian doubles.
with chosen as (
    select
        application_id, lon, lat,
        case %(weight)s::text when 'demand_kva' then demand_kva when 'count' then 1 end as weight,
        (row_number() over (order by application_id) - 1) / 100000 as chunk
    from planning.application
    where (cardinality(%(kinds)s::text[]) = 0 or kind = any(%(kinds)s::text[]))
        and status = any(%(statuses)s::text[])
        and (%(applied_from)s::date is null or applied_on >= %(applied_from)s::date)
        and (%(applied_until)s::date is null or applied_on <= %(applied_until)s::date))
select
    string_agg(float8send(lon), '' order by application_id) as lon,
    string_agg(float8send(lat), '' order by application_id) as lat,
    string_agg(float8send(weight), '' order by application_id) as weight
from chosen
group by chunk
order by chunk
