-- Barriers on the map: their axes in Web Mercator, as every other element of the ground has them.

alter table grid.barrier add column geom_3857 geometry(LineString, 3857);
update grid.barrier set geom_3857 = st_transform(geom, 3857);
create index barrier_geom_3857 on grid.barrier using gist (geom_3857);
alter table staging.barrier add column geom_3857 geometry(LineString, 3857);
