"""The voltage budget: how drop or rise from the source to a customer splits over the grid.

Shares are differences of voltage along the way of supply, in percent of nominal; with the nominal
voltage itself they sum up to the voltage at the customer. The effect of a transformer's ratio and
tap is told apart from the drop over its impedance: it is what the unloaded transformer would do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gisplan.electrical.base.base_state import BaseState
from gisplan.electrical.demand import MEDIUM_VOLTAGE_V, STATES, LoadCase
from gisplan.electrical.phases.low_voltage_part import first_bus
from gisplan.electrical.proof.proof import NEW_CONNECTION, ProofResult
from gisplan.electrical.proof.proof_model import Group, solve_group
from gisplan.electrical.proof.proposal import Proposal
from gisplan.model.grid import Grid, SwitchedKind
from gisplan.network.snapshot import Snapshot
from gisplan.rules.catalogue import Catalogue

SERVICE = STATES.index("service")
SOLVER_ERROR_PU = 1e-7
"""Below this a source stands at its set point."""


class Part(StrEnum):
    """Parts of the way from the source to the customer, in this order."""

    SET_POINT = "set_point"
    SET_POINT_BAND = "set_point_band"
    MAIN_TRANSFORMER_TAP = "main_transformer_tap"
    MAIN_TRANSFORMER = "main_transformer"
    MEDIUM_VOLTAGE = "medium_voltage"
    DISTRIBUTION_TRANSFORMER_TAP = "distribution_transformer_tap"
    DISTRIBUTION_TRANSFORMER = "distribution_transformer"
    LOW_VOLTAGE_MAIN = "low_voltage_main"
    SERVICE = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one part adds to the voltage in percent of nominal; a drop is negative.

    ``elements`` are those of the part on the way, from the source on.
    """

    part: Part
    change_pct: float
    elements: tuple[str, ...] = ()


def set_point_offset_pu(catalogue: Catalogue, case: LoadCase) -> float:
    """By how much the source's voltage may lie off its set point, to the worse of a case.

    The lower edge of the controller's band at the highest load, the upper one at feed-in.
    """
    band_pu = catalogue.value("case.set_point_band_pu")
    return -band_pu if case is LoadCase.LOAD else band_pu


def voltage_budget(
    snapshot: Snapshot, base: BaseState, proof: ProofResult, *, proposal: Proposal
) -> tuple[Share, ...]:
    """Split the customer's voltage with the full demand, in the case of ``base``.

    Parts that the way does not have are left out. Empty where there is no supply or no solution.

    Parameters
    ----------
    proof
        What ``prove`` said of ``proposal``: the same network is solved again.
    """
    if not (proof.supplied and proof.converged):
        return ()
    group = solve_group(snapshot, {base.case: base}, [proposal], is_whole=proof.whole_network)
    budget = _Budget()
    access = _voltage(group, int(group.access_node[0]))
    if proposal.cable is not None:
        customer = _voltage(group, int(group.customer_node[0]))
        budget.add(Part.SERVICE, customer - access, NEW_CONNECTION)
    at = _way_from(snapshot, proposal)
    if proposal.bus < 0:
        name = f"line {snapshot.grid.lines.line_id[proposal.line]}"
        budget.add(_line_part(snapshot.grid, at), access - _voltage(group, at), name)
    while snapshot.topology.parent_bus[at] >= 0:
        at = _add_branch(budget, snapshot, group, at)
    _add_source(budget, snapshot.grid, at, _voltage(group, at))
    return budget.shares()


class _Budget:
    """Shares while they are gathered, from the customer up to the source."""

    def __init__(self) -> None:
        self.changes: dict[Part, float] = {}
        self.elements: dict[Part, tuple[str, ...]] = {}

    def add(self, part: Part, change_pu: float, *elements: str) -> None:
        """Add what one element changes; elements of a part stand from the source on."""
        self.changes[part] = self.changes.get(part, 0.0) + 100 * change_pu
        self.elements[part] = (*elements, *self.elements.get(part, ()))

    def shares(self) -> tuple[Share, ...]:
        """Return the parts that were met, from the source on."""
        return tuple(
            Share(part=part, change_pct=self.changes[part], elements=self.elements[part])
            for part in Part
            if part in self.changes
        )


def _add_branch(budget: _Budget, snapshot: Snapshot, group: Group, bus: int) -> int:
    """Add the branch that feeds a bus, and return the bus at its other end."""
    grid, topology = snapshot.grid, snapshot.topology
    above, row = int(topology.parent_bus[bus]), int(topology.parent_branch[bus])
    own, feeding = _voltage(group, bus), _voltage(group, above)
    if topology.parent_kind[bus] == SwitchedKind.TRANSFORMER:
        name = f"transformer {grid.transformers.transformer_id[row]}"
        of_tap, of_impedance = _unit_parts(grid, row)
        taps = dict(group.proposals[0].tap_positions)
        unloaded = feeding * _ratio(grid, row, bus, taps)
        budget.add(of_impedance, own - unloaded, name)
        budget.add(of_tap, unloaded - feeding, name)
    elif topology.parent_kind[bus] == SwitchedKind.LINE:
        budget.add(_line_part(grid, bus), own - feeding, f"line {grid.lines.line_id[row]}")
    return above


def _voltage(group: Group, node: int) -> float:
    row = group.scenarios(0, 0).start + SERVICE
    return float(group.result.voltage_pu[row, np.searchsorted(group.network.node, node)])


def _way_from(snapshot: Snapshot, proposal: Proposal) -> int:
    """Bus from which the way up goes on; the one above the access point where that is on a line."""
    topology = snapshot.topology
    bus = first_bus(snapshot.grid, topology, proposal)
    is_below = (
        proposal.bus < 0
        and topology.parent_kind[bus] == SwitchedKind.LINE
        and topology.parent_branch[bus] == proposal.line
        and topology.parent_bus[bus] >= 0
    )
    return int(topology.parent_bus[bus]) if is_below else bus


def _line_part(grid: Grid, bus: int) -> Part:
    is_low = grid.buses.nominal_voltage_v[bus] < MEDIUM_VOLTAGE_V
    return Part.LOW_VOLTAGE_MAIN if is_low else Part.MEDIUM_VOLTAGE


def _unit_parts(grid: Grid, row: int) -> tuple[Part, Part]:
    if grid.buses.nominal_voltage_v[grid.transformers.lv_bus[row]] < MEDIUM_VOLTAGE_V:
        return Part.DISTRIBUTION_TRANSFORMER_TAP, Part.DISTRIBUTION_TRANSFORMER
    return Part.MAIN_TRANSFORMER_TAP, Part.MAIN_TRANSFORMER


def _ratio(grid: Grid, row: int, bus: int, taps: Mapping[int, int]) -> float:
    """Open-circuit voltage of the fed bus over that of the feeding one, both per unit."""
    table, nominal_v = grid.transformers, grid.buses.nominal_voltage_v
    steps = taps.get(row, int(table.tap_position[row])) - int(table.tap_neutral[row])
    moved = 1 + steps * float(np.nan_to_num(table.tap_step_pct[row], nan=0.0)) / 100
    high = table.hv_voltage_v[row] / nominal_v[table.hv_bus[row]]
    low = table.lv_voltage_v[row] / nominal_v[table.lv_bus[row]]
    high, low = (high * moved, low) if table.tap_side[row] == 0 else (high, low * moved)
    return float(low / high if bus == table.lv_bus[row] else high / low)


def _add_source(budget: _Budget, grid: Grid, bus: int, voltage_pu: float) -> None:
    """Split the voltage of the source into its set point and where it stands in its band."""
    row = int(np.flatnonzero(grid.sources.bus == bus)[0])
    set_point = float(grid.sources.voltage_pu[row])
    if abs(voltage_pu - set_point) < SOLVER_ERROR_PU:
        set_point = voltage_pu
    else:
        budget.add(Part.SET_POINT_BAND, voltage_pu - set_point)
    budget.add(Part.SET_POINT, set_point - 1, f"source {grid.sources.source_id[row]}")
