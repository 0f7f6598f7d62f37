"""Disturbing loads at the point of common coupling: voltage change, flicker, unbalance.

    d = |dS| / Sk'' cos(psi_k - phi)                      relative voltage change
    Pst = 0.36 d F r^(1/3.2)                              d in %, r in changes a minute
    u2/u1 = S / Sk''                                      demand on one phase or between two

Sk'' and psi_k are the three-phase short-circuit power and the angle of the network impedance there,
dS and phi the step of apparent power and its angle. Pst is that of a ten-minute interval; where
changes are rarer than one in ten minutes only some intervals hold one, and Plt over two hours is
the cube-root mean. Assumptions: balanced background, constant impedance, no other disturbing load.

References
----------
IEC 61000-3-11:2017 and D-A-CH-CZ, Technical rules for the assessment of network disturbances,
3rd ed., 2021 (voltage change from short-circuit power); IEC 61000-3-3:2013, 6.3.2 (analytical
method: Pst = (2.3 N / 600 s)^(1/3.2) F d for N changes in ten minutes); IEC TR 61000-3-7:2008
(flicker, summation over time).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gisplan.model.option import Finding, Severity
from gisplan.rules.catalogue import Catalogue, Rule

MVA = 1e3
FLICKER_COEFFICIENT = 0.36
FLICKER_EXPONENT = 3.2
INTERVALS_PER_HOUR = 6
LONG_TERM_INTERVALS = 12
"""Plt covers two hours of ten-minute intervals."""
ALL_PHASES = 3

STEP_LIMITS = (
    ("quality.step_rate_per_hour.rare", "quality.step_max_pct.rare"),
    ("quality.step_rate_per_hour.seldom", "quality.step_max_pct.seldom"),
    ("quality.step_rate_per_hour.often", "quality.step_max_pct.often"),
)
"""Up to this rate this limit, from the rarest on; above all of them the strictest."""
STRICTEST_STEP = "quality.step_max_pct.constant"
UNBALANCE_RULE = "quality.unbalance_customer_max_pct"
SHORT_TERM = "quality.flicker_pst_max"
LONG_TERM = "quality.flicker_plt_max"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """A change of apparent power; ``angle_deg`` is its phase angle, NaN where unknown."""

    name: str
    power_kva: float
    angle_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """The largest voltage change and how often it happens; ``None`` where that is unknown."""

    name: str
    change_pct: float
    per_hour: float | None


def check_disturbance(
    catalogue: Catalogue,
    *,
    element: str,
    voltage_level: str,
    short_circuit_power_mva: float,
    angle_deg: float,
    phase_count: int = ALL_PHASES,
    largest_motor_kw: float | None = None,
    largest_step_kva: float | None = None,
    steps_per_hour: float | None = None,
    single_phase_kva: float | None = None,
) -> tuple[Finding, ...]:
    """Judge what a customer does to the voltage of others; nothing where nothing disturbs.

    Parameters
    ----------
    element
        Point of common coupling, for example ``"bus lv/12"``.
    voltage_level
        ``"lv"`` or ``"mv"``.
    short_circuit_power_mva, angle_deg
        Smallest three-phase short-circuit power there and the angle of the network impedance; NaN
        where unknown. Without the angle the step counts in full.
    phase_count
        Phases that the motor or step uses.
    largest_motor_kw
        Shaft power of the largest motor that starts directly.
    steps_per_hour
        Voltage changes an hour; a motor start is one.
    single_phase_kva
        Steady demand on one phase or between two.
    """
    steps = list(_steps(catalogue, largest_motor_kw, largest_step_kva))
    if not (math.isfinite(short_circuit_power_mva) and short_circuit_power_mva > 0):
        return tuple(_unknown(catalogue, element, bool(steps), bool(single_phase_kva)))
    changes = {
        step.name: _phase_factor(catalogue, phase_count)
        * voltage_change_pct(
            step_kva=step.power_kva,
            step_angle_deg=step.angle_deg,
            short_circuit_power_mva=short_circuit_power_mva,
            network_angle_deg=angle_deg,
        )
        for step in steps
    }
    findings: list[Finding] = []
    if changes:
        name = max(changes, key=lambda step: changes[step])
        change = _Change(name=name, change_pct=changes[name], per_hour=steps_per_hour)
        findings += _check_step(catalogue, element, voltage_level, change)
        findings += _check_flicker(catalogue, element, change)
    if single_phase_kva:
        unbalance_pct = 100 * single_phase_kva / (short_circuit_power_mva * MVA)
        findings.append(catalogue.rule(UNBALANCE_RULE).measure(unbalance_pct, element=element))
    return tuple(findings)


def _phase_factor(catalogue: Catalogue, phase_count: int) -> float:
    balanced = phase_count == ALL_PHASES
    return 1.0 if balanced else catalogue.value("quality.single_phase_step_factor")


def voltage_change_pct(
    *,
    step_kva: float,
    step_angle_deg: float,
    short_circuit_power_mva: float,
    network_angle_deg: float,
) -> float:
    """Relative voltage change of a balanced step in percent; an unknown angle counts in full."""
    turned = math.radians(network_angle_deg - step_angle_deg)
    alignment = 1.0 if math.isnan(turned) else abs(math.cos(turned))
    return 100 * step_kva / (short_circuit_power_mva * MVA) * alignment


def short_term_flicker(*, change_pct: float, shape_factor: float, changes_per_hour: float) -> float:
    """Pst of a ten-minute interval that holds changes; at least one."""
    per_minute = max(changes_per_hour, INTERVALS_PER_HOUR) / 60
    slowed = float(per_minute ** (1 / FLICKER_EXPONENT))
    return FLICKER_COEFFICIENT * change_pct * shape_factor * slowed


def long_term_flicker(*, short_term: float, changes_per_hour: float) -> float:
    """Plt of the two hours that hold most changes, one interval at least."""
    within = changes_per_hour * LONG_TERM_INTERVALS / INTERVALS_PER_HOUR
    disturbed = min(max(within, 1.0), LONG_TERM_INTERVALS) / LONG_TERM_INTERVALS
    return float(short_term * disturbed ** (1 / 3))


def _steps(catalogue: Catalogue, motor_kw: float | None, step_kva: float | None) -> Iterator[_Step]:
    if motor_kw:
        rated_kva = motor_kw * catalogue.value("motor.rated_kva_per_kw")
        yield _Step(
            name=f"start of a motor of {motor_kw:g} kW",
            power_kva=rated_kva * catalogue.value("motor.start_current_ratio"),
            angle_deg=math.degrees(math.acos(catalogue.value("motor.start_power_factor"))),
        )
    if step_kva:
        yield _Step(name=f"step of {step_kva:g} kVA", power_kva=step_kva, angle_deg=math.nan)


def _unknown(
    catalogue: Catalogue, element: str, has_steps: bool, has_unbalance: bool
) -> Iterator[Finding]:
    """Say what cannot be judged without the short-circuit power."""
    asked = [(STRICTEST_STEP, has_steps), (SHORT_TERM, has_steps), (LONG_TERM, has_steps)]
    for rule_id, is_asked in [*asked, (UNBALANCE_RULE, has_unbalance)]:
        if is_asked:
            rule = catalogue.rule(rule_id)
            yield rule.unknown(
                element=element,
                text=f"{rule.title}: not proven, because the short-circuit power at {element} is "
                "unknown; find out the short-circuit power of the source",
            )


def _check_step(
    catalogue: Catalogue, element: str, voltage_level: str, change: _Change
) -> list[Finding]:
    """Compare with the limit of the rate; where that is unknown, with the strictest."""
    rule = _at_level(catalogue, voltage_level, _step_rule(catalogue, change.per_hour))
    text = (
        f"{rule.title}: {change.name} changes the voltage at {element} by "
        f"{change.change_pct:.2f} %, allowed is at most {rule.value:.2f} %"
    )
    finding = rule.measure(change.change_pct, element=element, text=text)
    if change.per_hour is not None or finding.severity is not Severity.VIOLATION:
        return [finding]
    loosest = _at_level(catalogue, voltage_level, catalogue.rule(STEP_LIMITS[0][1]))
    if change.change_pct > loosest.value:
        return [finding]
    text = f"{text} at any rate and {loosest.value:.2f} % for rare ones; ask how often it happens"
    return [replace(finding, severity=Severity.SURVEY, text=text)]


def _step_rule(catalogue: Catalogue, steps_per_hour: float | None) -> Rule:
    if steps_per_hour is not None:
        for rate_rule, limit_rule in STEP_LIMITS:
            if steps_per_hour <= catalogue.value(rate_rule):
                return catalogue.rule(limit_rule)
    return catalogue.rule(STRICTEST_STEP)


def _at_level(catalogue: Catalogue, voltage_level: str, rule: Rule) -> Rule:
    """Limits stand in the catalogue for low voltage; what happens above is seen by more people."""
    if voltage_level == "lv":
        return rule
    return replace(rule, value=rule.value * catalogue.value("quality.step_mv_factor"))


def _check_flicker(catalogue: Catalogue, element: str, change: _Change) -> list[Finding]:
    short, long = catalogue.rule(SHORT_TERM), catalogue.rule(LONG_TERM)
    if change.per_hour is None:
        return [
            rule.unknown(
                element=element,
                text=f"{rule.title}: not proven, because it is unknown how often the {change.name} "
                "happens; ask the customer",
            )
            for rule in (short, long)
        ]
    short_term = short_term_flicker(
        change_pct=change.change_pct,
        shape_factor=catalogue.value("quality.flicker_shape_factor"),
        changes_per_hour=change.per_hour,
    )
    long_term = long_term_flicker(short_term=short_term, changes_per_hour=change.per_hour)
    return [short.measure(short_term, element=element), long.measure(long_term, element=element)]
