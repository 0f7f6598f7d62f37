"""Our grid in one load case as a pandapower net, whose indices are our rows."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from gisplan.electrical.base.base_state import BaseState
from gisplan.model.grid import Floats, Grid, SwitchedKind

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pandapower
    import pandapower.shortcircuit

UNRATED_KA = 1e6
SWITCHED = {SwitchedKind.LINE: "l", SwitchedKind.TRANSFORMER: "t", SwitchedKind.BUS: "b"}


def build_net(grid: Grid, base: BaseState) -> Any:
    """Build the net with the net demand of every bus; what is unknown and small is zero."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = pandapower.create_empty_network()
        _add_buses(net, grid)
        _add_sources(net, grid, base.source_shift_pu)
        _add_lines(net, grid)
        _add_transformers(net, grid)
        _add_switches(net, grid)
        bus = np.flatnonzero((base.bus_p_kw != 0) | (base.bus_q_kvar != 0))
        pandapower.create_loads(
            net, bus, p_mw=base.bus_p_kw[bus] / 1e3, q_mvar=base.bus_q_kvar[bus] / 1e3
        )
    return net


def _add_buses(net: Any, grid: Grid) -> None:
    count = len(grid.buses.bus_id)
    pandapower.create_buses(
        net, count, vn_kv=grid.buses.nominal_voltage_v / 1e3, index=np.arange(count)
    )


def _add_sources(net: Any, grid: Grid, shift_pu: float) -> None:
    sources = grid.sources
    for row, bus in enumerate(sources.bus):
        largest = float(sources.short_circuit_power_mva[row])
        smallest = float(sources.short_circuit_power_min_mva[row])
        ratio = float(sources.rx_ratio[row])
        pandapower.create_ext_grid(
            net,
            int(bus),
            vm_pu=float(sources.voltage_pu[row]) + shift_pu,
            s_sc_max_mva=largest,
            s_sc_min_mva=smallest,
            rx_max=ratio,
            rx_min=ratio,
        )


def _add_lines(net: Any, grid: Grid) -> None:
    lines = grid.lines
    pandapower.create_lines_from_parameters(
        net,
        lines.from_bus,
        lines.to_bus,
        length_km=lines.length_m / 1e3,
        r_ohm_per_km=lines.resistance_ohm_per_km,
        x_ohm_per_km=lines.reactance_ohm_per_km,
        c_nf_per_km=np.nan_to_num(lines.capacitance_nf_per_km),
        max_i_ka=np.nan_to_num(lines.rated_current_a / 1e3, nan=UNRATED_KA),
        parallel=lines.parallel_count,
        in_service=lines.in_service,
        index=np.arange(len(lines.line_id)),
    )


def _add_transformers(net: Any, grid: Grid) -> None:
    table = grid.transformers
    rated_kva = table.rated_power_kva
    no_load_kw = np.nan_to_num(table.no_load_loss_w) / 1e3
    no_load_pct = np.nan_to_num(table.no_load_current_pct)
    # pandapower takes pi models with a magnetising current of at least the iron losses
    magnetising_pct = np.maximum(no_load_pct, no_load_kw / rated_kva * 100)
    pandapower.create_transformers_from_parameters(
        net,
        table.hv_bus,
        table.lv_bus,
        sn_mva=rated_kva / 1e3,
        vn_hv_kv=table.hv_voltage_v / 1e3,
        vn_lv_kv=table.lv_voltage_v / 1e3,
        vk_percent=table.short_circuit_voltage_pct,
        vkr_percent=table.short_circuit_resistance_pct,
        pfe_kw=no_load_kw,
        i0_percent=magnetising_pct,
        shift_degree=30.0 * np.maximum(table.clock_number, 0),
        tap_side=np.where(table.tap_side == 1, "lv", "hv"),
        tap_pos=table.tap_position,
        tap_neutral=table.tap_neutral,
        tap_min=table.tap_min,
        tap_max=table.tap_max,
        tap_step_percent=np.nan_to_num(table.tap_step_pct),
        tap_changer_type="Ratio",
        parallel=table.parallel_count,
        in_service=table.in_service,
        index=np.arange(len(rated_kva)),
    )


def _add_switches(net: Any, grid: Grid) -> None:
    switches = grid.switches
    for kind, letter in SWITCHED.items():
        row = np.flatnonzero(switches.element_kind == kind)
        if len(row):
            pandapower.create_switches(
                net,
                switches.bus[row],
                switches.element[row],
                et=letter,
                closed=switches.closed[row],
            )


def add_demand(net: Any) -> int:
    """Add a load that `place_demand` moves about; return its index."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return int(pandapower.create_load(net, 0, p_mw=0.0, q_mvar=0.0))


def place_demand(net: Any, load: int, bus: int, p_kw: float, q_kvar: float) -> None:
    """Move the load to a bus and give it its power."""
    net.load.at[load, "bus"] = bus
    net.load.at[load, "p_mw"] = p_kw / 1e3
    net.load.at[load, "q_mvar"] = q_kvar / 1e3


def solve(net: Any) -> bool:
    """Solve the net as we do: pi model, current loading; tell whether there is a solution."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pandapower.runpp(net, trafo_model="pi", tolerance_mva=1e-8, numba=True)
    except pandapower.LoadflowNotConverged:
        return False
    return True


def short_circuit_ka(net: Any, case: str, *, end_temperature_c: float = 80.0) -> Floats:
    """Initial symmetrical three-phase current of every bus by pandapower, "max" or "min"."""
    net.line["endtemp_degree"] = end_temperature_c
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # factors instead of the inverse: three times as fast where nothing else is asked
        pandapower.shortcircuit.calc_sc(net, case=case, lv_tol_percent=10, inverse_y=False)
    currents: Floats = net.res_bus_sc.ikss_ka.to_numpy(float)
    return currents
