"""The standard conductor for a demand, and why each smaller one fails."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from gisplan.electrical.sizing.derating import derated_current_a
from gisplan.electrical.sizing.withstand import duration_rule, not_proven_text, section_min_mm2
from gisplan.errors import InputError
from gisplan.model.grid import Floats
from gisplan.rules.catalogue import Catalogue, ConductorType
from gisplan.units import three_phase_current_a

Length = TypeVar("Length", float, Floats)

SINGLE_PHASE_DROP = 6.0
"""Drop of a single-phase demand over that of a balanced one: three times the current, both ways."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SizedConductor:
    """One choice and how it fares; ``reasons`` say why it fails, none where it does.

    ``rated_current_a`` is that of all parallel systems together, derated; ``section_min_mm2`` what
    one system needs for the short circuit, ``None`` where its current is unknown.
    """

    conductor: ConductorType
    parallel_count: int
    rated_current_a: float
    loading_ratio: float
    voltage_drop_pct: float
    section_min_mm2: float | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SizingResult:
    """The smallest admissible choice, ``None`` where all fail, and the smaller ones that do.

    ``not_proven`` says what could not be judged: the choice holds without it.
    """

    chosen: SizedConductor | None
    rejected: tuple[SizedConductor, ...]
    not_proven: tuple[str, ...]

    @property
    def conductor(self) -> ConductorType | None:
        """Conductor of the choice."""
        return None if self.chosen is None else self.chosen.conductor

    @property
    def parallel_count(self) -> int:
        """Parallel systems of the choice, zero where all fail."""
        return 0 if self.chosen is None else self.chosen.parallel_count


@dataclass(frozen=True, slots=True, kw_only=True)
class _Duty:
    """What is asked of a conductor: a trunk of a ring, ``leg_count`` 2, keeps its section."""

    active_power_kw: float
    reactive_power_kvar: float
    current_a: float
    current_ratio_max: float
    length_m: float
    nominal_voltage_v: float
    drop_factor: float
    drop_max_pct: float
    leg_count: int
    trunk_section_mm2: float
    short_circuit_ka: float | None


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


def design_current_a(
    catalogue: Catalogue,
    *,
    voltage_level: str,
    nominal_voltage_v: float,
    demand_kva: float,
    phase_count: int = 3,
) -> float:
    """Return the current of a demand at the lowest voltage that is allowed.

    A conductor that carries it is never found overloaded by the power flow of a state that keeps
    its voltage limits. A single-phase demand draws three times the current of a balanced one.
    """
    lowest_pu = catalogue.value(f"voltage.{voltage_level}_min_pu")
    return three_phase_current_a(
        apparent_power_kva=demand_kva * 3 / phase_count,
        nominal_voltage_v=nominal_voltage_v * lowest_pu,
    )


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
    phase_count: int = 3,
    leg_count: int = 1,
    trunk_section_mm2: float = 0.0,
    short_circuit_ka: float | None = None,
) -> SizingResult:
    """Choose the smallest standard conductor of a role that carries a demand.

    Single systems come before parallel ones, each by section. The drop is that of a load with
    lagging power factor; feed-in of the same power raises the voltage by less.

    Parameters
    ----------
    leg_count
        Legs of a loop-in; they lie in one trench and warm each other.
    trunk_section_mm2
        Section that a ring keeps, whatever the demand; zero where nothing is looped in.
    short_circuit_ka
        Largest initial short-circuit current at the access point; ``None`` where it is unknown,
        which the result tells as not proven.

    Raises
    ------
    InputError
        If a number is not positive.
    """
    _check_demand(demand_kva, length_m, nominal_voltage_v, power_factor)
    duty = _Duty(
        active_power_kw=demand_kva * power_factor,
        reactive_power_kvar=demand_kva * math.sqrt(1 - power_factor**2),
        current_a=design_current_a(
            catalogue,
            voltage_level=voltage_level,
            nominal_voltage_v=nominal_voltage_v,
            demand_kva=demand_kva,
            phase_count=phase_count,
        ),
        current_ratio_max=catalogue.value("loading.line_max"),
        length_m=length_m,
        nominal_voltage_v=nominal_voltage_v,
        drop_factor=SINGLE_PHASE_DROP if phase_count == 1 else 1.0,
        drop_max_pct=drop_max_pct,
        leg_count=leg_count,
        trunk_section_mm2=trunk_section_mm2,
        short_circuit_ka=short_circuit_ka,
    )
    rejected: list[SizedConductor] = []
    for conductor, count in _choices(catalogue, voltage_level, role):
        sized = _sized(catalogue, duty, conductor, count)
        if not sized.reasons:
            unknown = (not_proven_text(conductor),) if short_circuit_ka is None else ()
            return SizingResult(chosen=sized, rejected=tuple(rejected), not_proven=unknown)
        rejected.append(sized)
    return SizingResult(chosen=None, rejected=tuple(rejected), not_proven=())


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


def _sized(
    catalogue: Catalogue, duty: _Duty, conductor: ConductorType, count: int
) -> SizedConductor:
    systems = count * duty.leg_count
    rated_a = count * derated_current_a(catalogue, conductor, system_count=systems)
    drop_pct = duty.drop_factor * voltage_drop_pct(
        active_power_kw=duty.active_power_kw / count,
        reactive_power_kvar=duty.reactive_power_kvar / count,
        length_m=duty.length_m,
        resistance_ohm_per_km=conductor.resistance_ohm_per_km,
        reactance_ohm_per_km=conductor.reactance_ohm_per_km,
        nominal_voltage_v=duty.nominal_voltage_v,
    )
    needed_mm2 = None
    if duty.short_circuit_ka is not None:
        needed_mm2 = section_min_mm2(catalogue, conductor, duty.short_circuit_ka)
    return SizedConductor(
        conductor=conductor,
        parallel_count=count,
        rated_current_a=rated_a,
        loading_ratio=duty.current_a / rated_a,
        voltage_drop_pct=drop_pct,
        section_min_mm2=needed_mm2,
        reasons=(
            *_trunk_reason(duty, conductor),
            *_ampacity_reason(duty, rated_a),
            *_drop_reason(duty, drop_pct),
            *_withstand_reason(catalogue, duty, conductor, needed_mm2),
        ),
    )


def _trunk_reason(duty: _Duty, conductor: ConductorType) -> tuple[str, ...]:
    if conductor.section_mm2 >= duty.trunk_section_mm2:
        return ()
    return (f"ring trunk: {conductor.section_mm2:g} mm2, kept {duty.trunk_section_mm2:g} mm2",)


def _ampacity_reason(duty: _Duty, rated_a: float) -> tuple[str, ...]:
    allowed_a = rated_a * duty.current_ratio_max
    if duty.current_a <= allowed_a:
        return ()
    return (f"ampacity: {duty.current_a:.0f} A at the lowest voltage, allowed {allowed_a:.0f} A",)


def _drop_reason(duty: _Duty, drop_pct: float) -> tuple[str, ...]:
    if drop_pct <= duty.drop_max_pct:
        return ()
    return (f"voltage drop: {drop_pct:.2f} %, allowed {duty.drop_max_pct:.2f} %",)


def _withstand_reason(
    catalogue: Catalogue, duty: _Duty, conductor: ConductorType, needed_mm2: float | None
) -> tuple[str, ...]:
    if needed_mm2 is None or needed_mm2 <= conductor.section_mm2:
        return ()
    duration_s = duration_rule(catalogue, conductor).value
    return (
        f"short circuit: {duty.short_circuit_ka:.1f} kA for {duration_s:g} s need "
        f"{needed_mm2:.0f} mm2, has {conductor.section_mm2:g} mm2",
    )


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
