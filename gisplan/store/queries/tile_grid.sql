-- What the active version holds, and where it lies (lon/lat).
with active as (
    select version_id, fingerprint, source_name, profile, working_srid, warning_count, loaded_at,
        source_note, layers
    from grid.version where state = 'active'),
extent as (
    select st_transform(st_setsrid(st_extent(geom_3857)::geometry, 3857), 4326) as box
    from grid.bus where version_id = (select version_id from active))
select
    active.version_id, active.fingerprint, active.source_name, active.profile,
    active.working_srid, active.warning_count, active.loaded_at::text as loaded_at,
    st_xmin(box) as west, st_ymin(box) as south, st_xmax(box) as east, st_ymax(box) as north,
    (select count(*) from grid.bus where version_id = active.version_id) as bus_count,
    (select count(*) from grid.line where version_id = active.version_id) as line_count,
    (select count(*) from grid.transformer where version_id = active.version_id) as transformer_count,
    (select count(*) from grid.load where version_id = active.version_id) as load_count,
    (select count(*) from grid.corridor where version_id = active.version_id) as corridor_count,
    (select count(*) from grid.obstacle where version_id = active.version_id) as obstacle_count,
    (select count(*) from grid.barrier where version_id = active.version_id) as barrier_count,
    (select count(*) from planning.application) as application_count,
    active.source_note, active.layers
from active, extent
