"""Open points that accepted options rest on: what the ledger says of switches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.model.grid import SwitchedKind
from gisplan.network.switching import supplies_as_before, switched

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gisplan.model.grid import Switches
    from gisplan.model.reservation import Ledger
    from gisplan.network.snapshot import Snapshot

SWITCH = "switch"
"""Kind of element of a reservation that holds nothing but how a switch stands."""


def promised_switchings(
    snapshot: Snapshot, ledger: Ledger, leave_out: str | None
) -> tuple[tuple[Mapping[str, bool], ...], set[str]]:
    """Return the promised switches by application, oldest first, and the promises that are lost.

    Lost is a promise on a switch that the grid version does not hold, and one after which a part
    of the grid would be meshed or lose its supply.
    """
    known = set(snapshot.grid.switches.switch_id.tolist())
    by_application: dict[str, dict[str, bool]] = {}
    for one in ledger.reservations:
        if one.row.element_kind == SWITCH and one.reference != leave_out:
            switching = by_application.setdefault(one.reference, {})
            switching[one.row.element_id] = bool(one.row.tap_position)
    kept: list[Mapping[str, bool]] = []
    lost: set[str] = set()
    for reference, switching in by_application.items():
        if set(switching) <= known and _can_stand(snapshot, [*kept, switching]):
            kept.append(switching)
        else:
            lost |= {f"{reference} at {switch_id}" for switch_id in switching}
    return tuple(kept), lost


def _can_stand(snapshot: Snapshot, switchings: Sequence[Mapping[str, bool]]) -> bool:
    promised = promised_switches(snapshot.grid.switches, switchings)
    return supplies_as_before(snapshot.topology, switched(snapshot, promised).topology)


def promised_switches(
    switches: Switches, switchings: Iterable[Mapping[str, bool]]
) -> dict[int, bool]:
    """Return whether each promised switch, by row, is closed; the newest promise counts."""
    merged = {switch_id: closed for one in switchings for switch_id, closed in one.items()}
    return {
        int(row): merged[str(switches.switch_id[row])]
        for row in np.flatnonzero(np.isin(switches.switch_id, list(merged)))
    }


def relied_on(
    snapshot: Snapshot,
    switchings: Iterable[Mapping[str, bool]],
    feeder: str,
    own: Mapping[str, bool],
) -> dict[str, bool]:
    """Return how switches must stand for an option: its own, and promises that touch its feeders.

    ``feeder`` is the line at the head of its feeder. A promise is taken over whole, for half of a
    moved open point would mesh the grid or cut a part of it off.
    """
    feeders = _feeders_at(snapshot, own) | {feeder}
    needed: dict[str, bool] = {}
    for switching in switchings:
        if feeders & _feeders_at(snapshot, switching):
            needed.update(switching)
    return {**needed, **own}


def _feeders_at(snapshot: Snapshot, switch_ids: Iterable[str]) -> set[str]:
    """Return the head lines of the feeders on either side of some switches."""
    grid, topology = snapshot.grid, snapshot.topology
    switches, lines = grid.switches, grid.lines
    found: set[str] = set()
    for row in np.flatnonzero(np.isin(switches.switch_id, list(switch_ids))).tolist():
        element, buses = int(switches.element[row]), [int(switches.bus[row])]
        if switches.element_kind[row] == SwitchedKind.LINE:
            buses += [int(lines.from_bus[element]), int(lines.to_bus[element])]
        elif switches.element_kind[row] == SwitchedKind.BUS:
            buses.append(element)
        heads = topology.feeder_head[[f for f in topology.feeder[buses].tolist() if f >= 0]]
        found |= {str(line_id) for line_id in lines.line_id[heads]}
    return found
