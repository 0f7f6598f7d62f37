-- One option of a plan; its route comes as two arrays of lon and lat (null: no route to draw).
insert into planning.option (
    plan_id, rank, feasible, access_kind, element_id, total_cost, currency, route_length_m,
    geom_3857)
values (
    %(plan_id)s, %(rank)s, %(feasible)s, %(access_kind)s, %(element_id)s, %(total_cost)s,
    %(currency)s, %(route_length_m)s,
    (select st_transform(st_setsrid(st_makeline(st_makepoint(lon, lat) order by vertex), 4326), 3857)
     from unnest(%(lons)s::float8[], %(lats)s::float8[]) with ordinality as t (lon, lat, vertex)))
