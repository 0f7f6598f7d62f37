"""pandapower's three-phase power flow as the independent oracle of a four-wire network."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gisplan.model.grid import Grid, Loads, Phases
from tests.unit.electrical.oracle import Column, pandapower_from_grid

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pandapower

Powers = Mapping[tuple[int, int], complex]
"""Power in kVA of a bus and a phase 0..2."""


def phase_powers(grid: Grid) -> dict[tuple[int, int], complex]:
    """Loads of a grid whose phases are all recorded, by bus and phase."""
    powers: dict[tuple[int, int], complex] = {}
    loads = grid.loads
    for row, code in enumerate(loads.phases):
        assert code != Phases.UNKNOWN
        power = complex(loads.active_power_kw[row], loads.reactive_power_kvar[row])
        on = range(3) if code == Phases.THREE else (int(code) - int(Phases.L1),)
        for phase in on:
            place = int(loads.bus[row]), phase
            powers[place] = powers.get(place, 0j) + power / len(on)
    return powers


def solve_phases_by_pandapower(grid: Grid, powers: Powers) -> Any:
    """The solved net: Dyn transformers of equal sequences (their T model, the only one it has)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _solve(grid, powers)


def _solve(grid: Grid, powers: Powers) -> Any:
    net = pandapower_from_grid(replace(grid, loads=_without_rows(grid.loads)))
    net.trafo["vector_group"] = "Dyn"
    net.trafo["vk0_percent"] = net.trafo.vk_percent
    net.trafo["vkr0_percent"] = net.trafo.vkr_percent
    net.trafo["mag0_percent"] = 1e6
    net.trafo["mag0_rx"] = 0.0
    net.trafo["si0_hv_partial"] = 0.5
    net.ext_grid["r0x0_max"] = net.ext_grid["x0x_max"] = 1.0
    for bus in sorted({bus for bus, _ in powers}):
        p = {f"p_{name}_mw": powers.get((bus, n), 0j).real / 1e3 for n, name in enumerate("abc")}
        q = {f"q_{name}_mvar": powers.get((bus, n), 0j).imag / 1e3 for n, name in enumerate("abc")}
        pandapower.create_asymmetric_load(net, bus, **p, **q)
    pandapower.runpp_3ph(net, tolerance_mva=1e-10, numba=False)
    return net


def phase_voltages(net: Any) -> npt.NDArray[np.float64]:
    """Voltage of every bus and phase, shape (buses, 3)."""
    columns = ["vm_a_pu", "vm_b_pu", "vm_c_pu"]
    return np.asarray(net.res_bus_3ph[columns].to_numpy(float))


def _without_rows(loads: Loads) -> Loads:
    columns: dict[str, Column] = {name: getattr(loads, name)[:0] for name in Loads.__slots__}
    return Loads(**columns)
