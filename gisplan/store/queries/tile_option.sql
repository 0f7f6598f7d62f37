-- The route of the chosen option of every plan that holds capacity, from zoom 12.
with tile as (
    select st_tileenvelope(%(zoom)s, %(column)s, %(row)s) as envelope),
features as (
    select
        option.plan_id, option.rank, option.access_kind, option.element_id, option.route_length_m,
        st_asmvtgeom(option.geom_3857, tile.envelope, 4096, 64, true) as geom
    from tile
    join planning.option on option.geom_3857 && tile.envelope
    where %(zoom)s >= 12
        and option.rank = (
            select min(best.rank) from planning.option as best
            where best.plan_id = option.plan_id and best.feasible)
        and exists (
            select from planning.reservation
            where reservation.plan_id = option.plan_id and reservation.state <> 'released')
    order by option.plan_id, option.rank)
select coalesce(st_asmvt(features, 'option', 4096, 'geom'), '')
from features where geom is not null
