-- Barriers of the version, neighbours side by side on disk.
insert into grid.barrier (
    version_id, barrier_id, barrier_kind, owner, permit_lead_time_days, geom, geom_3857)
select
    %(version_id)s, barrier_id, barrier_kind, owner, permit_lead_time_days, geom,
    st_transform(geom, 3857)
from staging.barrier
order by st_geohash(st_transform(st_startpoint(geom), 4326), 12), barrier_id
