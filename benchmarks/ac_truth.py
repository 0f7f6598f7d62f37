"""The whole network by AC power flow (power-grid-model) with one more demand at a time.

It judges by the rule of the product, written anew: a limit counts where the demand makes a voltage
or loading worse; near it strictly, far away with a tolerance beyond the limit, or beyond where the
element stood before if that was worse.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from power_grid_model import ComponentType
from power_grid_model import initialize_array as new_array

from gisplan.electrical.base.base_state import BaseState
from gisplan.electrical.demand import MEDIUM_VOLTAGE_V
from gisplan.electrical.flow.network_input import build_network
from gisplan.electrical.flow.power_flow import COLLAPSE_PU, PowerFlowModel
from gisplan.model.grid import Flags, Floats, Integers, SwitchedKind
from gisplan.network.snapshot import Snapshot

NEAR = 1e-6
FAR_PU, FAR_RATIO = 1e-4, 1e-2
BATCH = 100
TOLERANCE_PU = 1e-8
OUTPUT: dict[Any, Any] = {
    ComponentType.node: ["u_pu"],
    ComponentType.line: ["i_from", "i_to"],
    ComponentType.transformer: ["i_from", "i_to"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """Voltages and loadings, one row a demand; NaN without a solution or a rating."""

    voltage_pu: Floats
    line_ratio: Floats
    transformer_ratio: Floats

    @property
    def has_solution(self) -> Flags:
        """Whether there is an operating point."""
        flags: Flags = np.logical_or.reduce(np.isfinite(self.voltage_pu), axis=1)
        return flags


@dataclass(frozen=True, slots=True, kw_only=True)
class AcTruth:
    """A network held by the solver, with a place for a demand at each of some buses."""

    snapshot: Snapshot
    bus: Integers
    solver: Any
    first_id: int
    row_of_line: Integers
    row_of_unit: Integers
    base: Solved
    limits: Floats

    @classmethod
    def build(cls, snapshot: Snapshot, state: BaseState, bus: Integers, limits: Floats) -> AcTruth:
        """Hand over the base state; ``limits`` as in ``ScreeningLimits.values``."""
        sources = snapshot.grid.sources
        shifted = replace(sources, voltage_pu=sources.voltage_pu + state.source_shift_pu)
        network = build_network(replace(snapshot.grid, sources=shifted), snapshot.topology)
        drawn = np.flatnonzero((state.bus_p_kw != 0) | (state.bus_q_kvar != 0))
        model = PowerFlowModel.build(network, np.concatenate([drawn, bus]))
        existing = new_array("update", ComponentType.sym_load, len(drawn))
        existing["id"] = model.first_load_id + np.arange(len(drawn))
        existing["p_specified"] = state.bus_p_kw[drawn] * 1e3
        existing["q_specified"] = state.bus_q_kvar[drawn] * 1e3
        model.solver.update(update_data={ComponentType.sym_load: existing})
        empty = Solved(voltage_pu=_none(), line_ratio=_none(), transformer_ratio=_none())
        truth = cls(
            snapshot=snapshot,
            bus=bus,
            solver=model.solver,
            first_id=model.first_load_id + len(drawn),
            row_of_line=network.line,
            row_of_unit=network.transformer,
            base=empty,
            limits=limits,
        )
        first, nothing = np.zeros(1, np.int64), np.zeros(1)
        base = truth.solve(first, nothing, nothing)
        return replace(truth, base=base)

    def solve(self, row: Integers, p_kw: Floats, q_kvar: Floats) -> Solved:
        """Solve one demand at a time at some of the buses, named by their row in ``bus``."""
        output = self._output(row, p_kw, q_kvar)
        grid, topology = self.snapshot.grid, self.snapshot.topology
        voltage = output[ComponentType.node]["u_pu"][:, : len(grid.buses.bus_id)]
        voltage[:, topology.source < 0] = np.nan
        failed = ~(np.nan_to_num(voltage, nan=1.0) > COLLAPSE_PU).all(axis=1)
        failed |= ~np.isfinite(voltage[:, topology.source >= 0]).all(axis=1)
        lines, units = output[ComponentType.line], output[ComponentType.transformer]
        table, unit = grid.transformers, self.row_of_unit
        line_ratio = np.full((len(row), len(grid.lines.line_id)), np.nan)
        rated_a = grid.lines.rated_current_a * grid.lines.parallel_count
        line_ratio[:, self.row_of_line] = (
            np.maximum(lines["i_from"], lines["i_to"]) / rated_a[self.row_of_line]
        )
        unit_ratio = np.full((len(row), len(table.transformer_id)), np.nan)
        rated_va = table.rated_power_kva[unit] * table.parallel_count[unit] * 1e3
        hv_va = np.sqrt(3) * units["i_from"] * table.hv_voltage_v[unit]
        lv_va = np.sqrt(3) * units["i_to"] * table.lv_voltage_v[unit]
        unit_ratio[:, unit] = np.maximum(hv_va, lv_va) / rated_va
        for values in (voltage, line_ratio, unit_ratio):
            values[failed] = np.nan
        return Solved(voltage_pu=voltage, line_ratio=line_ratio, transformer_ratio=unit_ratio)

    def _output(self, row: Integers, p_kw: Floats, q_kvar: Floats) -> Any:
        update = new_array("update", ComponentType.sym_load, (len(row), 1))
        update["id"][:, 0] = self.first_id + row
        update["p_specified"][:, 0] = p_kw * 1e3
        update["q_specified"][:, 0] = q_kvar * 1e3
        return self.solver.calculate_power_flow(
            error_tolerance=TOLERANCE_PU,
            max_iterations=30,
            update_data={ComponentType.sym_load: update},
            output_component_types=OUTPUT,
            continue_on_batch_error=True,
            decode_error=True,
        )

    def feasible(self, row: Integers, p_kw: Floats, q_kvar: Floats) -> Flags:
        """Judge one demand at a time, in batches."""
        verdicts = np.zeros(len(row), np.bool_)
        for first in range(0, len(row), BATCH):
            some = slice(first, first + BATCH)
            solved = self.solve(row[some], p_kw[some], q_kvar[some])
            verdicts[some] = self.judge(row[some], solved)
        return verdicts

    def judge(self, row: Integers, solved: Solved) -> Flags:
        """Whether each demand keeps every limit that it bears on."""
        verdicts = [
            self._keeps(int(self.bus[one]), solved, n) if has_solution else False
            for n, (one, has_solution) in enumerate(zip(row, solved.has_solution, strict=True))
        ]
        return np.array(verdicts, np.bool_)

    def _keeps(self, bus: int, solved: Solved, n: int) -> bool:
        grid = self.snapshot.grid
        own_bus, own_line, own_unit = self.own_part(bus)
        low = grid.buses.nominal_voltage_v < MEDIUM_VOLTAGE_V
        to_low = low[grid.transformers.lv_bus]
        least = np.where(low, self.limits[0], self.limits[2])
        most = np.where(low, self.limits[1], self.limits[3])
        unit_most = np.where(to_low, self.limits[5], self.limits[6])
        voltage, before = solved.voltage_pu[n], self.base.voltage_pu[0]
        return not any(
            is_broken(after, earlier, own, limit, tolerance).any()
            for after, earlier, own, limit, tolerance in (
                (voltage, before, own_bus, most, FAR_PU),
                (-voltage, -before, own_bus, -least, FAR_PU),
                (
                    solved.line_ratio[n],
                    self.base.line_ratio[0],
                    own_line,
                    self.limits[4],
                    FAR_RATIO,
                ),
                (
                    solved.transformer_ratio[n],
                    self.base.transformer_ratio[0],
                    own_unit,
                    unit_most,
                    FAR_RATIO,
                ),
            )
        )

    def own_part(self, bus: int) -> tuple[Flags, Flags, Flags]:
        """Buses, lines and transformers near a bus: its network, and the path to its source."""
        topology = self.snapshot.topology
        buses, lines, units = self.path(bus)
        if topology.transformer[bus] >= 0:
            buses = buses | (topology.transformer == topology.transformer[bus])
        elif topology.feeder[bus] >= 0:
            buses = buses | (topology.feeder == topology.feeder[bus])
        return buses, lines, units

    def path(self, bus: int) -> tuple[Flags, Flags, Flags]:
        """Buses, lines and transformers from a bus to its source."""
        grid, topology = self.snapshot.grid, self.snapshot.topology
        buses = np.zeros(len(grid.buses.bus_id), np.bool_)
        lines = np.zeros(len(grid.lines.line_id), np.bool_)
        units = np.zeros(len(grid.transformers.transformer_id), np.bool_)
        while bus >= 0:
            buses[bus] = True
            parent, kind = int(topology.parent_bus[bus]), int(topology.parent_kind[bus])
            if parent >= 0 and kind == SwitchedKind.LINE:
                lines[topology.parent_branch[bus]] = True
            elif parent >= 0 and kind == SwitchedKind.TRANSFORMER:
                units[topology.parent_branch[bus]] = True
            bus = parent
        return buses, lines, units


def is_broken(
    after: Floats, before: Floats, own: Flags, limit: float | Floats, tolerance: float
) -> Flags:
    """Which upper limits a change breaks; ``own`` are those near it."""
    far_limit = np.fmax(limit, before) + tolerance
    broken: Flags = (after - before > NEAR) & (after > np.where(own, limit, far_limit))
    return broken


def _none() -> Floats:
    return np.empty((0, 0))
