"""Capacity that earlier promises hold, as the demands that the next plan must see."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.demand import LOAD_CASES, STATES, Demands, LoadCase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gisplan.model.reservation import HeldReservation, Ledger
    from gisplan.planning.region import Region


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Promises by load case; bays and full demand held by element, phases by transformer.

    ``lost`` names promises on elements that this grid version does not hold: they are told with
    every plan, for they cannot be counted.
    """

    sequence: int
    demands: Mapping[LoadCase, Demands]
    bays: Counter[str]
    full_kva: Mapping[str, float]
    phases: Mapping[int, tuple[str, ...]]
    lost: tuple[str, ...]


def build_held(region: Region, ledger: Ledger, *, leave_out: str | None = None) -> Held:
    """Return what is held, leaving out the promises of one application (planned anew)."""
    held = [one for one in ledger.reservations if one.reference != leave_out]
    known = [one for one in held if _is_known(region, one)]
    lost = sorted({f"{one.reference} at {one.row.element_id}" for one in held} - _names(known))
    bays = Counter[str]()
    for one in known:
        if one.row.level == STATES[0]:
            bays[one.row.element_id] += one.row.bays
    return Held(
        sequence=ledger.sequence,
        demands={case: _demands(region, known, case) for case in LOAD_CASES},
        bays=bays,
        full_kva=_full_kva(known),
        phases=_phases(region, known),
        lost=tuple(lost),
    )


def _full_kva(held: Sequence[HeldReservation]) -> Mapping[str, float]:
    """Return the demand held at each element in full, its larger load case, zero elsewhere."""
    by_case: defaultdict[tuple[str, str], float] = defaultdict(float)
    for one in held:
        if one.row.level == STATES[0]:
            key = one.row.element_id, one.row.load_case
            by_case[key] += math.hypot(one.row.p_kw, one.row.q_kvar)
    full_kva: defaultdict[str, float] = defaultdict(float)
    for (element_id, _), kva in by_case.items():
        full_kva[element_id] = max(full_kva[element_id], kva)
    return full_kva


def _names(held: Sequence[HeldReservation]) -> set[str]:
    return {f"{one.reference} at {one.row.element_id}" for one in held}


def _is_known(region: Region, one: HeldReservation) -> bool:
    rows = region.line_row if one.row.element_kind == "line" else region.bus_row
    return one.row.element_id in rows


def _place(region: Region, one: HeldReservation) -> tuple[int, int, float]:
    """Return bus, line (one of them -1) and offset of a promise."""
    if one.row.element_kind == "line":
        return -1, region.line_row[one.row.element_id], one.row.offset_m or 0.0
    return region.bus_row[one.row.element_id], -1, 0.0


def _demands(region: Region, held: Sequence[HeldReservation], case: LoadCase) -> Demands:
    mine = sorted((one for one in held if one.row.load_case == case), key=_key)
    groups = [list(group) for _, group in groupby(mine, key=_key)]
    places = [_place(region, group[0]) for group in groups]
    p_kw, q_kvar = np.zeros((len(groups), len(STATES))), np.zeros((len(groups), len(STATES)))
    for index, group in enumerate(groups):
        for one in group:
            # other promises count as at their main while one customer runs in full
            state = STATES.index(one.row.level)
            if state > 0:
                p_kw[index, state] = one.row.coincident_p_kw
                q_kvar[index, state] = one.row.coincident_q_kvar
        p_kw[index, 0], q_kvar[index, 0] = p_kw[index, 1], q_kvar[index, 1]
    return Demands(
        bus=np.array([place[0] for place in places], dtype=np.int64),
        line=np.array([place[1] for place in places], dtype=np.int64),
        offset_m=np.array([place[2] for place in places], dtype=float),
        p_kw=p_kw,
        q_kvar=q_kvar,
    )


def _key(one: HeldReservation) -> tuple[int, str, str]:
    return one.application_id, one.row.element_kind, one.row.element_id


def _phases(region: Region, held: Sequence[HeldReservation]) -> Mapping[int, tuple[str, ...]]:
    topology, lines = region.snapshot.topology, region.snapshot.grid.lines
    phases: dict[int, list[str]] = {}
    for one in held:
        if one.row.phase and one.row.level == STATES[0]:
            bus, line, _ = _place(region, one)
            bus = bus if bus >= 0 else int(lines.from_bus[line])
            phases.setdefault(int(topology.transformer[bus]), []).append(one.row.phase)
    return {transformer: tuple(found) for transformer, found in phases.items()}
