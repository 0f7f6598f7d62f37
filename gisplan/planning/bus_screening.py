"""One demand asked of many buses, each by itself: what each bus answers, and why.

Screening answers; what it leaves open, inside a guard band or on a loop, the AC power flow answers.
The demand counts in full at every coincidence level: this is a question about the grid, not about a
class of customers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.demand import LOAD_CASES, STATES, Demands, LoadCase
from gisplan.electrical.proof.connection import prove
from gisplan.electrical.proof.limits import check_limits
from gisplan.electrical.proof.proof import LOADING_MAX, ProofResult
from gisplan.electrical.proof.proposal import Proposal
from gisplan.electrical.screening.capacity import CASE_OF, Direction
from gisplan.electrical.screening.screening import REASONS, Screening, screen
from gisplan.electrical.screening.screening_kernel import (
    LINE_OVERLOADED,
    NO_SOLUTION,
    NOT_SUPPLIED,
    TRANSFORMER_OVERLOADED,
    VOLTAGE_TOO_HIGH,
    VOLTAGE_TOO_LOW,
)
from gisplan.electrical.screening.screening_limits import screening_limits
from gisplan.errors import InputError
from gisplan.model.grid import SwitchedKind
from gisplan.model.option import Severity
from gisplan.planning.judge import element_name

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Grid, Integers
    from gisplan.planning.state import PlanningState

Told = Callable[[int, int], None]
"""Told how many buses the AC power flow has decided, and how many it has to."""

DEMAND_MAX_KVA = 1e7
AC_BATCH = 40  # proposals solved together: enough to share a network, few enough for memory
SCREENING_STEPS = 20  # halvings: to a millionth of what was asked
AC_STEPS = 7  # halvings where each costs a power flow: to a hundredth
NOTHING_SUPPLIES = "not_supplied"
COLLAPSE = "no_solution"

FLAG_WORDS = {
    LINE_OVERLOADED: "line",
    TRANSFORMER_OVERLOADED: "transformer",
    VOLTAGE_TOO_LOW: "voltage_low",
    VOLTAGE_TOO_HIGH: "voltage_high",
    NO_SOLUTION: COLLAPSE,
    NOT_SUPPLIED: NOTHING_SUPPLIES,
}
RULE_WORDS = {
    "voltage.lv_min_pu": "voltage_low",
    "voltage.mv_min_pu": "voltage_low",
    "voltage.lv_max_pu": "voltage_high",
    "voltage.mv_max_pu": "voltage_high",
    "loading.line_max": "line",
    "loading.transformer_max": "transformer",
    "loading.main_transformer_max": "transformer",
}
WORDS = tuple(FLAG_WORDS.values())
KIND_WORDS = {int(SwitchedKind.LINE): "line", int(SwitchedKind.TRANSFORMER): "transformer"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandQuestion:
    """A balanced three-phase demand, or feed-in of the same apparent power.

    Feed-in brings its reactive power along, which raises the voltage: the worse side.
    """

    demand_kva: float
    power_factor: float
    direction: Direction

    @property
    def load_case(self) -> LoadCase:
        """The load case in which the question is asked."""
        return CASE_OF[self.direction]

    def powers(self, kva: Floats) -> tuple[Floats, Floats]:
        """Return kW and kvar of several apparent powers; feed-in is negative."""
        sign = 1.0 if self.direction is Direction.LOAD else -1.0
        return sign * self.power_factor * kva, sign * math.sqrt(1 - self.power_factor**2) * kva


@dataclass(frozen=True, slots=True, kw_only=True)
class BusVerdict:
    """What one bus answers; ``None`` where there is nothing to tell.

    ``limited_by`` are the kinds of limits that are broken, ``reasons`` the same in words.
    ``largest_kva`` is the largest demand with an operating point, where the one asked has none.
    """

    bus: int
    feasible: bool
    method: str
    limited_by: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    voltage_pu: float | None = None
    voltage_min_pu: float | None = None
    voltage_max_pu: float | None = None
    loading_max_ratio: float | None = None
    limiting_kind: str = ""
    limiting_id: str = ""
    limiting_name: str = ""
    largest_kva: float | None = None


def check_question(question: DemandQuestion) -> None:
    """Refuse a demand that is no demand.

    Raises
    ------
    InputError
        Saying what was found and what is expected.
    """
    if not 0 < question.demand_kva <= DEMAND_MAX_KVA:
        raise InputError(
            f"the demand is {question.demand_kva:g} kVA; expected more than 0 and at most "
            f"{DEMAND_MAX_KVA:,.0f} kVA (feed-in is asked by the direction, not by a sign)"
        )
    check_power_factor(question.power_factor)


def check_power_factor(power_factor: float) -> None:
    """Refuse a number that is no power factor.

    Raises
    ------
    InputError
        Saying what was found and what is expected.
    """
    if not 0 < power_factor <= 1:
        raise InputError(
            f"the power factor is {power_factor:g}; expected more than 0 and at most 1"
        )


def screen_buses(
    state: PlanningState, bus: Integers, question: DemandQuestion, *, told: Told
) -> tuple[BusVerdict, ...]:
    """Return a verdict for each bus, with everything that is held already.

    Raises
    ------
    InputError
        If the demand or its power factor cannot be used.
    """
    check_question(question)
    screening = _screen(state, bus, question, np.full(len(bus), question.demand_kva))
    verdicts = [_screened(state, int(bus[n]), screening, n) for n in range(len(bus))]
    rows = np.flatnonzero(screening.uncertain)
    asked_kva = np.full(len(rows), question.demand_kva)
    proofs = _prove(state, bus[rows], question, asked_kva, told=told)
    for row, proof in zip(rows.tolist(), proofs, strict=True):
        verdicts[row] = _read_proof(state, int(bus[row]), proof)
    return _with_largest(state, question, verdicts)


def _screen(
    state: PlanningState, bus: Integers, question: DemandQuestion, kva: Floats
) -> Screening:
    p_kw, q_kvar = question.powers(kva)
    candidates = Demands(
        bus=bus,
        line=np.full(len(bus), -1),
        offset_m=np.full(len(bus), np.nan),
        p_kw=np.tile(p_kw[:, None], (1, len(STATES))),
        q_kvar=np.tile(q_kvar[:, None], (1, len(STATES))),
    )
    region = state.region
    limits = screening_limits(region.catalogue)
    return screen(region.snapshot, state.base[question.load_case], candidates, limits)


def _screened(state: PlanningState, bus: int, screening: Screening, row: int) -> BusVerdict:
    grid, code = state.region.snapshot.grid, int(screening.reasons[row])
    kind, element = int(screening.limiting_kind[row]), int(screening.limiting_row[row])
    words = tuple(word for flag, word in FLAG_WORDS.items() if code & flag)
    if COLLAPSE in words:  # the figures of other states would mislead
        reasons = (REASONS[NO_SOLUTION],)
        return BusVerdict(
            bus=bus, feasible=False, method="screening", limited_by=(COLLAPSE,), reasons=reasons
        )
    element_id, name = _element(grid, kind, element)
    low = min(float(screening.lv_min_pu[row]), float(screening.mv_min_pu[row]))
    high = max(float(screening.lv_max_pu[row]), float(screening.mv_max_pu[row]))
    loading = float(screening.loading_max_ratio[row])
    details = {VOLTAGE_TOO_LOW: f"{low:.4f} p.u.", VOLTAGE_TOO_HIGH: f"{high:.4f} p.u."}
    if element >= 0:
        worst = f"{element_name(grid, kind, element)} at {loading:.1%}"
        details |= {LINE_OVERLOADED: worst, TRANSFORMER_OVERLOADED: worst}
    return BusVerdict(
        bus=bus,
        feasible=bool(screening.feasible[row]),
        method="screening",
        limited_by=words,
        reasons=tuple(
            f"{text}: {details[flag]}" if flag in details else text
            for flag, text in REASONS.items()
            if code & flag
        ),
        voltage_pu=_known(float(screening.voltage_pu[row])),
        voltage_min_pu=_known(low),
        voltage_max_pu=_known(high),
        loading_max_ratio=_known(loading),
        limiting_kind=KIND_WORDS.get(kind, "") if element >= 0 else "",
        limiting_id=element_id,
        limiting_name=name,
    )


def _element(grid: Grid, kind: int, row: int) -> tuple[str, str]:
    """Id and name of a line or transformer; empty where there is none."""
    if row < 0:
        return "", ""
    if kind == SwitchedKind.TRANSFORMER:
        return str(grid.transformers.transformer_id[row]), str(grid.transformers.name[row])
    return str(grid.lines.line_id[row]), str(grid.lines.name[row])


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _prove(
    state: PlanningState, bus: Integers, question: DemandQuestion, kva: Floats, *, told: Told
) -> list[ProofResult]:
    """Solve the network with the demand at each bus, one at a time."""
    case = question.load_case
    in_case = np.outer([one is case for one in LOAD_CASES], np.ones(len(STATES)))
    p_kw, q_kvar = question.powers(kva)
    proposals = [
        Proposal(bus=int(bus[n]), p_kw=p_kw[n] * in_case, q_kvar=q_kvar[n] * in_case)
        for n in range(len(bus))
    ]
    proofs: list[ProofResult] = []
    for first in range(0, len(proposals), AC_BATCH):
        told(first, len(proposals))
        some = proposals[first : first + AC_BATCH]
        proofs += prove(state.region.snapshot, {case: state.base[case]}, some)
    told(len(proposals), len(proposals))
    return proofs


def _read_proof(state: PlanningState, bus: int, proof: ProofResult) -> BusVerdict:
    findings = check_limits(proof, state.region.catalogue)
    violations = [one for one in findings if one.severity is Severity.VIOLATION]
    words = {RULE_WORDS[one.rule] for one in violations}
    if not proof.converged:
        words = {COLLAPSE}
    loadings = [one for one in (*proof.worsened, *proof.standing) if one.quantity in LOADING_MAX]
    limiting = max(loadings, key=lambda one: one.value, default=None)
    return BusVerdict(
        bus=bus,
        feasible=not violations,
        method="ac_power_flow",
        limited_by=tuple(sorted(words, key=WORDS.index)),
        reasons=tuple(one.text for one in violations),
        voltage_pu=_known(proof.voltage_at_customer_pu),
        voltage_min_pu=_known(proof.voltage_min_pu),
        voltage_max_pu=_known(proof.voltage_max_pu),
        loading_max_ratio=_known(proof.loading_max_ratio),
        limiting_kind=limiting.element_kind if limiting else "",
        limiting_id=limiting.element_id if limiting else "",
        limiting_name=limiting.name if limiting else "",
    )


def _with_largest(
    state: PlanningState, question: DemandQuestion, verdicts: list[BusVerdict]
) -> tuple[BusVerdict, ...]:
    """Find the largest demand that has an operating point where the one asked has none."""
    for method, steps in (("screening", SCREENING_STEPS), ("ac_power_flow", AC_STEPS)):
        rows = [
            n
            for n, one in enumerate(verdicts)
            if COLLAPSE in one.limited_by and one.method == method
        ]
        bus = np.array([verdicts[n].bus for n in rows], np.int64)
        largest = _largest_kva(state, bus, question, method, steps)
        for n, kva in zip(rows, largest.tolist(), strict=True):
            text = f"the largest demand that has an operating point is about {kva:.4g} kVA"
            verdicts[n] = replace(
                verdicts[n], largest_kva=kva, reasons=(*verdicts[n].reasons, text)
            )
    return tuple(verdicts)


def _largest_kva(
    state: PlanningState, bus: Integers, question: DemandQuestion, method: str, steps: int
) -> Floats:
    """Halve the demand's interval: its lower end always has an operating point."""
    low, high = np.zeros(len(bus)), np.full(len(bus), question.demand_kva)
    for _ in range(steps if len(bus) else 0):
        middle = (low + high) / 2
        if method == "screening":
            solved: Flags = (_screen(state, bus, question, middle).reasons & NO_SOLUTION) == 0
        else:
            proofs = _prove(state, bus, question, middle, told=lambda *_: None)
            solved = np.array([proof.converged for proof in proofs], np.bool_)
        low, high = np.where(solved, middle, low), np.where(solved, high, middle)
    return low
