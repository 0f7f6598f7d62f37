-- Buses of the active version in one tile: substations always, stations from zoom 10, cabinets
-- from 14, poles and the customers' ends from 16; plain joints never.
with tile as (
    select st_tileenvelope(%(zoom)s, %(column)s, %(row)s) as envelope),
features as (
    select
        bus_id, name, bus_kind, nominal_voltage_v, bays_spare,
        st_asmvtgeom(bus.geom_3857, tile.envelope, 4096, 64, true) as geom
    from tile
    join grid.version on version.state = 'active'
    join grid.bus on bus.version_id = version.version_id and bus.geom_3857 && tile.envelope
    where bus_kind <> 'joint' and %(zoom)s >= case
        when bus_kind = 'substation_busbar' then 0
        when bus_kind in ('pole', 'customer') then 16
        when nominal_voltage_v >= 1000 then 10
        else 14 end
    order by bus_id)
select coalesce(st_asmvt(features, 'bus', 4096, 'geom'), '') from features
