"""Conversions between electrical quantities of balanced three-phase systems."""

from __future__ import annotations

import math

SQRT_3 = math.sqrt(3.0)


def active_and_reactive_power(
    *, apparent_power_kva: float, power_factor: float
) -> tuple[float, float]:
    """Split apparent power into active (kW) and lagging reactive power (kvar)."""
    active_power_kw = apparent_power_kva * power_factor
    return active_power_kw, apparent_power_kva * math.sqrt(1.0 - power_factor**2)


def three_phase_current_a(*, apparent_power_kva: float, nominal_voltage_v: float) -> float:
    """Return the current of a balanced three-phase demand at nominal voltage."""
    return apparent_power_kva * 1000.0 / (SQRT_3 * nominal_voltage_v)
