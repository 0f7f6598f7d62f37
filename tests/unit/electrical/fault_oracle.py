"""pandapower's IEC 60909 currents of one of our grids, built in one go; loads are left out."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from gisplan.model.grid import Grid

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pandapower
    import pandapower.shortcircuit

Column = npt.NDArray[Any]
KIND_OF_SWITCH = np.array(["l", "t", "b"])


def fault_net(grid: Grid) -> Any:
    """A net whose indices are our rows; distribution transformers are Dyn with X0 = 0.95 X1."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = pandapower.create_empty_network()
        pandapower.create_buses(net, len(grid.buses.bus_id), grid.buses.nominal_voltage_v / 1e3)
        _add_sources(net, grid)
        _add_lines(net, grid)
        _add_transformers(net, grid)
        _add_switches(net, grid)
    return net


def _add_sources(net: Any, grid: Grid) -> None:
    table = grid.sources
    for row in range(len(table.bus)):
        pandapower.create_ext_grid(
            net,
            int(table.bus[row]),
            s_sc_max_mva=float(table.short_circuit_power_mva[row]),
            s_sc_min_mva=float(table.short_circuit_power_min_mva[row]),
            rx_max=float(table.rx_ratio[row]),
            rx_min=float(table.rx_ratio[row]),
            x0x_max=1.0,
            r0x0_max=0.1,
            x0x_min=1.0,
            r0x0_min=0.1,
        )


def _add_lines(net: Any, grid: Grid) -> None:
    lines = grid.lines
    if not len(lines.line_id):
        return
    pandapower.create_lines_from_parameters(
        net,
        lines.from_bus,
        lines.to_bus,
        lines.length_m / 1e3,
        lines.resistance_ohm_per_km,
        lines.reactance_ohm_per_km,
        np.nan_to_num(lines.capacitance_nf_per_km),
        np.full(len(lines.line_id), 1.0),
        parallel=lines.parallel_count,
        in_service=lines.in_service,
        r0_ohm_per_km=np.nan_to_num(lines.zero_resistance_ohm_per_km, nan=1.0),
        x0_ohm_per_km=np.nan_to_num(lines.zero_reactance_ohm_per_km, nan=1.0),
        c0_nf_per_km=np.zeros(len(lines.line_id)),
        endtemp_degree=np.full(len(lines.line_id), 80.0),
    )


def _add_transformers(net: Any, grid: Grid) -> None:
    table = grid.transformers
    if not len(table.transformer_id):
        return
    resistance = table.short_circuit_resistance_pct
    reactance = np.sqrt(table.short_circuit_voltage_pct**2 - resistance**2)
    pandapower.create_transformers_from_parameters(
        net,
        table.hv_bus,
        table.lv_bus,
        sn_mva=table.rated_power_kva / 1e3,
        vn_hv_kv=table.hv_voltage_v / 1e3,
        vn_lv_kv=table.lv_voltage_v / 1e3,
        vkr_percent=resistance,
        vk_percent=table.short_circuit_voltage_pct,
        pfe_kw=np.zeros(len(resistance)),
        i0_percent=np.zeros(len(resistance)),
        parallel=table.parallel_count,
        in_service=table.in_service,
        shift_degree=30.0 * table.clock_number,
        vk0_percent=np.hypot(resistance, 0.95 * reactance),
        vkr0_percent=resistance,
        mag0_percent=np.full(len(resistance), 100.0),
        mag0_rx=np.zeros(len(resistance)),
        si0_hv_partial=np.full(len(resistance), 0.9),
    )
    net.trafo["vector_group"] = "Dyn"


def _add_switches(net: Any, grid: Grid) -> None:
    table = grid.switches
    if len(table.switch_id):
        pandapower.create_switches(
            net,
            buses=table.bus,
            elements=table.element,
            et=KIND_OF_SWITCH[table.element_kind].tolist(),
            closed=table.closed,
        )


def fault_currents_ka(net: Any, case: str, fault: str = "3ph") -> Column:
    """Initial currents of all buses in their order, NaN where nothing supplies one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pandapower.shortcircuit.calc_sc(net, fault=fault, case=case, lv_tol_percent=10)
    currents: Column = net.res_bus_sc.ikss_ka.reindex(net.bus.index).to_numpy(float)
    return currents
