"""pandapower as the independent oracle: our grid from its net, and its net from our grid."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from gisplan.model.grid import (
    Barriers,
    Buses,
    CorridorSources,
    Generators,
    Grid,
    Lines,
    Loads,
    Obstacles,
    Polylines,
    Sources,
    Switches,
    Transformers,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pandapower

Column = npt.NDArray[Any]


def _ids(prefix: str, index: Any) -> Column:
    return np.array([f"{prefix}/{i:06d}" for i in index], dtype=np.str_)


def _straight(count: int) -> Polylines:
    return Polylines(offset=2 * np.arange(count + 1, dtype=np.int64), xy_m=np.zeros((2 * count, 2)))


def _integers(column: Any, missing: int = 0) -> Column:
    whole: Column = np.nan_to_num(np.asarray(column, float), nan=missing).astype(np.int64)
    return whole


def _where_known(table: Any, column: str) -> Column:
    """A column of numbers that a net may not have, NaN where it does not."""
    known: Column = np.full(len(table), np.nan)
    if column in table:
        known[:] = table[column].to_numpy(float)
    return known


def grid_from_pandapower(net: Any) -> Grid:
    """Our tables from a pandapower net; its loads become 'aggregate', its places are dropped."""
    for table in ("bus", "line", "trafo", "load", "sgen", "switch", "ext_grid"):
        net[table] = net[table].sort_index()
    rows = {
        table: {i: n for n, i in enumerate(net[table].index)}
        for table in net
        if table in {"bus", "line", "trafo"}
    }

    def bus(column: Any) -> Column:
        return np.array([rows["bus"][b] for b in column], dtype=np.int64)

    line, trafo, switch = net.line, net.trafo, net.switch
    kind_of = {"l": ("line", 0), "t": ("trafo", 1), "b": ("bus", 2)}
    count = len(net.bus)
    return Grid(
        version_id=1,
        working_srid=25832,
        profile="eu",
        fingerprint="oracle",
        buses=Buses(
            bus_id=_ids("bus", net.bus.index),
            name=net.bus.name.fillna("").to_numpy(np.str_),
            kind=np.zeros(count, np.uint8),
            nominal_voltage_v=net.bus.vn_kv.to_numpy(float) * 1e3,
            substation_id=np.full(count, "", np.str_),
            bays_total=np.full(count, -1, np.int64),
            bays_spare=np.full(count, -1, np.int64),
            rated_short_circuit_current_ka=np.full(count, np.nan),
            x_m=np.zeros(count),
            y_m=np.zeros(count),
        ),
        lines=Lines(
            line_id=_ids("line", line.index),
            name=line.name.fillna("").astype(str).to_numpy(np.str_),
            from_bus=bus(line.from_bus),
            to_bus=bus(line.to_bus),
            length_m=line.length_km.to_numpy(float) * 1e3,
            resistance_ohm_per_km=line.r_ohm_per_km.to_numpy(float),
            reactance_ohm_per_km=line.x_ohm_per_km.to_numpy(float),
            capacitance_nf_per_km=line.c_nf_per_km.to_numpy(float),
            zero_resistance_ohm_per_km=_where_known(line, "r0_ohm_per_km"),
            zero_reactance_ohm_per_km=_where_known(line, "x0_ohm_per_km"),
            zero_capacitance_nf_per_km=_where_known(line, "c0_nf_per_km"),
            rated_current_a=line.max_i_ka.to_numpy(float) * 1e3,
            parallel_count=line.parallel.to_numpy(np.int64),
            installation=np.zeros(len(line), np.uint8),
            role=np.zeros(len(line), np.uint8),
            conductor_type=line.std_type.fillna("").astype(str).to_numpy(np.str_),
            protection=np.zeros(len(line), np.uint8),
            protection_current_a=np.full(len(line), np.nan),
            in_service=line.in_service.to_numpy(bool),
            shape=_straight(len(line)),
        ),
        transformers=Transformers(
            transformer_id=_ids("transformer", trafo.index),
            name=trafo.name.fillna("").astype(str).to_numpy(np.str_),
            hv_bus=bus(trafo.hv_bus),
            lv_bus=bus(trafo.lv_bus),
            rated_power_kva=trafo.sn_mva.to_numpy(float) * 1e3,
            hv_voltage_v=trafo.vn_hv_kv.to_numpy(float) * 1e3,
            lv_voltage_v=trafo.vn_lv_kv.to_numpy(float) * 1e3,
            short_circuit_voltage_pct=trafo.vk_percent.to_numpy(float),
            short_circuit_resistance_pct=trafo.vkr_percent.to_numpy(float),
            no_load_loss_w=trafo.pfe_kw.to_numpy(float) * 1e3,
            no_load_current_pct=trafo.i0_percent.to_numpy(float),
            clock_number=(trafo.shift_degree.to_numpy(float) / 30).astype(np.int64) % 12,
            tap_side=(trafo.tap_side == "lv").to_numpy(np.uint8),
            tap_position=_integers(trafo.tap_pos),
            tap_neutral=_integers(trafo.tap_neutral),
            tap_min=_integers(trafo.tap_min),
            tap_max=_integers(trafo.tap_max),
            tap_step_pct=trafo.tap_step_percent.to_numpy(float),
            parallel_count=trafo.parallel.to_numpy(np.int64),
            in_service=trafo.in_service.to_numpy(bool),
        ),
        switches=Switches(
            switch_id=_ids("switch", switch.index),
            bus=bus(switch.bus),
            element_kind=np.array([kind_of[e][1] for e in switch.et], dtype=np.uint8),
            element=np.array(
                [rows[kind_of[k][0]][e] for k, e in zip(switch.et, switch.element, strict=True)],
                dtype=np.int64,
            ),
            closed=switch.closed.to_numpy(bool),
            remote=np.zeros(len(switch), np.bool_),
        ),
        sources=Sources(
            source_id=_ids("source", net.ext_grid.index),
            bus=bus(net.ext_grid.bus),
            voltage_pu=net.ext_grid.vm_pu.to_numpy(float),
            short_circuit_power_mva=_where_known(net.ext_grid, "s_sc_max_mva"),
            short_circuit_power_min_mva=_where_known(net.ext_grid, "s_sc_min_mva"),
            rx_ratio=_where_known(net.ext_grid, "rx_max"),
        ),
        loads=Loads(
            load_id=_ids("load", net.load.index),
            bus=bus(net.load.bus),
            active_power_kw=(net.load.p_mw * net.load.scaling).to_numpy(float) * 1e3,
            reactive_power_kvar=(net.load.q_mvar * net.load.scaling).to_numpy(float) * 1e3,
            customer_class=np.full(len(net.load), 5, np.uint8),
            customer_count=np.ones(len(net.load), np.int64),
            phases=np.zeros(len(net.load), np.uint8),
            annual_energy_kwh=np.full(len(net.load), np.nan),
            contract_capacity_kva=np.full(len(net.load), np.nan),
        ),
        generators=Generators(
            generator_id=_ids("generator", net.sgen.index),
            bus=bus(net.sgen.bus),
            active_power_kw=(net.sgen.p_mw * net.sgen.scaling).to_numpy(float) * 1e3,
            reactive_power_kvar=(net.sgen.q_mvar * net.sgen.scaling).to_numpy(float) * 1e3,
        ),
        corridors=CorridorSources(
            corridor_id=np.empty(0, "U1"),
            kind=np.empty(0, np.uint8),
            surface=np.empty(0, np.uint8),
            evidence=np.empty(0, "U1"),
            free_ducts=np.empty(0, np.int64),
            laying=np.empty(0, np.uint8),
            owner=np.empty(0, "U1"),
            permit_lead_time_days=np.empty(0),
            excavation_ban_until=np.empty(0),
            shape=_straight(0),
        ),
        obstacles=Obstacles(
            obstacle_id=np.empty(0, "U1"),
            kind=np.empty(0, "U1"),
            cost_factor=np.empty(0),
            wayleave=np.empty(0, np.bool_),
            shape=_straight(0),
        ),
        barriers=Barriers(
            barrier_id=np.empty(0, "U1"),
            kind=np.empty(0, np.uint8),
            owner=np.empty(0, "U1"),
            permit_lead_time_days=np.empty(0),
            shape=_straight(0),
        ),
    )


def pandapower_from_grid(grid: Grid) -> Any:
    """A pandapower net whose indices are our rows; unknown capacitance is zero."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _pandapower_from_grid(grid)


def _pandapower_from_grid(grid: Grid) -> Any:
    net = pandapower.create_empty_network()
    for i, v in enumerate(grid.buses.nominal_voltage_v):
        pandapower.create_bus(net, vn_kv=v / 1e3, index=i)
    s = grid.sources
    for i in range(len(s.bus)):
        pandapower.create_ext_grid(
            net,
            int(s.bus[i]),
            vm_pu=float(s.voltage_pu[i]),
            s_sc_max_mva=float(s.short_circuit_power_mva[i]),
            s_sc_min_mva=float(s.short_circuit_power_min_mva[i]),
            rx_max=float(s.rx_ratio[i]),
            rx_min=float(s.rx_ratio[i]),
        )
    lines = grid.lines
    for i in range(len(lines.line_id)):
        pandapower.create_line_from_parameters(
            net,
            int(lines.from_bus[i]),
            int(lines.to_bus[i]),
            float(lines.length_m[i]) / 1e3,
            float(lines.resistance_ohm_per_km[i]),
            float(lines.reactance_ohm_per_km[i]),
            float(np.nan_to_num(lines.capacitance_nf_per_km[i])),
            float(np.nan_to_num(lines.rated_current_a[i], nan=1e9)) / 1e3,
            parallel=int(lines.parallel_count[i]),
            in_service=bool(lines.in_service[i]),
            r0_ohm_per_km=float(lines.zero_resistance_ohm_per_km[i]),
            x0_ohm_per_km=float(lines.zero_reactance_ohm_per_km[i]),
            c0_nf_per_km=float(lines.zero_capacitance_nf_per_km[i]),
            endtemp_degree=80.0,
            index=i,
        )
    t = grid.transformers
    for i in range(len(t.transformer_id)):
        tapped = bool(np.isfinite(t.tap_step_pct[i]))
        pandapower.create_transformer_from_parameters(
            net,
            int(t.hv_bus[i]),
            int(t.lv_bus[i]),
            sn_mva=float(t.rated_power_kva[i]) / 1e3,
            vn_hv_kv=float(t.hv_voltage_v[i]) / 1e3,
            vn_lv_kv=float(t.lv_voltage_v[i]) / 1e3,
            vk_percent=float(t.short_circuit_voltage_pct[i]),
            vkr_percent=float(t.short_circuit_resistance_pct[i]),
            pfe_kw=float(np.nan_to_num(t.no_load_loss_w[i])) / 1e3,
            i0_percent=float(np.nan_to_num(t.no_load_current_pct[i])),
            shift_degree=30.0 * int(t.clock_number[i]),
            tap_side="lv" if t.tap_side[i] else "hv",
            tap_pos=int(t.tap_position[i]),
            tap_neutral=int(t.tap_neutral[i]),
            tap_min=int(t.tap_min[i]),
            tap_max=int(t.tap_max[i]),
            tap_step_percent=float(t.tap_step_pct[i]) if tapped else 0.0,
            tap_changer_type="Ratio",
            parallel=int(t.parallel_count[i]),
            in_service=bool(t.in_service[i]),
            index=i,
        )
    w = grid.switches
    for i in range(len(w.switch_id)):
        pandapower.create_switch(
            net, int(w.bus[i]), int(w.element[i]), "ltb"[w.element_kind[i]], bool(w.closed[i])
        )
    for i in range(len(grid.loads.load_id)):
        add_load(
            net,
            int(grid.loads.bus[i]),
            float(grid.loads.active_power_kw[i]),
            float(grid.loads.reactive_power_kvar[i]),
        )
    for i in range(len(grid.generators.generator_id)):
        add_load(
            net,
            int(grid.generators.bus[i]),
            -float(grid.generators.active_power_kw[i]),
            -float(grid.generators.reactive_power_kvar[i]),
        )
    return net


def add_load(net: Any, bus: int, p_kw: float, q_kvar: float) -> None:
    pandapower.create_load(net, bus, p_mw=p_kw / 1e3, q_mvar=q_kvar / 1e3)


def split_line(net: Any, line: int, position: float) -> int:
    """Cut a line in two at 0..1 of its length; returns the bus in between.

    The first part keeps the row of the line, the second one is the last row.
    """
    joint = int(pandapower.create_bus(net, vn_kv=net.bus.vn_kv[net.line.from_bus[line]]))
    row = net.line.loc[line]
    end = int(row.to_bus)
    rest = add_cable(
        net,
        joint,
        end,
        row.length_km * (1 - position) * 1e3,
        (row.r_ohm_per_km, row.x_ohm_per_km, row.c_nf_per_km, row.max_i_ka * 1e3),
    )
    net.line.loc[rest, "parallel"] = row.parallel
    net.line.loc[line, "to_bus"] = joint
    net.line.loc[line, "length_km"] = row.length_km * position
    at_end = (net.switch.et == "l") & (net.switch.element == line) & (net.switch.bus == end)
    net.switch.loc[at_end, "element"] = rest
    return joint


def add_bus(net: Any, like: int) -> int:
    return int(pandapower.create_bus(net, vn_kv=net.bus.vn_kv[like]))


def add_cable(
    net: Any, from_bus: int, to_bus: int, length_m: float, data: tuple[float, float, float, float]
) -> int:
    """A line from r and x in ohm/km, c in nF/km and the rated current in A."""
    r, x, c, i = data
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return int(
            pandapower.create_line_from_parameters(
                net, from_bus, to_bus, length_m / 1e3, r, x, c, i / 1e3
            )
        )


def solve(net: Any) -> Column:
    """Voltages of pandapower's alternating-current solution, per unit, in the order of buses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pandapower.runpp(net, trafo_model="pi", tolerance_mva=1e-10, numba=False)
    voltage_pu: Column = net.res_bus.vm_pu.to_numpy(float)
    return voltage_pu
