-- The version that serves, what it was joined from, and the rectangle around its buses.
select
    version.version_id, version.fingerprint, version.source_name, version.working_srid,
    version.profile, version.layers,
    coalesce(version.base_fingerprint, version.fingerprint) as base_fingerprint,
    coalesce(base.warning_count, version.warning_count) as base_warning_count,
    st_xmin(extent) as west, st_ymin(extent) as south, st_xmax(extent) as east,
    st_ymax(extent) as north
from grid.version
left join grid.version as base on base.fingerprint = version.base_fingerprint
cross join lateral (
    select st_extent(geom) as extent from grid.bus where bus.version_id = version.version_id
) as around
where version.state = 'active'
