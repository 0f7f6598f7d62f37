"""Capacity that earlier promises hold, as the demands that the next plan must see."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.demand import LOAD_CASES, STATES, Demands, LoadCase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gisplan.model.reservation import HeldReservation, Ledger, ReservationRow
    from gisplan.planning.region import Region

SERVICE = STATES[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Promises by load case; bays by bus, full demand by bus and load case; phases by transformer,
    and taps where an accepted option needs them.

    ``references`` names the applications that hold something; ``lost`` names promises on elements
    that this grid version does not hold: they are told with every plan, for they cannot be counted.
    """

    sequence: int
    demands: Mapping[LoadCase, Demands]
    bays: Mapping[str, int]
    full_kva: Mapping[tuple[str, str], float]
    taps: Mapping[str, int]
    phases: Mapping[int, tuple[str, ...]]
    references: frozenset[str]
    lost: tuple[str, ...]


def build_held(region: Region, ledger: Ledger, *, leave_out: str | None = None) -> Held:
    """Return what is held, leaving out the promises of one application (planned anew)."""
    places = {LoadCase(case): _Places(region) for case in LOAD_CASES}
    in_full: list[HeldReservation] = []
    lost: set[str] = set()
    taps: dict[str, int] = {}
    for one in ledger.reservations:
        if one.reference == leave_out:
            continue
        if one.row.tap_position is not None:
            if _allows_tap(region, one.row):
                taps[one.row.element_id] = one.row.tap_position
            else:
                lost.add(f"{one.reference} at {one.row.element_id}")
        elif not places[LoadCase(one.row.load_case)].add(one):
            lost.add(f"{one.reference} at {one.row.element_id}")
        elif one.row.level == SERVICE:
            in_full.append(one)
    return Held(
        sequence=ledger.sequence,
        demands={case: place.demands() for case, place in places.items()},
        bays=_bays(in_full),
        full_kva=_full_kva(in_full),
        taps=taps,
        phases=_phases(region, in_full),
        references=frozenset(one.reference for one in ledger.reservations),
        lost=tuple(sorted(lost)),
    )


class _Places:
    """The demands of one load case while they are gathered: one row an application and element."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.index: dict[tuple[int, str, str], int] = {}
        self.place: list[tuple[int, int, float]] = []
        self.power: list[tuple[list[float], list[float]]] = []

    def add(self, one: HeldReservation) -> bool:
        """Add a reservation; tell whether the grid version holds its element."""
        place = find_place(self.region, one)
        if place is None:
            return False
        key = one.application_id, one.row.element_kind, one.row.element_id
        if key not in self.index:
            self.index[key] = len(self.place)
            self.place.append(place)
            self.power.append(([0.0] * len(STATES), [0.0] * len(STATES)))
        p_kw, q_kvar = self.power[self.index[key]]
        state = STATES.index(one.row.level)
        if state > 0:
            p_kw[state], q_kvar[state] = one.row.coincident_p_kw, one.row.coincident_q_kvar
        return True

    def demands(self) -> Demands:
        """Return the demands as arrays."""
        count = len(self.place)
        power = np.array(self.power).reshape(count, 2, len(STATES))
        # other promises count as at their main while one customer runs in full
        power[:, :, 0] = power[:, :, 1]
        return Demands(
            bus=np.array([bus for bus, _, _ in self.place], dtype=np.int64),
            line=np.array([line for _, line, _ in self.place], dtype=np.int64),
            offset_m=np.array([offset for _, _, offset in self.place], dtype=float),
            p_kw=np.ascontiguousarray(power[:, 0]),
            q_kvar=np.ascontiguousarray(power[:, 1]),
        )


def find_place(region: Region, one: HeldReservation) -> tuple[int, int, float] | None:
    """Return bus, line (one of them -1) and offset of a promise; None if its element is gone."""
    if one.row.element_kind == "line":
        line = region.line_row.get(one.row.element_id)
        return None if line is None else (-1, line, one.row.offset_m or 0.0)
    bus = region.bus_row.get(one.row.element_id)
    return None if bus is None else (bus, -1, 0.0)


def _bays(in_full: Iterable[HeldReservation]) -> Mapping[str, int]:
    """Return bays by bus; the load cases of one application share theirs."""
    bays = {(o.application_id, o.row.element_id): o.row.bays for o in in_full if _at_bus(o)}
    total = Counter[str]()
    for (_, bus_id), count in bays.items():
        total[bus_id] += count
    return total


def _full_kva(in_full: Iterable[HeldReservation]) -> Mapping[tuple[str, str], float]:
    """Return the demand held at each bus in full, by load case, zero elsewhere."""
    full_kva: defaultdict[tuple[str, str], float] = defaultdict(float)
    for one in in_full:
        if _at_bus(one):
            key = one.row.element_id, one.row.load_case
            full_kva[key] += math.hypot(one.row.p_kw, one.row.q_kvar)
    return full_kva


def _at_bus(one: HeldReservation) -> bool:
    return one.row.element_kind == "bus"


def _phases(region: Region, in_full: Iterable[HeldReservation]) -> Mapping[int, tuple[str, ...]]:
    """Return the phase of every single-phase application, by transformer."""
    topology, lines = region.snapshot.topology, region.snapshot.grid.lines
    phases: dict[int, dict[int, str]] = {}
    for one in in_full:
        place = find_place(region, one)
        if one.row.phase and place is not None:
            bus, line, _ = place
            bus = bus if bus >= 0 else int(lines.from_bus[line])
            held = phases.setdefault(int(topology.transformer[bus]), {})
            held[one.application_id] = one.row.phase
    return {transformer: tuple(held.values()) for transformer, held in phases.items()}


def _allows_tap(region: Region, row: ReservationRow) -> bool:
    """Tell whether the grid version holds the transformer and its tap can stand there."""
    table = region.snapshot.grid.transformers
    found = np.flatnonzero(table.transformer_id == row.element_id)
    if len(found) == 0 or row.tap_position is None:
        return False
    return bool(table.tap_min[found[0]] <= row.tap_position <= table.tap_max[found[0]])
