"""AC power flow by power-grid-model, its arrays built directly from ours.

Assumptions: balanced three-phase steady state at 50 Hz, constant-power demands, pi equivalents of
lines and transformers with the shunt split evenly, ideal sources (a source impedance would lower
every voltage; it belongs to the short-circuit calculation).

Scenarios that share a network are solved by iterated currents, which factorise it once; those that
do not settle, near voltage collapse, by Newton-Raphson.

References
----------
Power Grid Model documentation, LF Energy, "Components" and "Calculations" (iterative current,
Newton-Raphson).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from power_grid_model import (
    CalculationMethod,
    ComponentAttributeFilterOptions,
    ComponentType,
    LoadGenType,
    PowerGridModel,
    WindingType,
)
from power_grid_model import initialize_array as new_array

from gisplan.electrical.demand import MEDIUM_VOLTAGE_V
from gisplan.electrical.flow.network_input import Network
from gisplan.errors import PowerFlowError
from gisplan.model.grid import Flags, Floats, Grid, Integers

ERROR_TOLERANCE_PU = 1e-8
TOLERANCE_PU = {
    CalculationMethod.newton_raphson: ERROR_TOLERANCE_PU,
    CalculationMethod.iterative_current: ERROR_TOLERANCE_PU / 10,
}
"""Last step of a solution. Iterated currents close in by a constant factor, not by squares, so
theirs is smaller: on a grid of 3,235 buses they end within 2e-10 p.u. of Newton-Raphson.
"""
FREQUENCY_HZ = 50.0
MAX_ITERATIONS = 30
IDEAL_SOURCE_VA = 1e18
"""Short-circuit power of the slack: 100 MVA cost 1e-10 p.u.; more would cost digits."""
SMALLEST_IMPEDANCE_PU = 1e-8
"""Stands for zero on a base of 1 MVA: the drop at 1 MVA is 1e-8 p.u."""
BASE_POWER_VA = 1e6
COLLAPSE_PU = 0.3
"""Below this a solution is the lower, unstable branch of the P-V curve, no operating point."""

Wanted = dict[ComponentType, set[str] | list[str] | ComponentAttributeFilterOptions | None]
"""Columns that are asked of the solver."""
Updates = dict[ComponentType, np.ndarray]
"""What changes in each scenario."""
Columns = dict[ComponentType, dict[str, Floats]]
"""Columns that it gives, one row a scenario."""

_OUTPUT: Wanted = {
    ComponentType.node: ["energized", "u_pu"],
    ComponentType.line: ["p_from", "q_from", "p_to", "q_to", "i_from", "i_to"],
    ComponentType.transformer: ["p_from", "q_from", "p_to", "q_to", "i_from", "i_to"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchFlows:
    """Flows into both ends of branches, shape (scenarios, branches); NaN without a solution."""

    p_from_kw: Floats
    q_from_kvar: Floats
    p_to_kw: Floats
    q_to_kvar: Floats
    current_from_a: Floats
    current_to_a: Floats

    def rows(self, scenarios: slice) -> BranchFlows:
        """Some of the scenarios."""
        return BranchFlows(
            p_from_kw=self.p_from_kw[scenarios],
            q_from_kvar=self.q_from_kvar[scenarios],
            p_to_kw=self.p_to_kw[scenarios],
            q_to_kvar=self.q_to_kvar[scenarios],
            current_from_a=self.current_from_a[scenarios],
            current_to_a=self.current_to_a[scenarios],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerFlowResult:
    """Solutions, one row a scenario, columns as in the network that was solved.

    ``voltage_pu`` is NaN where a node is not energised or the scenario has no solution.
    """

    converged: Flags
    voltage_pu: Floats
    branches: BranchFlows
    transformers: BranchFlows

    def rows(self, scenarios: slice) -> PowerFlowResult:
        """Some of the scenarios."""
        return PowerFlowResult(
            converged=self.converged[scenarios],
            voltage_pu=self.voltage_pu[scenarios],
            branches=self.branches.rows(scenarios),
            transformers=self.transformers.rows(scenarios),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerFlowModel:
    """A network held by the solver with its places of demand, ready for any number of scenarios."""

    network: Network
    load_count: int
    solver: PowerGridModel
    first_load_id: int
    first_transformer_id: int

    @classmethod
    def build(
        cls, network: Network, load_node: Integers, *, is_shunt: Flags | None = None
    ) -> PowerFlowModel:
        """Hand a network over to the solver.

        Parameters
        ----------
        load_node
            Node of each demand; several may share a node.
        is_shunt
            Demands that draw their power at nominal voltage only (constant impedance).
        """
        shunt = np.zeros(len(load_node), np.bool_) if is_shunt is None else is_shunt
        first = int(network.node.max(initial=0)) + 1
        transformer_id = first + len(network.line)
        coupler_id = transformer_id + len(network.transformer)
        source_id = coupler_id + len(network.coupler)
        load_id = source_id + len(network.source)
        arrays = {
            ComponentType.node: _nodes(network),
            ComponentType.line: _lines(network, first),
            ComponentType.transformer: _transformers(network, transformer_id),
            ComponentType.link: _links(network, coupler_id),
            ComponentType.source: _sources(network, source_id),
            ComponentType.sym_load: _loads(load_node, shunt, load_id),
        }
        return cls(
            network=network,
            load_count=len(load_node),
            solver=PowerGridModel(arrays),
            first_load_id=load_id,
            first_transformer_id=transformer_id,
        )

    def solve(
        self,
        p_kw: Floats,
        q_kvar: Floats,
        *,
        tap_position: Integers | None = None,
        source_shift_pu: Floats | None = None,
    ) -> PowerFlowResult:
        """Solve all scenarios in one batch; equal ones are solved once.

        Parameters
        ----------
        p_kw, q_kvar
            Shape (scenarios, demands), in the order of ``load_node``.
        tap_position
            Shape (scenarios, transformers of the network); as recorded where none is given.
        source_shift_pu
            Per scenario what all sources stand away from their set voltage; nothing by default.
        """
        shift = np.zeros(len(p_kw)) if source_shift_pu is None else source_shift_pu
        parts = [p_kw, q_kvar, shift] + ([] if tap_position is None else [tap_position])
        distinct, row = _distinct(parts)
        update = {ComponentType.sym_load: self._load_update(p_kw[distinct], q_kvar[distinct])}
        if tap_position is not None:
            update[ComponentType.transformer] = self._tap_update(tap_position[distinct])
        if shift.any():
            update[ComponentType.source] = self._source_update(shift[distinct])
        columns, converged = solve_batch(self.solver, update, len(distinct), _OUTPUT)
        return _result(columns, converged, row)

    def _load_update(self, p_kw: Floats, q_kvar: Floats) -> np.ndarray:
        update = new_array("update", ComponentType.sym_load, p_kw.shape)
        update["id"] = self.first_load_id + np.arange(self.load_count)
        update["p_specified"] = p_kw * 1e3
        update["q_specified"] = q_kvar * 1e3
        return update

    def _source_update(self, shift_pu: Floats) -> np.ndarray:
        network = self.network
        update = new_array("update", ComponentType.source, (len(shift_pu), len(network.source)))
        update["id"] = self.first_load_id - len(network.source) + np.arange(len(network.source))
        set_pu = network.grid.sources.voltage_pu[network.source]
        update["u_ref"] = set_pu + shift_pu[:, None]
        return update

    def _tap_update(self, tap_position: Integers) -> np.ndarray:
        changed = np.flatnonzero(
            (
                tap_position
                != self.network.grid.transformers.tap_position[self.network.transformer]
            ).any(axis=0)
        )
        update = new_array("update", ComponentType.transformer, (len(tap_position), len(changed)))
        update["id"] = self.first_transformer_id + changed
        update["tap_pos"] = tap_position[:, changed]
        return update


def solve_batch(
    solver: PowerGridModel, update: Updates, count: int, wanted: Wanted, *, symmetric: bool = True
) -> tuple[Columns, Flags]:
    """Solve ``count`` scenarios; return their columns and which have a solution."""

    def calculate(some: Updates, number: int, method: CalculationMethod) -> tuple[Columns, Flags]:
        output = solver.calculate_power_flow(
            symmetric=symmetric,
            calculation_method=method,
            error_tolerance=TOLERANCE_PU[method],
            max_iterations=MAX_ITERATIONS,
            update_data=some,
            output_component_types=wanted,
            continue_on_batch_error=True,
            decode_error=True,
        )
        solved = np.ones(number, np.bool_)
        if solver.batch_error is not None:
            solved[solver.batch_error.failed_scenarios] = False
        return cast("Columns", output), solved

    columns, solved = calculate(update, count, CalculationMethod.iterative_current)
    rows = np.flatnonzero(~solved)
    if len(rows):
        unsettled = {kind: table[rows] for kind, table in update.items()}
        again, solved[rows] = calculate(unsettled, len(rows), CalculationMethod.newton_raphson)
        for kind, table in again.items():
            for name, values in table.items():
                columns[kind][name][rows] = values
    return columns, solved


def require_converged(result: PowerFlowResult, what: str) -> None:
    """Raise where a state has no solution.

    Raises
    ------
    PowerFlowError
        Naming what was solved.
    """
    if not result.converged.all():
        raise PowerFlowError(
            f"{what}: {np.count_nonzero(~result.converged)} of {len(result.converged)} states have "
            "no alternating-current solution; expected loads below voltage collapse; check the "
            "largest loads and measured peaks, and line and transformer impedances"
        )


def _distinct(parts: list[Floats | Integers]) -> tuple[Integers, Integers]:
    """Rows of scenarios that differ, and for each scenario its place among them."""
    place: dict[bytes, int] = {}
    first: list[int] = []
    row: list[int] = []
    for number in range(len(parts[0])):
        key = b"".join(part[number].tobytes() for part in parts)
        if key not in place:
            place[key] = len(first)
            first.append(number)
        row.append(place[key])
    return np.array(first, np.int64), np.array(row, np.int64)


def _nodes(network: Network) -> np.ndarray:
    nodes = new_array("input", ComponentType.node, len(network.node))
    nodes["id"] = network.node
    nodes["u_rated"] = network.node_voltage_v
    return nodes


def _lines(network: Network, first_id: int) -> np.ndarray:
    lines = new_array("input", ComponentType.line, len(network.line))
    lines["id"] = first_id + np.arange(len(network.line))
    lines["from_node"] = network.from_node
    lines["to_node"] = network.to_node
    lines["from_status"] = network.from_closed
    lines["to_status"] = network.to_closed
    voltage = network.node_voltage_v[np.searchsorted(network.node, network.from_node)]
    smallest_ohm = SMALLEST_IMPEDANCE_PU * voltage**2 / BASE_POWER_VA
    is_zero = np.hypot(network.resistance_ohm, network.reactance_ohm) < smallest_ohm
    lines["r1"] = network.resistance_ohm
    lines["x1"] = np.where(is_zero, smallest_ohm, network.reactance_ohm)
    lines["c1"] = network.capacitance_f
    lines["tan1"] = 0.0
    return lines


def _transformers(network: Network, first_id: int) -> np.ndarray:
    table, row = network.grid.transformers, network.transformer
    units = new_array("input", ComponentType.transformer, len(row))
    units["id"] = first_id + np.arange(len(row))
    units["from_node"], units["to_node"] = table.hv_bus[row], table.lv_bus[row]
    units["from_status"] = units["to_status"] = network.transformer_closed
    units["u1"], units["u2"] = table.hv_voltage_v[row], table.lv_voltage_v[row]
    _set_impedances(units, network.grid, row)
    _set_taps(units, network.grid, row)
    clock = clock_numbers(network.grid)[row]
    is_odd = clock % 2 == 1
    units["clock"] = clock
    units["winding_from"] = np.where(is_odd, WindingType.delta, WindingType.wye_n)
    units["winding_to"] = WindingType.wye_n
    return units


def _set_impedances(units: np.ndarray, grid: Grid, row: Integers) -> None:
    table = grid.transformers
    count = table.parallel_count[row]
    rated_va = table.rated_power_kva[row] * 1e3
    no_load_w = np.nan_to_num(table.no_load_loss_w[row], nan=0.0)
    no_load_current = np.nan_to_num(table.no_load_current_pct[row], nan=0.0) / 100
    units["sn"] = rated_va * count
    units["uk"] = table.short_circuit_voltage_pct[row] / 100
    units["pk"] = table.short_circuit_resistance_pct[row] / 100 * rated_va * count
    units["p0"] = no_load_w * count
    units["i0"] = np.maximum(no_load_current, no_load_w / rated_va)


def _set_taps(units: np.ndarray, grid: Grid, row: Integers) -> None:
    """Give the solver a range that holds the position: it would clamp others without a word."""
    table = grid.transformers
    position = table.tap_position[row]
    rated_v = np.where(table.tap_side[row] == 0, table.hv_voltage_v[row], table.lv_voltage_v[row])
    units["tap_side"] = table.tap_side[row]
    units["tap_pos"] = position
    units["tap_nom"] = table.tap_neutral[row]
    units["tap_min"] = np.minimum(table.tap_min[row], position)
    # the solver counts downwards where the highest position is not above the lowest
    units["tap_max"] = np.maximum(np.maximum(table.tap_max[row], position), units["tap_min"] + 1)
    units["tap_size"] = np.nan_to_num(table.tap_step_pct[row], nan=0.0) / 100 * rated_v


def clock_numbers(grid: Grid) -> Integers:
    """Vector group clock number of every transformer; unknown ones 5 from MV to LV, else 0."""
    table = grid.transformers
    to_low = (table.hv_voltage_v >= MEDIUM_VOLTAGE_V) & (table.lv_voltage_v < MEDIUM_VOLTAGE_V)
    return np.where(table.clock_number >= 0, table.clock_number, np.where(to_low, 5, 0))


def _links(network: Network, first_id: int) -> np.ndarray:
    links = new_array("input", ComponentType.link, len(network.coupler))
    links["id"] = first_id + np.arange(len(network.coupler))
    links["from_node"] = network.grid.switches.bus[network.coupler]
    links["to_node"] = network.grid.switches.element[network.coupler]
    links["from_status"] = links["to_status"] = 1
    return links


def _sources(network: Network, first_id: int) -> np.ndarray:
    sources = new_array("input", ComponentType.source, len(network.source))
    sources["id"] = first_id + np.arange(len(network.source))
    sources["node"] = network.grid.sources.bus[network.source]
    sources["status"] = 1
    sources["u_ref"] = network.grid.sources.voltage_pu[network.source]
    sources["sk"] = IDEAL_SOURCE_VA
    return sources


def _loads(load_node: Integers, is_shunt: Flags, first_id: int) -> np.ndarray:
    loads = new_array("input", ComponentType.sym_load, len(load_node))
    loads["id"] = first_id + np.arange(len(load_node))
    loads["node"] = load_node
    loads["status"] = 1
    loads["type"] = np.where(is_shunt, LoadGenType.const_impedance, LoadGenType.const_power)
    loads["p_specified"] = loads["q_specified"] = 0.0
    return loads


def _result(output: Columns, solved: Flags, row: Integers) -> PowerFlowResult:
    node = output[ComponentType.node]
    voltage = np.where(node["energized"] == 1, node["u_pu"], np.nan)
    voltage[~solved] = np.nan
    # a solution on the lower branch of the P-V curve is no operating point
    collapsed = (np.nan_to_num(voltage, nan=1.0) < COLLAPSE_PU).any(axis=1)
    converged = solved & ~collapsed
    voltage[~converged] = np.nan
    return PowerFlowResult(
        converged=converged[row],
        voltage_pu=voltage[row],
        branches=_flows(output.get(ComponentType.line), converged, row),
        transformers=_flows(output.get(ComponentType.transformer), converged, row),
    )


def _flows(columns: dict[str, Floats] | None, converged: Flags, row: Integers) -> BranchFlows:
    """Flows of one table; the solver gives no columns where the network has no row of it."""

    def column(name: str, scale: float) -> Floats:
        if columns is None:
            return np.empty((len(row), 0))
        # what the solver leaves in a failed scenario is no number to calculate with
        values = np.full(columns[name].shape, np.nan)
        values[converged] = columns[name][converged] * scale
        return values[row]

    return BranchFlows(
        p_from_kw=column("p_from", 1e-3),
        q_from_kvar=column("q_from", 1e-3),
        p_to_kw=column("p_to", 1e-3),
        q_to_kvar=column("q_to", 1e-3),
        current_from_a=column("i_from", 1.0),
        current_to_a=column("i_to", 1.0),
    )
