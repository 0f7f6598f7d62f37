"""Questions to the electrical engine about every element: power flow, screening, capacity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.faults.short_circuit import short_circuit_currents
from gisplan.electrical.screening.capacity import CASE_OF, Direction, capacities
from gisplan.electrical.screening.screening_limits import screening_limits
from gisplan.errors import UnknownElementError
from gisplan.export.electrical_table import ElectricalAnswer
from gisplan.planning.bus_screening import (
    DemandQuestion,
    check_power_factor,
    check_question,
    screen_buses,
)
from gisplan.planning.capacity_gap import POWER_FACTORS
from gisplan.services.electrical_columns import (
    base_bus_columns,
    base_line_columns,
    base_transformer_columns,
    build_table,
    capacity_columns,
    identity_columns,
    verdict_columns,
)

if TYPE_CHECKING:
    from gisplan.export.feature import Value
    from gisplan.model.grid import Integers
    from gisplan.planning.state import PlanningState
    from gisplan.services.plan import Planner

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many steps of it are done, and how many there are."""


OPENING = "solving the base state"
MATCHES_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityQuestion:
    """How much more load, or feed-in, each bus takes; feed-in brings its reactive power along."""

    direction: Direction
    power_factor: float


def untold(_doing: str, _done: int, _total: int) -> None:
    """Let a progress go by that nobody watches."""


def default_power_factor(direction: Direction) -> float:
    """Return the power factor of a question that gives none."""
    return POWER_FACTORS[direction]


def power_flow(planner: Planner, *, progress: Progress) -> ElectricalAnswer:
    """Return the base state of all elements in both load cases, with everything that is held.

    Raises
    ------
    NoGridError
        If nothing has been loaded yet.
    PowerFlowError
        If the grid has no solution under what is held.
    """
    state = opened_state(planner, progress)
    grid = state.region.snapshot.grid
    return ElectricalAnswer(
        facts=answer_facts(state),
        notes=lost_notes(state),
        tables=(
            build_table(grid, "bus", base_bus_columns(state)),
            build_table(grid, "line", base_line_columns(state)),
            build_table(grid, "transformer", base_transformer_columns(state)),
        ),
    )


def screen_grid(
    planner: Planner, question: DemandQuestion, *, bus: str | None, progress: Progress
) -> ElectricalAnswer:
    """Return what every bus, or one by id or name, answers to a demand.

    Raises
    ------
    InputError
        If the demand cannot be used.
    UnknownElementError
        If the grid version has no such bus.
    NoGridError
        If nothing has been loaded yet.
    """
    check_question(question)
    state = opened_state(planner, progress)
    snapshot = state.region.snapshot
    asked = find_buses(state, bus)
    progress("screening", 0, len(asked))
    verdicts = screen_buses(
        state,
        asked,
        question,
        told=lambda done, total: progress("AC power flow", done, total),
    )
    progress("short circuit", 0, 1)
    currents = short_circuit_currents(snapshot, state.region.catalogue)
    columns = {
        **identity_columns(snapshot.grid, asked),
        **verdict_columns(verdicts),
        "short_circuit_max_ka": currents.maximum_ka[asked].round(4),
        "short_circuit_min_ka": currents.minimum_ka[asked].round(4),
    }
    facts: dict[str, Value] = {
        "direction": str(question.direction),
        "demand_kva": question.demand_kva,
        "power_factor": question.power_factor,
        "bus_count": len(asked),
        "feasible_count": sum(one.feasible for one in verdicts),
        "ac_count": sum(one.method != "screening" for one in verdicts),
    }
    return ElectricalAnswer(
        facts=answer_facts(state) | facts,
        notes=lost_notes(state) + currents.unknown + currents.assumed,
        tables=(build_table(snapshot.grid, "bus", columns, asked),),
    )


def capacity_of_grid(
    planner: Planner, question: CapacityQuestion, *, progress: Progress
) -> ElectricalAnswer:
    """Return how much every bus can still take, and what limits it.

    Raises
    ------
    InputError
        If the power factor cannot be used.
    NoGridError
        If nothing has been loaded yet.
    """
    check_power_factor(question.power_factor)
    state = opened_state(planner, progress)
    snapshot = state.region.snapshot
    base = state.base[CASE_OF[question.direction]]
    bus = np.arange(len(snapshot.grid.buses.bus_id))
    progress("capacity", 0, len(bus))
    found = capacities(
        snapshot,
        base,
        bus,
        power_factor=question.power_factor,
        direction=question.direction,
        limits=screening_limits(state.region.catalogue),
    )
    columns = {
        **identity_columns(snapshot.grid, bus),
        **capacity_columns(state, base, found),
    }
    facts: dict[str, Value] = {
        "direction": str(question.direction),
        "power_factor": question.power_factor,
        "bus_count": len(bus),
        "known_count": int(np.isfinite(found.kva).sum()),
    }
    return ElectricalAnswer(
        facts=answer_facts(state) | facts,
        notes=lost_notes(state),
        tables=(build_table(snapshot.grid, "bus", columns),),
    )


def find_buses(state: PlanningState, wanted: str | None) -> Integers:
    """Return the rows of all buses, or of those with an id, else with a name.

    Raises
    ------
    UnknownElementError
        Naming buses that are called alike.
    """
    buses = state.region.snapshot.grid.buses
    if wanted is None:
        return np.arange(len(buses.bus_id))
    for column in (buses.bus_id, buses.name):
        rows = np.flatnonzero(column == wanted)
        if len(rows):
            return rows
    known = dict.fromkeys([*buses.bus_id.tolist(), *buses.name.tolist()])
    close = get_close_matches(wanted, [name for name in known if name], n=MATCHES_SHOWN)
    meant = f"; did you mean {', '.join(close)}?" if close else "; give the id or name of a bus"
    raise UnknownElementError(
        f"bus {wanted} is not in grid version {state.region.snapshot.grid.version_id}{meant}"
    )


def opened_state(planner: Planner, progress: Progress) -> PlanningState:
    """Return the grid as it stands, telling that it is being solved."""
    progress(OPENING, 0, 1)
    state = planner.state()
    progress(OPENING, 1, 1)
    return state


def answer_facts(state: PlanningState) -> dict[str, Value]:
    """Return which grid version and ledger an answer is made of."""
    grid = state.region.snapshot.grid
    return {
        "grid_version": grid.version_id,
        "ledger_sequence": state.held.sequence,
        "profile": grid.profile,
    }


def lost_notes(state: PlanningState) -> tuple[str, ...]:
    """Return which promises could not be counted."""
    return tuple(
        f"the promise of {one} cannot be counted: this grid version does not hold its element"
        for one in state.held.lost
    )
