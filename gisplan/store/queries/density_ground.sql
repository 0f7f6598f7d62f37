-- Smallest convex area around all buses of a grid version, in its working CRS; null without buses.
select st_asbinary(st_convexhull(st_collect(geom))) from grid.bus where version_id = %(version_id)s
