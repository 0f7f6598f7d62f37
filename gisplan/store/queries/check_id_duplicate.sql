-- Every row but the first of an id, table by table.
with staged (table_name, row_id, element_id, place) as (
    select 'substation', ctid, substation_id, geom from staging.substation
    union all select 'bus', ctid, bus_id, geom from staging.bus
    union all select 'line', ctid, line_id, st_lineinterpolatepoint(geom, 0.5) from staging.line
    union all select 'transformer', ctid, transformer_id, geom from staging.transformer
    union all select 'switch', ctid, switch_id, null from staging.switch
    union all select 'source', ctid, source_id, null from staging.source
    union all select 'load', ctid, load_id, null from staging.load
    union all select 'generator', ctid, generator_id, null from staging.generator
    union all select 'corridor', ctid, corridor_id, st_startpoint(geom) from staging.corridor
    union all select 'obstacle', ctid, obstacle_id, st_pointonsurface(geom) from staging.obstacle
    union all select 'barrier', ctid, barrier_id, st_startpoint(geom) from staging.barrier
), counted as (
    select
        *,
        row_number() over same_id as occurrence,
        count(*) over (partition by table_name, element_id) as occurrences
    from staged
    where element_id is not null
    window same_id as (partition by table_name, element_id order by row_id)
)
select
    table_name,
    row_id::text as row_id,
    table_name || ' ' || element_id as element,
    'the id occurs ' || occurrences || ' times; this is number ' || occurrence as found,
    'an id of its own' as expected,
    st_x(place) as x_m,
    st_y(place) as y_m
from counted
where occurrence > 1
order by element, occurrence
