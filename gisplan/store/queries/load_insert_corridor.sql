-- Corridors of the version, neighbours side by side on disk.
insert into grid.corridor (
    version_id, corridor_id, corridor_kind, surface, evidence, free_ducts, laying, owner,
    permit_lead_time_days, excavation_ban_until, geom, geom_3857)
select
    %(version_id)s, corridor_id, corridor_kind, surface, evidence, free_ducts, laying, owner,
    permit_lead_time_days, excavation_ban_until, geom,
    st_transform(geom, 3857)
from staging.corridor
order by st_geohash(st_transform(st_startpoint(geom), 4326), 12), corridor_id
