-- Attributes of one bus of the active version.
select
    bus.name, bus_kind, nominal_voltage_v, substation_id, bays_total, bays_spare,
    rated_short_circuit_current_ka,
    (select count(*) from grid.line
     where line.version_id = bus.version_id and bus.bus_id in (from_bus_id, to_bus_id)) as line_count,
    (select sum(active_power_kw) from grid.load
     where load.version_id = bus.version_id and load.bus_id = bus.bus_id) as load_kw
from grid.bus
join grid.version using (version_id)
where version.state = 'active' and bus_id = %(element_id)s
