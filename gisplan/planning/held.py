"""Capacity that earlier promises hold, as the demands that the next plan must see."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.demand import LOAD_CASES, STATES, Demands, LoadCase
from gisplan.model.grid import Phases
from gisplan.planning.customers import (
    Sharing,
    build_sharing,
    existing_squares,
    joint_shares,
    square_sums,
)
from gisplan.planning.promised_switches import SWITCH, promised_switchings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gisplan.model.grid import Codes, Floats, Integers
    from gisplan.model.reservation import HeldReservation, Ledger, ReservationRow
    from gisplan.planning.region import Region

SERVICE = STATES[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is promised to others, as the next plan must see it.

    ``demands`` are the promises by load case, ``phase_codes`` their phases; ``bays`` count by bus,
    ``full_kva`` is the demand in full by bus and load case. ``taps`` stand where an accepted option
    needs them; ``switchings`` has, for each application that needs switches elsewhere than the grid
    version has them, whether each is closed.

    ``references`` names the applications that hold something; ``lost`` names promises on elements
    that this grid version does not hold: they are told with every plan, for they cannot be counted.

    Where the share of a class depends on the number of customers, its promises are counted anew
    from their full demands. ``sharing`` says who shares an element; ``beside_kva2`` has, by class
    and load case, the squared demands of all its customers, promised and existing, that share one
    with a bus, shape (levels, buses). Classes whose share is flat are not in it.
    """

    sequence: int
    demands: Mapping[LoadCase, Demands]
    bays: Mapping[str, int]
    full_kva: Mapping[tuple[str, str], float]
    taps: Mapping[str, int]
    switchings: tuple[Mapping[str, bool], ...]
    phase_codes: Mapping[LoadCase, Codes]
    references: frozenset[str]
    lost: tuple[str, ...]
    sharing: Sharing
    beside_kva2: Mapping[tuple[str, LoadCase], Floats]


def build_held(region: Region, ledger: Ledger, *, leave_out: str | None = None) -> Held:
    """Return what is held, leaving out the promises of one application (planned anew)."""
    places = {LoadCase(case): _Places(region) for case in LOAD_CASES}
    in_full: list[HeldReservation] = []
    lost: set[str] = set()
    taps: dict[str, int] = {}
    switchings, unable = promised_switchings(region.snapshot, ledger, leave_out)
    lost.update(unable)
    for one in ledger.reservations:
        if one.reference == leave_out or one.row.element_kind == SWITCH:
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
    sharing = build_sharing(region.snapshot)
    demands, beside_kva2 = _count_anew(region, sharing, places)
    return Held(
        sequence=ledger.sequence,
        demands=demands,
        bays=_bays(in_full),
        full_kva=_full_kva(in_full),
        taps=taps,
        switchings=switchings,
        phase_codes={case: place.phase_codes() for case, place in places.items()},
        references=frozenset(one.reference for one in ledger.reservations),
        lost=tuple(sorted(lost)),
        sharing=sharing,
        beside_kva2=beside_kva2,
    )


def _count_anew(
    region: Region, sharing: Sharing, places: Mapping[LoadCase, _Places]
) -> tuple[dict[LoadCase, Demands], dict[tuple[str, LoadCase], Floats]]:
    """Return the demands of each load case and, by class, the squares of who shares an element."""
    demands = {case: place.demands() for case, place in places.items()}
    beside_kva2 = _existing_beside(region, sharing)
    for customer_class, case in beside_kva2:
        promised = places[case].of_class(customer_class)
        if len(promised.row):
            which = customer_class, case
            of_many = region.catalogue.coincidence_rows[which].of_many or 1.0
            demands[case], promised_kva2 = _count_together(
                sharing, demands[case], promised, of_many, beside_kva2[which]
            )
            beside_kva2[which] = beside_kva2[which] + promised_kva2
    return demands, beside_kva2


def _existing_beside(region: Region, sharing: Sharing) -> dict[tuple[str, LoadCase], Floats]:
    """Return the squared demands of existing customers, who draw and do not feed in."""
    return {
        (customer_class, LoadCase(case)): (
            existing_squares(region.snapshot, sharing, region.catalogue, customer_class)
            if case == LoadCase.LOAD
            else np.zeros(sharing.group.shape)
        )
        for (customer_class, case), row in region.catalogue.coincidence_rows.items()
        if row.of_many is not None
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Promised:
    """Promises of one class: their rows among the demands, and what each asked for in full."""

    row: Integers
    p_kw: Floats
    q_kvar: Floats


def _count_together(
    sharing: Sharing, demands: Demands, promised: _Promised, of_many: float, beside_kva2: Floats
) -> tuple[Demands, Floats]:
    """Return demands with what promises of one class count for together; also their squares."""
    node = sharing.nodes(demands.bus[promised.row], demands.line[promised.row])
    own_kva = np.hypot(promised.p_kw, promised.q_kvar)
    shares = joint_shares(sharing, node, own_kva, of_many, beside_kva2)
    # in the state "service" promises count as at their main
    by_state = np.vstack([shares[:1], shares]).T
    p_kw, q_kvar = demands.p_kw.copy(), demands.q_kvar.copy()
    # one of several sources holds nothing where another one holds it already
    counts = (p_kw[promised.row] != 0) | (q_kvar[promised.row] != 0)
    p_kw[promised.row] = promised.p_kw[:, None] * by_state * counts
    q_kvar[promised.row] = promised.q_kvar[:, None] * by_state * counts
    counted = replace(demands, p_kw=p_kw, q_kvar=q_kvar)
    return counted, square_sums(sharing, node, own_kva**2)


class _Places:
    """The demands of one load case while they are gathered: one row an application and element."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.index: dict[tuple[int, str, str], int] = {}
        self.place: list[tuple[int, int, float]] = []
        self.power: list[tuple[list[float], list[float]]] = []
        self.full: list[tuple[str, float, float]] = []
        self.phase: list[Phases] = []

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
            self.full.append((one.customer_class, one.row.p_kw, one.row.q_kvar))
            self.phase.append(Phases[one.row.phase] if one.row.phase else Phases.THREE)
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

    def phase_codes(self) -> Codes:
        """Return a code of ``Phases`` for every demand."""
        return np.array(self.phase, dtype=np.uint8)

    def of_class(self, customer_class: str) -> _Promised:
        """Return the promises of one class."""
        rows = [row for row, (name, _, _) in enumerate(self.full) if name == customer_class]
        return _Promised(
            row=np.array(rows, dtype=np.int64),
            p_kw=np.array([self.full[row][1] for row in rows], dtype=float),
            q_kvar=np.array([self.full[row][2] for row in rows], dtype=float),
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


def _allows_tap(region: Region, row: ReservationRow) -> bool:
    """Tell whether the grid version holds the transformer and its tap can stand there."""
    table = region.snapshot.grid.transformers
    found = np.flatnonzero(table.transformer_id == row.element_id)
    if len(found) == 0 or row.tap_position is None:
        return False
    return bool(table.tap_min[found[0]] <= row.tap_position <= table.tap_max[found[0]])
