"""The standard conductor for a demand: ampacity and voltage drop, and why smaller ones fail."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from gisplan.errors import InputError
from gisplan.model.grid import Floats
from gisplan.rules.catalogue import Catalogue, ConductorType
from gisplan.units import three_phase_current_a

Length = TypeVar("Length", float, Floats)


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedConductor:
    """A smaller choice and why it fails; ratios and drops are those that it would have."""

    conductor: ConductorType
    parallel_count: int
    loading_ratio: float
    voltage_drop_pct: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SizingResult:
    """The smallest admissible choice; ``conductor`` is ``None`` where all fail."""

    conductor: ConductorType | None
    parallel_count: int
    loading_ratio: float
    voltage_drop_pct: float
    rejected: tuple[RejectedConductor, ...]


def voltage_drop_pct(
    *,
    active_power_kw: float,
    reactive_power_kvar: float,
    length_m: Length,
    resistance_ohm_per_km: float,
    reactance_ohm_per_km: float,
    nominal_voltage_v: float,
) -> Length:
    """Voltage drop of a balanced three-phase line, linearised: (R P + X Q) / U².

    ``length_m`` is one length or an array of them; the drop has its shape.

    References
    ----------
    IEC 60364-5-52:2009, annex G (voltage drop in installations), for three phases and as a ratio.
    """
    drop_v2_per_m = (
        resistance_ohm_per_km * active_power_kw + reactance_ohm_per_km * reactive_power_kvar
    )
    return length_m * (drop_v2_per_m / nominal_voltage_v**2 * 100)


def size_conductor(
    catalogue: Catalogue,
    *,
    voltage_level: str,
    role: str,
    demand_kva: float,
    length_m: float,
    nominal_voltage_v: float,
    power_factor: float,
    drop_max_pct: float,
) -> SizingResult:
    """Choose the smallest standard conductor of a role that carries a demand.

    Single systems come before parallel ones, each by section. The drop is that of a load with
    lagging power factor; feed-in of the same power raises the voltage by less.

    Raises
    ------
    InputError
        If a number is not positive.
    """
    _check_demand(demand_kva, length_m, nominal_voltage_v, power_factor)
    active_kw = demand_kva * power_factor
    reactive_kvar = demand_kva * math.sqrt(1 - power_factor**2)
    current = three_phase_current_a(
        apparent_power_kva=demand_kva, nominal_voltage_v=nominal_voltage_v
    )
    rejected: list[RejectedConductor] = []
    for conductor, count in _choices(catalogue, voltage_level, role):
        loading = current / (conductor.rated_current_a * count)
        drop = voltage_drop_pct(
            active_power_kw=active_kw / count,
            reactive_power_kvar=reactive_kvar / count,
            length_m=length_m,
            resistance_ohm_per_km=conductor.resistance_ohm_per_km,
            reactance_ohm_per_km=conductor.reactance_ohm_per_km,
            nominal_voltage_v=nominal_voltage_v,
        )
        reasons = _reasons(current, conductor.rated_current_a * count, drop, drop_max_pct)
        if not reasons:
            return SizingResult(
                conductor=conductor,
                parallel_count=count,
                loading_ratio=loading,
                voltage_drop_pct=drop,
                rejected=tuple(rejected),
            )
        rejected.append(
            RejectedConductor(
                conductor=conductor,
                parallel_count=count,
                loading_ratio=loading,
                voltage_drop_pct=drop,
                reasons=reasons,
            )
        )
    return SizingResult(
        conductor=None,
        parallel_count=0,
        loading_ratio=math.nan,
        voltage_drop_pct=math.nan,
        rejected=tuple(rejected),
    )


def _choices(
    catalogue: Catalogue, voltage_level: str, role: str
) -> Iterator[tuple[ConductorType, int]]:
    """Conductors with a number of parallel systems, single ones first, then by section."""
    conductors = catalogue.conductors(voltage_level, role)
    most = max(conductor.max_parallel_count for conductor in conductors)
    for count in range(1, most + 1):
        for conductor in conductors:
            if count <= conductor.max_parallel_count:
                yield conductor, count


def _reasons(
    current: float, rated_current_a: float, drop_pct: float, drop_max_pct: float
) -> tuple[str, ...]:
    reasons = []
    if current > rated_current_a:
        reasons.append(f"ampacity: {current:.0f} A, rated {rated_current_a:.0f} A")
    if drop_pct > drop_max_pct:
        reasons.append(f"voltage drop: {drop_pct:.2f} %, allowed {drop_max_pct:.2f} %")
    return tuple(reasons)


def _check_demand(
    demand_kva: float, length_m: float, nominal_voltage_v: float, power_factor: float
) -> None:
    numbers = (demand_kva, length_m, nominal_voltage_v, power_factor)
    if not all(math.isfinite(number) for number in numbers) or (
        demand_kva <= 0 or length_m < 0 or nominal_voltage_v <= 0 or not 0 < power_factor <= 1
    ):
        raise InputError(
            f"cannot size a conductor for {demand_kva} kVA over {length_m} m at "
            f"{nominal_voltage_v} V, power factor {power_factor}; expected positive numbers and a "
            "power factor up to 1"
        )
