-- Place and weight of the applications that a filter lets through, packed by blocks of the table as it
-- lies on disk; all columns of a row stand in one order, which is not that of the numbers. float8send
-- and int8send give big-endian numbers. On demand also who they are: expected power in kW, class (the
-- number of its word) and whether it is generation. One aggregate a range of pages, which is read as
-- fast as the whole table, where a range of numbers would go through the index; and no order, since to
-- sort rows this wide spills to disk: the reader orders by number.
select packed.*
from
    generate_series(
        0,
        pg_relation_size('planning.application') / current_setting('block_size')::bigint,
        2000) as page
    cross join lateral (
        select
            string_agg(int8send(application_id), '') as application_id,
            string_agg(float8send(lon), '') as lon,
            string_agg(float8send(lat), '') as lat,
            string_agg(float8send(
                case %(weight)s::text
                    when 'demand_kva' then demand_kva
                    when 'power_kw'
                        then coalesce(expected_maximum_demand_kw, demand_kva * power_factor)
                    when 'count' then 1
                end), '') as weight,
            string_agg(
                float8send(coalesce(expected_maximum_demand_kw, demand_kva * power_factor)), '')
                filter (where %(with_customers)s) as power_kw,
            string_agg(
                int4send(array_position(%(customer_classes)s::text[], customer_class) - 1), '')
                filter (where %(with_customers)s) as customer_class,
            string_agg(int4send((kind = 'generation')::int), '')
                filter (where %(with_customers)s) as is_generation
        from planning.application
        where ctid >= format('(%%s,0)', page)::tid and ctid < format('(%%s,0)', page + 2000)::tid
            and (cardinality(%(kinds)s::text[]) = 0 or kind = any(%(kinds)s::text[]))
            and (cardinality(%(chosen_classes)s::text[]) = 0
                or customer_class = any(%(chosen_classes)s::text[]))
            and status = any(%(statuses)s::text[])
            and (%(applied_from)s::date is null or applied_on >= %(applied_from)s::date)
            and (%(applied_until)s::date is null or applied_on <= %(applied_until)s::date)
    ) as packed
