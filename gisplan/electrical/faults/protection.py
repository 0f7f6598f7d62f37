"""Whether fuses, breakers and relays see the smallest fault of their zone, and clear it in time.

What is not recorded is not proven: the finding then names the line and the datum. A fuse is judged
by the latest clearing that its standard allows. In a loop several devices share the current, so
nothing is proven there. Everything is asked of one switching state: for a backfeed state pass its
own snapshot and currents.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.demand import MEDIUM_VOLTAGE_V
from gisplan.electrical.faults.fault_endings import (
    NONE,
    Ending,
    farthest_loop_ending,
    farthest_relay_ending,
)
from gisplan.model.grid import Protection
from gisplan.model.option import Finding, Severity

if TYPE_CHECKING:
    from gisplan.electrical.faults.short_circuit import ShortCircuits
    from gisplan.network.snapshot import Snapshot
    from gisplan.rules.catalogue import Catalogue, FuseType, Rule

FUSE_RULE = "protection.lv_fuse_clearing_s"
BREAKER_RULE = "protection.lv_breaker_reach_ratio"
RELAY_RULE = "protection.mv_relay_reach_ratio"
TRANSFORMER_RULES = (
    "short_circuit.transformer_zero_resistance_ratio",
    "short_circuit.transformer_zero_reactance_ratio",
)
CONFIDENCES = ("official", "secondary", "practice", "unverified")


def clearing_time_s(fuse: FuseType, current_a: float) -> float:
    """Time in which a gG fuse has cleared a current at the latest; inf if it need not clear.

    Straight between the points of the standard in logarithmic scales, which lies above the curve
    (it is convex); from the last point on the time of that point. The catalogue's points are not
    verified: average curves of one maker need up to 15 % more current for 5 s (50 A, 80 A), so
    replace them by the data sheets of the fuses in use before relying on a narrow margin.

    References
    ----------
    IEC 60269-1:2006, clause 5.6 (limits of time-current characteristics), tables 2 and 3.
    """
    if current_a < fuse.fusing_current_a:
        return math.inf
    points_a = np.log([fuse.fusing_current_a, fuse.current_5s_a, fuse.current_100ms_a])
    points_s = np.log([fuse.fusing_time_s, 5.0, 0.1])
    return float(np.exp(np.interp(math.log(current_a), points_a, points_s)))


def check_low_voltage(snapshot: Snapshot, catalogue: Catalogue, ending: Ending) -> Finding:
    """Return whether the fuse or breaker in front of a low-voltage place clears its fault."""
    lines, rule = snapshot.grid.lines, catalogue.rule(FUSE_RULE)
    if ending.device == NONE:
        return not_proven(rule, ending, _no_device(snapshot, ending))
    if lines.protection[ending.device] == Protection.RELAY:
        return _check_breaker(snapshot, catalogue, ending)
    if reason := _missing(snapshot, ending):
        return not_proven(rule, ending, reason)
    element = f"line {lines.line_id[ending.device]}"
    rated_a = float(lines.protection_current_a[ending.device])
    fuse = catalogue.find_fuse(rated_a)
    if fuse is None:
        return not_proven(rule, ending, f"no fuse as large as {rated_a:g} A at {element} is known")
    finding = measure_fuse(catalogue, fuse, ending, element)
    return _unless_hidden(snapshot, finding, ending)


def measure_fuse(catalogue: Catalogue, fuse: FuseType, ending: Ending, element: str) -> Finding:
    """Compare the clearing of a fuse at the current of a place with the rule."""
    rule, current_a = catalogue.rule(FUSE_RULE), ending.current_ka * 1e3
    time_s = clearing_time_s(fuse, current_a)
    words = f"in at most {time_s:.2g} s"
    if math.isinf(time_s):
        time_s = fuse.fusing_time_s
        words = f"not even within {time_s / 3600:g} h for certain"
    finding = rule.measure(
        time_s,
        element=element,
        text=f"{rule.title}: the gG fuse of {fuse.rated_current_a:g} A at {element} clears the "
        f"{current_a:.0f} A at {ending.name} {words}, allowed are {rule.value:g} s",
    )
    return replace(finding, confidence=_weakest(catalogue, rule.confidence, fuse.confidence))


def check_medium_voltage(snapshot: Snapshot, catalogue: Catalogue, ending: Ending) -> Finding:
    """Return whether the relay in front of a medium-voltage place picks up at its faults."""
    lines, rule = snapshot.grid.lines, catalogue.rule(RELAY_RULE)
    if ending.device == NONE:
        return not_proven(rule, ending, _no_device(snapshot, ending))
    if lines.protection[ending.device] == Protection.FUSE_GG:
        reason = f"line {lines.line_id[ending.device]} has a fuse, unknown above 1 kV"
        return not_proven(rule, ending, reason)
    return _check_pick_up(snapshot, rule, ending)


def check_feeder(
    snapshot: Snapshot, catalogue: Catalogue, currents: ShortCircuits, line: int
) -> Finding:
    """Return whether the relay at a line reaches the farthest point of its zone."""
    ending = farthest_relay_ending(snapshot, currents, line)
    return check_medium_voltage(snapshot, catalogue, ending)


def check_mains(
    snapshot: Snapshot, catalogue: Catalogue, currents: ShortCircuits
) -> tuple[Finding, ...]:
    """Findings of every recorded low-voltage device at the farthest place of its zone."""
    lines, buses = snapshot.grid.lines, snapshot.grid.buses
    recorded = np.flatnonzero(lines.protection != Protection.UNKNOWN)
    is_low = buses.nominal_voltage_v[lines.from_bus[recorded]] < MEDIUM_VOLTAGE_V
    return tuple(
        check_low_voltage(snapshot, catalogue, farthest_loop_ending(snapshot, currents, int(line)))
        for line in recorded[is_low]
    )


def not_proven(rule: Rule, ending: Ending, reason: str) -> Finding:
    """State what must be found out before a device is proven to protect a place."""
    return rule.unknown(
        element=ending.name, text=f"{rule.title} is not proven at {ending.name}: {reason}"
    )


def _check_breaker(snapshot: Snapshot, catalogue: Catalogue, ending: Ending) -> Finding:
    rule = catalogue.rule(BREAKER_RULE)
    finding = _check_pick_up(snapshot, rule, ending)
    return replace(finding, confidence=_weakest(catalogue, rule.confidence))


def _check_pick_up(snapshot: Snapshot, rule: Rule, ending: Ending) -> Finding:
    """Compare the smallest current over the pick-up with the reach that the rule asks for."""
    if reason := _missing(snapshot, ending):
        return not_proven(rule, ending, reason)
    lines = snapshot.grid.lines
    element = f"line {lines.line_id[ending.device]}"
    pick_up_a = float(lines.protection_current_a[ending.device])
    current_a = ending.current_ka * 1e3
    reach = current_a / pick_up_a
    finding = rule.measure(
        reach,
        element=element,
        text=f"{rule.title}: {current_a:.0f} A at {ending.name} are {reach:.2f} times the pick-up "
        f"of {pick_up_a:g} A at {element}, asked for are {rule.value:g} times",
    )
    return _unless_hidden(snapshot, finding, ending)


def _missing(snapshot: Snapshot, ending: Ending) -> str:
    """Say what is missing to judge a recorded device; nothing is an empty text."""
    lines = snapshot.grid.lines
    line = lines.line_id[ending.device]
    if not lines.protection_current_a[ending.device] > 0:
        return f"the rated current or pick-up of the device at line {line} is unknown"
    if ending.why_unknown:
        return ending.why_unknown
    if ending.is_shared:
        return f"line {line} is part of a loop, where other devices carry a part of the current"
    return ""


def _no_device(snapshot: Snapshot, ending: Ending) -> str:
    if ending.unrecorded == NONE:
        return "no line on the way to it holds a recorded device"
    line = snapshot.grid.lines.line_id[ending.unrecorded]
    return f"the device at the feeding end of line {line} is unknown"


def _unless_hidden(snapshot: Snapshot, finding: Finding, ending: Ending) -> Finding:
    """Take a violation back where a device that nobody recorded may stand nearer."""
    if finding.severity is not Severity.VIOLATION or ending.unrecorded == NONE:
        return finding
    line = snapshot.grid.lines.line_id[ending.unrecorded]
    return replace(
        finding,
        severity=Severity.SURVEY,
        text=f"{finding.text}; not proven, for a nearer device may stand at the feeding end of "
        f"line {line}, where it is unknown",
    )


def _weakest(catalogue: Catalogue, *confidences: str) -> str:
    """The least sure of some confidences and of those behind a single-phase fault current."""
    behind = [catalogue.rule(rule_id).confidence for rule_id in TRANSFORMER_RULES]
    return max([*confidences, *behind], key=CONFIDENCES.index)
