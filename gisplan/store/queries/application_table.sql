-- All applications in the order of their references, packed by the hundred thousand. Dates count
-- days as a proleptic Gregorian ordinal (1 is 0001-01-01); float8send gives big-endian doubles and
-- NaN stands for what is not known.
with numbered as (
    select
        *,
        (row_number() over (order by reference collate "C") - 1) / 100000 as chunk
    from planning.application)
select
    array_agg(reference order by reference collate "C") as reference,
    array_agg(kind order by reference collate "C") as kind,
    array_agg(customer_class order by reference collate "C") as customer_class,
    array_agg(status order by reference collate "C") as status,
    array_agg(coalesce(existing_bus_id, '') order by reference collate "C") as existing_bus_id,
    string_agg(float8send(lon), '' order by reference collate "C") as lon,
    string_agg(float8send(lat), '' order by reference collate "C") as lat,
    string_agg(float8send(demand_kva), '' order by reference collate "C") as demand_kva,
    string_agg(float8send(coalesce(expected_maximum_demand_kw, 'NaN')), '' order by reference collate "C")
        as maximum_kw,
    string_agg(float8send(power_factor), '' order by reference collate "C") as power_factor,
    string_agg(
        float8send(coalesce((applied_on - date '0001-01-01' + 1)::double precision, 'NaN')),
        '' order by reference collate "C") as applied_on
from numbered
group by chunk
order by chunk
