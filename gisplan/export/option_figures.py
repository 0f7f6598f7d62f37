"""An option as planners ask about it: findings by question, verdicts in a word.

Command line, maps and tables read an option in the same way: what is violated first, then question
by question, and what is merely kept folded away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gisplan.model.option import (
    BackfeedState,
    ElectricalResult,
    Finding,
    Option,
    Severity,
)

BAND_RULE = "load.band_pct"


class Question(StrEnum):
    """What a planner asks of an option, in this order."""

    VOLTAGE = "voltage"
    LOADING = "loading"
    SHORT_CIRCUIT = "short circuit"
    CABLE = "cable"
    ROUTE = "route"
    PROTECTION = "protection"
    EARTH_FAULT = "earth fault"
    POWER_QUALITY = "power quality"
    PHASES = "phases"
    BACKFEED = "backfeed"
    LOAD_BAND = "load band"
    REMEDIES = "remedies"
    ACCESS = "access"
    OTHER = "other"


class LoadBand(StrEnum):
    """Whether a verdict stands when all existing load is less or more than estimated."""

    HOLDS = "holds"
    DEPENDS = "depends on the existing load"
    NOT_ASKED = "not asked"


WORST_FIRST = (Severity.VIOLATION, Severity.SURVEY, Severity.WARNING, Severity.INFO)

_RULES = {
    "supply.phase": Question.PHASES,
    "supply.single_phase_max_kva": Question.PHASES,
    "voltage.drop_service_max_pct": Question.CABLE,
}
_FAMILIES = {
    "voltage": Question.VOLTAGE,
    "loading": Question.LOADING,
    "short_circuit": Question.SHORT_CIRCUIT,
    "conductor": Question.CABLE,
    "cable": Question.CABLE,
    "bend": Question.ROUTE,
    "clearance": Question.ROUTE,
    "crossing": Question.ROUTE,
    "duct": Question.ROUTE,
    "permit": Question.ROUTE,
    "wayleave": Question.ROUTE,
    "works": Question.ROUTE,
    "protection": Question.PROTECTION,
    "earth_fault": Question.EARTH_FAULT,
    "quality": Question.POWER_QUALITY,
    "motor": Question.POWER_QUALITY,
    "single_phase": Question.PHASES,
    "backfeed": Question.BACKFEED,
    "load": Question.LOAD_BAND,
    "remedy": Question.REMEDIES,
    "access": Question.ACCESS,
    "survey": Question.ACCESS,
    "extension": Question.ACCESS,
    "electrical": Question.ACCESS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """Findings of one question: those to be told one by one, and those that wait behind them.

    ``kept`` are notes of limits that are kept, ``repeated`` others of a rule that is told.
    """

    told: tuple[Finding, ...]
    kept: tuple[Finding, ...]
    repeated: tuple[Finding, ...]

    @property
    def folded_count(self) -> int:
        """How many findings are not told one by one."""
        return len(self.kept) + len(self.repeated)


def question_of(rule: str) -> Question:
    """Return what a rule answers."""
    family = rule.partition(".")[0]
    return _RULES.get(rule) or _FAMILIES.get(family, Question.OTHER)


def by_question(findings: Iterable[Finding]) -> dict[Question, tuple[Finding, ...]]:
    """Return findings by what they answer, the worst of each question first."""
    groups: dict[Question, list[Finding]] = {question: [] for question in Question}
    for finding in findings:
        groups[question_of(finding.rule)].append(finding)
    return {
        question: tuple(sorted(some, key=lambda one: WORST_FIRST.index(one.severity)))
        for question, some in groups.items()
        if some
    }


def folded(findings: Iterable[Finding]) -> Folded:
    """Tell violations, the first of each rule otherwise, and notes that explain; fold the others.

    A note without a limit explains something; one with a limit says that it is kept.
    """
    told, kept, repeated = [], [], []
    seen: set[tuple[str, Severity]] = set()
    for finding in findings:
        key = finding.rule, finding.severity
        if finding.severity is Severity.INFO and finding.limit is not None:
            kept.append(finding)
        elif finding.severity is Severity.VIOLATION or key not in seen:
            told.append(finding)
        else:
            repeated.append(finding)
        seen.add(key)
    return Folded(told=tuple(told), kept=tuple(kept), repeated=tuple(repeated))


def violations(option: Option) -> tuple[Finding, ...]:
    """Return what makes an option infeasible."""
    return tuple(one for one in option.findings if one.severity is Severity.VIOLATION)


def voltage_range_pu(option: Option) -> tuple[float | None, float | None]:
    """Return the lowest and highest voltage that anything found, ``None`` where nothing did.

    A single-phase customer's phase voltages stand in the findings; the balanced power flow, whose
    figures the option carries, knows only their mean.
    """
    electrical = option.electrical
    lows = [electrical.voltage_min_pu, *_measured(option, "_min_pu")]
    highs = [electrical.voltage_max_pu, *_measured(option, "_max_pu")]
    low = min((value for value in lows if value is not None), default=None)
    return low, max((value for value in highs if value is not None), default=None)


def _measured(option: Option, ending: str) -> list[float | None]:
    return [
        finding.measured
        for finding in option.findings
        if finding.rule.startswith("voltage.") and finding.rule.endswith(ending)
    ]


def customer_voltage_pu(option: Option) -> float | None:
    """Return the voltage at the customer; ``None`` for one phase, of which the findings tell."""
    is_one_phase = option.phases in {"L1", "L2", "L3"}
    return None if is_one_phase else option.electrical.voltage_at_customer_pu


def limiting_words(electrical: ElectricalResult) -> str:
    """Return the limiting element by name, with its id."""
    name, element_id = electrical.limiting_name, electrical.limiting_element
    return f"{name} ({element_id})" if name and name != element_id else element_id


def load_band(option: Option) -> LoadBand:
    """Return whether the verdict on an option survives an error of the existing load."""
    found = band_finding(option)
    if found is None:
        return LoadBand.NOT_ASKED
    return LoadBand.HOLDS if found.severity is Severity.INFO else LoadBand.DEPENDS


def band_finding(option: Option) -> Finding | None:
    """Return the finding that tells about the load band, if it was asked."""
    return next((one for one in option.findings if one.rule == BAND_RULE), None)


def holds_word(state: BackfeedState) -> str:
    """Return whether a backfeed state holds, in a word."""
    return {True: "yes", False: "no", None: "not proven"}[state.holds]


def backfeed_verdict(option: Option) -> str:
    """Return how many backfeed states hold; empty where there are none."""
    if not option.backfeed:
        return ""
    count = Counter(state.holds for state in option.backfeed)
    parts = [f"{count[True]} of {len(option.backfeed)} states hold"]
    if count[None]:
        parts.append(f"{count[None]} not proven")
    return ", ".join(parts)


def counted(findings: Iterable[Finding]) -> str:
    """Return how many findings of each severity there are, the worst first."""
    count = Counter(finding.severity for finding in findings)
    words = {
        Severity.VIOLATION: "violation",
        Severity.SURVEY: "to survey",
        Severity.WARNING: "warning",
        Severity.INFO: "note",
    }
    return ", ".join(
        f"{count[one]} {words[one]}{'s' if count[one] > 1 and one is not Severity.SURVEY else ''}"
        for one in WORST_FIRST
        if count[one]
    )
