-- Lines of the active version in one tile: above 60 kV always, medium voltage from zoom 9,
-- low-voltage mains from 13, services from 15. The voltage is that of the first bus.
with tile as (
    select st_tileenvelope(%(zoom)s, %(column)s, %(row)s) as envelope),
features as (
    select
        line_id, line.name, bus.nominal_voltage_v, installation, role, in_service,
        st_asmvtgeom(line.geom_3857, tile.envelope, 4096, 64, true) as geom
    from tile
    join grid.version on version.state = 'active'
    join grid.line on line.version_id = version.version_id and line.geom_3857 && tile.envelope
    join grid.bus on bus.version_id = version.version_id and bus.bus_id = line.from_bus_id
    where %(zoom)s >= case
        when bus.nominal_voltage_v >= 60000 then 0
        when bus.nominal_voltage_v >= 1000 then 9
        when role = 'main' then 13
        else 15 end
    order by line_id)
select coalesce(st_asmvt(features, 'line', 4096, 'geom'), '') from features where geom is not null
