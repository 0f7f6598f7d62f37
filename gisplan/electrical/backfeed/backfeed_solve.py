"""Backfeed states solved by AC power flow: one batch of scenarios that switch the same network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from power_grid_model import ComponentType
from power_grid_model import initialize_array as new_array

from gisplan.electrical.backfeed.backfeed_layout import LineEnd
from gisplan.electrical.backfeed.backfeed_network import SwitchedNetwork
from gisplan.electrical.backfeed.backfeed_states import Switching
from gisplan.electrical.flow.network_input import Network
from gisplan.electrical.flow.power_flow import COLLAPSE_PU, Columns, Updates, Wanted, solve_batch
from gisplan.model.grid import Flags, Floats, Integers

LINES_LEVEL, UNITS_LEVEL = range(2)

_OUTPUT: Wanted = {
    ComponentType.node: ["energized", "u_pu"],
    ComponentType.line: ["i_from", "i_to"],
    ComponentType.transformer: ["i_from", "i_to"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchPositions:
    """What is closed in each state, shape (states, branches, couplers or transformers)."""

    from_closed: Flags
    to_closed: Flags
    coupler_closed: Flags
    transformer_closed: Flags

    def only(self, state: int) -> SwitchPositions:
        """Positions of one state alone."""
        return SwitchPositions(
            from_closed=self.from_closed[state : state + 1],
            to_closed=self.to_closed[state : state + 1],
            coupler_closed=self.coupler_closed[state : state + 1],
            transformer_closed=self.transformer_closed[state : state + 1],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SolvedState:
    """One state, solved in every load case; arrays have a row a case.

    Voltages are those of the network's nodes. ``line_ratio`` and ``unit_ratio`` are the loadings of
    the grid's lines and transformers, ``cable_a`` is the current of the new cable. NaN: no supply,
    no rating, no cable, no solution.
    """

    converged: Flags
    voltage_pu: Floats
    line_ratio: Floats
    cable_a: Floats
    unit_ratio: Floats

    def of_cases(self, rows: list[int]) -> SolvedState:
        """Some of the load cases."""
        return SolvedState(
            converged=self.converged[rows],
            voltage_pu=self.voltage_pu[rows],
            line_ratio=self.line_ratio[rows],
            cable_a=self.cable_a[rows],
            unit_ratio=self.unit_ratio[rows],
        )


def switch_positions(placed: SwitchedNetwork, switchings: Sequence[Switching]) -> SwitchPositions:
    """Apply switchings to the normal state, each by itself."""
    network, count = placed.network, len(switchings)
    from_closed = np.tile(network.from_closed, (count, 1))
    to_closed = np.tile(network.to_closed, (count, 1))
    coupler = np.tile(placed.coupler_closed, (count, 1))
    unit = np.tile(network.transformer_closed, (count, 1))
    for n, switching in enumerate(switchings):
        for ends, is_closed in ((switching.opened, False), (switching.closed, True)):
            for end in ends:
                target = from_closed if end.at_from else to_closed
                target[n, _branch_at(network, end)] = is_closed
        coupler[n, np.isin(network.coupler, switching.couplers)] = True
        unit[n, np.isin(network.transformer, switching.transformers_out)] = False
        unit[n, np.isin(network.transformer, switching.transformers_in)] = True
    return SwitchPositions(
        from_closed=from_closed,
        to_closed=to_closed,
        coupler_closed=coupler,
        transformer_closed=unit,
    )


def _branch_at(network: Network, end: LineEnd) -> int:
    """Segment of a line that holds one of its ends; segments run from its first to its second."""
    segments = np.flatnonzero(network.line == end.line)
    return int(segments[0] if end.at_from else segments[-1])


def solve_states(placed: SwitchedNetwork, positions: SwitchPositions) -> tuple[SolvedState, ...]:
    """Solve every state in every load case and level in one batch."""
    states, network = len(positions.from_closed), placed.network
    if not states:
        return ()
    output, converged = _run(placed, positions)
    node = output[ComponentType.node]
    voltage = np.where(node["energized"] == 1, node["u_pu"], np.nan)
    # a solution on the lower branch of the P-V curve is no operating point
    converged &= ~(np.nan_to_num(voltage, nan=1.0) < COLLAPSE_PU).any(axis=1)
    voltage[~converged] = np.nan
    shape = (states, *placed.p_kw.shape[:2])
    solved: Flags = np.logical_and.reduce(converged.reshape(shape), axis=2)
    voltage = voltage.reshape(*shape, -1)[:, :, LINES_LEVEL]
    current = _currents(output, converged).reshape(*shape, -1)[:, :, LINES_LEVEL]
    unit_ratio = _unit_ratios(network, output, converged).reshape(*shape, -1)[:, :, UNITS_LEVEL]
    return tuple(
        SolvedState(
            converged=solved[n],
            voltage_pu=voltage[n],
            line_ratio=_line_ratios(network, current[n]),
            cable_a=_cable_current(network, current[n]),
            unit_ratio=unit_ratio[n],
        )
        for n in range(states)
    )


def _run(placed: SwitchedNetwork, positions: SwitchPositions) -> tuple[Columns, Flags]:
    """Columns of the solver, one row a scenario: states, in each of them cases, then levels."""
    states, (cases, levels, _) = len(positions.from_closed), placed.p_kw.shape
    update: Updates = {
        ComponentType.sym_load: _loads(placed, states),
        ComponentType.source: _sources(placed, states, levels),
        ComponentType.line: _lines(placed, positions, cases * levels),
        ComponentType.link: _links(placed, positions, cases * levels),
        ComponentType.transformer: _units(placed, positions, cases * levels),
    }
    changed = {kind: rows for kind, rows in update.items() if rows.shape[1]}
    return solve_batch(placed.model.solver, changed, states * cases * levels, _OUTPUT)


def _loads(placed: SwitchedNetwork, states: int) -> np.ndarray:
    cases, levels, demands = placed.p_kw.shape
    scenarios = cases * levels
    update = new_array("update", ComponentType.sym_load, (states * scenarios, demands))
    update["id"] = placed.model.first_load_id + np.arange(demands)
    update["p_specified"] = np.tile(placed.p_kw.reshape(scenarios, demands), (states, 1)) * 1e3
    update["q_specified"] = np.tile(placed.q_kvar.reshape(scenarios, demands), (states, 1)) * 1e3
    return update


def _sources(placed: SwitchedNetwork, states: int, levels: int) -> np.ndarray:
    network = placed.network
    shift = np.tile(np.repeat(placed.source_shift_pu, levels), states)
    update = new_array("update", ComponentType.source, (len(shift), len(network.source)))
    update["id"] = placed.model.first_load_id - len(network.source) + np.arange(len(network.source))
    set_pu = network.grid.sources.voltage_pu[network.source]
    update["u_ref"] = set_pu + shift[:, None]
    return update


def _changed(now: Flags, normal: Flags) -> Integers:
    return np.flatnonzero((now != normal).any(axis=0))


def _lines(placed: SwitchedNetwork, positions: SwitchPositions, repeat: int) -> np.ndarray:
    network = placed.network
    rows = np.union1d(
        _changed(positions.from_closed, network.from_closed),
        _changed(positions.to_closed, network.to_closed),
    )
    first = placed.model.first_transformer_id - len(network.line)
    update = new_array(
        "update", ComponentType.line, (len(positions.from_closed) * repeat, len(rows))
    )
    update["id"] = first + rows
    update["from_status"] = np.repeat(positions.from_closed[:, rows], repeat, axis=0)
    update["to_status"] = np.repeat(positions.to_closed[:, rows], repeat, axis=0)
    return update


def _links(placed: SwitchedNetwork, positions: SwitchPositions, repeat: int) -> np.ndarray:
    """Every coupler that is open at some time; the solver holds all of them as closed."""
    closed = positions.coupler_closed
    rows = np.flatnonzero(~closed.all(axis=0))
    first = placed.model.first_transformer_id + len(placed.network.transformer)
    update = new_array("update", ComponentType.link, (len(closed) * repeat, len(rows)))
    update["id"] = first + rows
    update["from_status"] = np.repeat(closed[:, rows], repeat, axis=0)
    update["to_status"] = update["from_status"]
    return update


def _units(placed: SwitchedNetwork, positions: SwitchPositions, repeat: int) -> np.ndarray:
    closed = positions.transformer_closed
    rows = _changed(closed, placed.network.transformer_closed)
    update = new_array("update", ComponentType.transformer, (len(closed) * repeat, len(rows)))
    update["id"] = placed.model.first_transformer_id + rows
    update["from_status"] = np.repeat(closed[:, rows], repeat, axis=0)
    update["to_status"] = update["from_status"]
    return update


def _currents(output: Columns, converged: Flags) -> Floats:
    """Larger current of both ends of branches; the solver gives none where it holds none."""
    columns = output.get(ComponentType.line)
    if columns is None:
        return np.empty((len(converged), 0))
    current: Floats = np.maximum(columns["i_from"], columns["i_to"])
    current[~converged] = np.nan
    return current


def _line_ratios(network: Network, current_a: Floats) -> Floats:
    """Loading of lines by their worst segment, against the rated current of all systems."""
    lines = network.grid.lines
    ratio = np.full((len(current_a), len(lines.line_id)), np.nan)
    is_line = network.line >= 0
    row, first = np.unique(network.line[is_line], return_index=True)
    if len(row):
        ratio[:, row] = np.maximum.reduceat(current_a[:, is_line], first, axis=1)
    return ratio / (lines.rated_current_a * lines.parallel_count)


def _cable_current(network: Network, current_a: Floats) -> Floats:
    own = current_a[:, network.line < 0]
    return own.max(axis=1) if own.shape[1] else np.full(len(current_a), np.nan)


def _unit_ratios(network: Network, output: Columns, converged: Flags) -> Floats:
    """Loading of transformers by the worse side, its current over its rated current."""
    table, row = network.grid.transformers, network.transformer
    ratio = np.full((len(converged), len(table.transformer_id)), np.nan)
    columns = output.get(ComponentType.transformer)
    if columns is None:
        return ratio
    rated_va = table.rated_power_kva[row] * table.parallel_count[row] * 1e3
    # what did not converge holds any numbers, also such as overflow
    hv_a, lv_a = columns["i_from"][converged], columns["i_to"][converged]
    ratio[np.ix_(converged, row)] = (
        np.sqrt(3)
        * np.maximum(hv_a * table.hv_voltage_v[row], lv_a * table.lv_voltage_v[row])
        / rated_va
    )
    return ratio
