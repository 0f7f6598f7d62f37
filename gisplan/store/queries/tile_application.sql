-- Applications in one tile, from zoom 10; withdrawn ones are left out.
with tile as (
    select st_tileenvelope(%(zoom)s, %(column)s, %(row)s) as envelope),
features as (
    select
        application_id, reference, kind, customer_class, demand_kva, status, synthetic,
        st_asmvtgeom(application.geom_3857, tile.envelope, 4096, 64, true) as geom
    from tile
    join planning.application on application.geom_3857 && tile.envelope
    where %(zoom)s >= 10 and status <> 'withdrawn'
    order by application_id)
select coalesce(st_asmvt(features, 'application', 4096, 'geom'), '') from features
