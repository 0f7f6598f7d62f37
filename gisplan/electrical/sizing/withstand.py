"""What a conductor withstands in a short circuit, from the constants of its material."""

from __future__ import annotations

import math

from gisplan.errors import InputError
from gisplan.model.option import Finding, Severity
from gisplan.rules.catalogue import Catalogue, ConductorType, Rule

WITHSTAND_RULE = "conductor.withstand"
DURATION_RULES = {"lv": "short_circuit.lv_duration_s", "mv": "short_circuit.mv_duration_s"}
CLAUSE = "IEC 60949:1988, adiabatic"


def withstand_constant(catalogue: Catalogue, conductor: ConductorType) -> float:
    """Return k in A*sqrt(s)/mm2: the density that heats the conductor to its limit in 1 s.

    k = K sqrt(ln((beta + final temperature) / (beta + initial temperature))), without heat loss
    to the insulation (on the safe side) and from the highest temperature in operation.

    References
    ----------
    IEC 60949:1988, clause 3 (adiabatic short-circuit current); IEC 60364-5-54:2011, annex A.
    """
    material = catalogue.material(conductor.material)
    heat = catalogue.insulation(conductor.insulation, conductor.section_mm2)
    beta = material.zero_resistance_k
    ratio = (beta + heat.final_temperature_c) / (beta + heat.initial_temperature_c)
    return material.adiabatic_constant * math.sqrt(math.log(ratio))


def duration_rule(catalogue: Catalogue, conductor: ConductorType) -> Rule:
    """Return how long a short circuit lasts at the conductor's voltage level."""
    return catalogue.rule(DURATION_RULES[conductor.voltage_level])


def section_min_mm2(
    catalogue: Catalogue, conductor: ConductorType, short_circuit_ka: float
) -> float:
    """Return the least section that withstands a current, Ik'' sqrt(t) / k.

    The current is taken as constant (m + n = 1). Parallel systems do not share it: a short circuit
    at the end of one of them is fed through that one alone (IEC 60364-4-43:2008, clause 434.4).

    Raises
    ------
    InputError
        If the current is no number or negative.
    """
    if not (math.isfinite(short_circuit_ka) and short_circuit_ka >= 0):
        raise InputError(
            f"short-circuit current is {short_circuit_ka} kA; expected a number from zero, or none "
            "where it is unknown"
        )
    root_s = math.sqrt(duration_rule(catalogue, conductor).value)
    return short_circuit_ka * 1e3 * root_s / withstand_constant(catalogue, conductor)


def withstand_ka(catalogue: Catalogue, conductor: ConductorType) -> float:
    """Return the current that one system withstands for the duration of its voltage level."""
    constant = withstand_constant(catalogue, conductor)
    root_s = math.sqrt(duration_rule(catalogue, conductor).value)
    return constant * conductor.section_mm2 / root_s / 1e3


def check_withstand(
    catalogue: Catalogue, conductor: ConductorType, *, short_circuit_ka: float | None, element: str
) -> Finding:
    """Return whether a new conductor withstands the largest short-circuit current at its start.

    ``None`` for the current asks for a survey: what is unknown is not proven.
    """
    rule = duration_rule(catalogue, conductor)
    if short_circuit_ka is None:
        return Finding(
            rule=WITHSTAND_RULE,
            severity=Severity.SURVEY,
            element=element,
            text=not_proven_text(conductor),
            unit="kA",
            clause=CLAUSE,
            confidence=rule.confidence,
        )
    needed_mm2 = section_min_mm2(catalogue, conductor, short_circuit_ka)
    limit_ka = withstand_ka(catalogue, conductor)
    fits = needed_mm2 <= conductor.section_mm2
    return Finding(
        rule=WITHSTAND_RULE,
        severity=Severity.INFO if fits else Severity.VIOLATION,
        element=element,
        text=f"Short-circuit withstand of {conductor.name}: {short_circuit_ka:.2f} kA for "
        f"{rule.value:g} s needs {needed_mm2:.1f} mm2, it has {conductor.section_mm2:g} mm2",
        measured=short_circuit_ka,
        limit=limit_ka,
        margin=limit_ka - short_circuit_ka,
        unit="kA",
        clause=CLAUSE,
        confidence=rule.confidence,
    )


def not_proven_text(conductor: ConductorType) -> str:
    """Say that the withstand is not proven and why."""
    return (
        f"Short-circuit withstand of {conductor.name} is not proven: the short-circuit current at "
        "the access point is unknown"
    )
