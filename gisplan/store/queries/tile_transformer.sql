-- Transformers of the active version in one tile: those of substations always, others from zoom 11.
with tile as (
    select st_tileenvelope(%(zoom)s, %(column)s, %(row)s) as envelope),
features as (
    select
        transformer_id, name, rated_power_kva, hv_voltage_v, lv_voltage_v, in_service,
        st_asmvtgeom(transformer.geom_3857, tile.envelope, 4096, 64, true) as geom
    from tile
    join grid.version on version.state = 'active'
    join grid.transformer on
        transformer.version_id = version.version_id and transformer.geom_3857 && tile.envelope
    where %(zoom)s >= case when lv_voltage_v >= 1000 then 0 else 11 end
    order by transformer_id)
select coalesce(st_asmvt(features, 'transformer', 4096, 'geom'), '') from features
