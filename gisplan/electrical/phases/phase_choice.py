"""The phase that a single-phase customer gets: the one that uses up least of what is allowed."""

from __future__ import annotations

import math

from gisplan.electrical.phases.asymmetric_result import HIGHEST, LOWEST, PhaseResult
from gisplan.rules.catalogue import Catalogue

ALIKE = 6
"""Decimals to which uses count as equal; the first of equal phases is taken."""


def assign_phase(phases: tuple[PhaseResult, ...], catalogue: Catalogue) -> str:
    """Return the best phase: compare the tightest limit first, then the next tightest, and so on.

    The use of a limit is the part of it that is taken: loading or unbalance over the limit, voltage
    deviation from nominal over the deviation that is allowed.
    """
    return min(phases, key=lambda one: (_uses(one, catalogue), one.phase)).phase


def _uses(result: PhaseResult, catalogue: Catalogue) -> list[float]:
    if not result.converged:
        return [math.inf]
    measured = [(worst.rule, worst.value) for worst in result.worst]
    measured.append((LOWEST, result.voltage_at_customer_pu))
    measured.append((HIGHEST, result.voltage_at_customer_max_pu))
    uses = [_use(rule, value, catalogue.value(rule)) for rule, value in measured]
    return sorted((round(use, ALIKE) for use in uses), reverse=True)


def _use(rule: str, value: float, limit: float) -> float:
    if rule in {LOWEST, HIGHEST}:
        return (value - 1) / (limit - 1)
    return value / limit
