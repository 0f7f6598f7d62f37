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

    from gisplan.model.reservation import HeldReservation, Ledger
    from gisplan.planning.region import Region

SERVICE = STATES[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Promises by load case; bays and full demand by element, phases and taps by transformer.

    ``references`` names the applications that hold something; ``lost`` names promises on elements
    that this grid version does not hold: they are told with every plan, for they cannot be counted.
    """

    sequence: int
    demands: Mapping[LoadCase, Demands]
    bays: Mapping[str, int]
    full_kva: Mapping[str, float]
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
            taps[one.row.element_id] = one.row.tap_position
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
        self.index: dict[tuple[int, str], int] = {}
        self.place: list[tuple[int, int, float]] = []
        self.power: list[tuple[list[float], list[float]]] = []

    def add(self, one: HeldReservation) -> bool:
        """Add a reservation; tell whether the grid version holds its element."""
        place = find_place(self.region, one)
        if place is None:
            return False
        key = one.application_id, one.row.element_id
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
    bays = Counter[str]()
    for one in in_full:
        bays[one.row.element_id] += one.row.bays
    return bays


def _full_kva(in_full: Iterable[HeldReservation]) -> Mapping[str, float]:
    """Return the demand held at each element in full, its larger load case, zero elsewhere."""
    by_case: defaultdict[tuple[str, str], float] = defaultdict(float)
    for one in in_full:
        by_case[one.row.element_id, one.row.load_case] += math.hypot(one.row.p_kw, one.row.q_kvar)
    full_kva: defaultdict[str, float] = defaultdict(float)
    for (element_id, _), kva in by_case.items():
        full_kva[element_id] = max(full_kva[element_id], kva)
    return full_kva


def _phases(region: Region, in_full: Iterable[HeldReservation]) -> Mapping[int, tuple[str, ...]]:
    topology, lines = region.snapshot.topology, region.snapshot.grid.lines
    phases: dict[int, list[str]] = {}
    for one in in_full:
        place = find_place(region, one)
        if one.row.phase and place is not None:
            bus, line, _ = place
            bus = bus if bus >= 0 else int(lines.from_bus[line])
            phases.setdefault(int(topology.transformer[bus]), []).append(one.row.phase)
    return {transformer: tuple(found) for transformer, found in phases.items()}
