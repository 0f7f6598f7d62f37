"""Rows of the catalogue: rules, conductors and their materials, equipment, works, coincidence.

The annotations are the constraints that a file is read against; inside, the rows are plain facts.
A rule holds the number, the code that asks it holds the comparison, and the finding carries both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from gisplan.errors import CatalogueError
from gisplan.model.option import Finding, Severity

Confidence = Literal["official", "secondary", "practice", "unverified"]
Sense = Literal["max", "min", "value"]
VoltageLevel = Literal["lv", "mv"]
ConductorRole = Literal["service", "main", "branch", "trunk", "overhead"]
MaterialName = Literal["al", "cu"]
InsulationName = Literal["pvc", "xlpe", "bare"]
Level = Literal["service", "main", "transformer", "feeder", "substation"]
LoadCase = Literal["load", "feed_in"]
EquipmentKind = Literal[
    "existing_service",
    "service_joint",
    "cabinet_fuse_way",
    "transformer_fuse_way",
    "spare_bay",
    "loop_in",
    "tee_off",
    "substation_bay",
]
SurfaceName = Literal["asphalt", "paving", "verge", "open_ground"]
LayingName = Literal[
    "direct_burial",
    "duct",
    "trough",
    "drilling",
    "overhead_span",
    "free_duct",
    "open_trench",
]
CrossingKind = Literal["street", "road", "rail", "water"]
AccessoryKind = Literal["joint", "termination", "line_pole", "angle_pole", "terminal_pole"]
ClassName = Literal[
    "household",
    "heat_pump",
    "ev_charging",
    "commercial",
    "industrial",
    "aggregate",
    "generation",
]

LEVELS: tuple[Level, ...] = ("service", "main", "transformer", "feeder", "substation")
DIMENSIONLESS = "1"

NAME = Annotated[str, Field(min_length=1)]
FINITE = Annotated[float, Field(allow_inf_nan=False)]
POSITIVE = Annotated[float, Field(gt=0, allow_inf_nan=False)]
PRICE = Annotated[float, Field(ge=0, allow_inf_nan=False)]
COUNT = Annotated[int, Field(ge=1)]
WHOLE = Annotated[int, Field(ge=0)]
RATIO = Annotated[float, Field(gt=0, le=1)]
DATE = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]

STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One limit or parameter with its origin; unit ``"1"`` marks a ratio.

    ``valid_from`` and ``valid_to`` are ISO 8601 dates, both inclusive.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    rule_id: NAME
    title: NAME
    value: FINITE
    unit: NAME
    sense: Sense
    applies_to: NAME
    source: NAME
    clause: str
    valid_from: DATE
    valid_to: DATE | None = None
    confidence: Confidence

    def measure(self, measured: float, *, element: str, text: str | None = None) -> Finding:
        """Compare a measured value with the limit; what cannot be measured is told as unknown.

        Parameters
        ----------
        measured
            In the rule's unit; NaN gives the finding of :meth:`unknown`.
        element
            What was measured, for example ``"line lv/12"``.
        text
            Replaces the sentence that is built from title, numbers and units.

        Raises
        ------
        CatalogueError
            If the rule is a parameter (sense ``value``), which nothing can breach.
        """
        if self.sense == "value":
            raise CatalogueError(
                f"rule {self.rule_id} is a parameter, not a limit to measure against"
            )
        if math.isnan(measured):
            return self.unknown(
                element=element, text=text or f"{self.title}: not known at {element}"
            )
        margin = self.value - measured if self.sense == "max" else measured - self.value
        severity = Severity.INFO if margin >= 0 else Severity.VIOLATION
        sentence = text or self._sentence(measured, element)
        return self._finding(severity, element, sentence, measured, margin)

    def unknown(self, *, element: str, text: str) -> Finding:
        """State what a survey must find out before the rule can be judged."""
        return self._finding(Severity.SURVEY, element, text, None, None)

    def _finding(
        self,
        severity: Severity,
        element: str,
        text: str,
        measured: float | None,
        margin: float | None,
    ) -> Finding:
        return Finding(
            rule=self.rule_id,
            severity=severity,
            element=element,
            text=text,
            measured=measured,
            limit=None if measured is None else self.value,
            margin=margin,
            unit="" if self.unit == DIMENSIONLESS else self.unit,
            clause=self.clause or self.source,
            confidence=self.confidence,
        )

    def _sentence(self, measured: float, element: str) -> str:
        found, limit = _format_pair(measured, self.value, self.unit)
        bound = "at most" if self.sense == "max" else "at least"
        return f"{self.title}: {found} at {element}, allowed is {bound} {limit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConductorType:
    """A standard conductor; ``cost_per_m`` is the conductor laid in an open trench.

    ``rated_current_a`` is that of one system alone under the stated laying condition. Zero-sequence
    values are ``None`` where unknown, as they are wherever they hang on how screens are earthed.
    ``core_count`` and ``outer_diameter_mm`` are those of one cable (a system of single-core cables
    has three); ``None`` where unknown.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    conductor_id: NAME
    name: NAME
    voltage_level: VoltageLevel
    installation: Literal["cable", "overhead"]
    roles: Annotated[tuple[ConductorRole, ...], Field(min_length=1)]
    section_mm2: POSITIVE
    resistance_ohm_per_km: POSITIVE
    reactance_ohm_per_km: POSITIVE
    capacitance_nf_per_km: PRICE
    rated_current_a: POSITIVE
    cost_per_m: PRICE
    max_parallel_count: COUNT
    material: MaterialName
    insulation: InsulationName
    zero_resistance_ohm_per_km: PRICE | None = None
    zero_reactance_ohm_per_km: PRICE | None = None
    core_count: COUNT | None = None
    outer_diameter_mm: POSITIVE | None = None
    source: NAME
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class ConductorMaterial:
    """What a material withstands in a short circuit without heat loss.

    ``adiabatic_constant`` is K in A*sqrt(s)/mm2; ``zero_resistance_k`` is beta, the reciprocal of
    the temperature coefficient of resistance at 0 degC, in kelvin.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    material: MaterialName
    adiabatic_constant: POSITIVE
    zero_resistance_k: POSITIVE
    source: NAME
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class InsulationType:
    """Temperatures of a conductor in operation and at the end of a short circuit.

    They hold for sections above ``section_above_mm2``, up to the next row of the insulation.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    insulation: InsulationName
    section_above_mm2: PRICE
    initial_temperature_c: POSITIVE
    final_temperature_c: POSITIVE
    source: NAME
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class FuseType:
    """When a gG fuse of a rating has cleared at the latest, as points of its time-current curve.

    ``fusing_current_a`` clears within ``fusing_time_s`` (the conventional ones), the other currents
    within 5 s and within 0.1 s.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    rated_current_a: POSITIVE
    fusing_current_a: POSITIVE
    fusing_time_s: POSITIVE
    current_5s_a: POSITIVE
    current_100ms_a: POSITIVE
    source: NAME
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class EquipmentType:
    """What is installed at an access point of one kind, with everything needed to make it one.

    ``terminations_per_cable`` is how many ends of each new cable system are terminated beside that:
    two, or one where the other end is a joint that belongs to the equipment.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    equipment_id: NAME
    name: NAME
    kind: EquipmentKind
    voltage_level: VoltageLevel
    cost: PRICE
    currency: NAME
    terminations_per_cable: WHOLE = 2
    source: NAME
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class CivilPrice:
    """Civil works of one metre of a way below a surface, for one laying.

    What is there already has a laying of its own: ``free_duct`` is a metre of cable system pulled
    into an existing duct, ``open_trench`` the share of a trench that others open.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    surface: SurfaceName
    laying: LayingName
    cost_per_m: PRICE
    source: NAME
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossingPrice:
    """One crossing of a way or water that is not the corridor's own, beside its metres.

    A ``street`` is crossed from one side to the other by a way that runs along it; the other kinds
    are recorded barriers. The permit's lead time holds where the barrier's own is not recorded.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    kind: CrossingKind
    method: NAME
    cost: PRICE
    permit_lead_time_days: PRICE
    source: NAME
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessoryPrice:
    """A joint or the end of one cable system, installed."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    kind: AccessoryKind
    voltage_level: VoltageLevel
    name: NAME
    cost: PRICE
    source: NAME
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class CoincidenceRow:
    """Share of a customer's contract demand that counts at each level (同时率), 0..1.

    The levels hold where the number of customers is not known. ``of_many`` is the share of very
    many customers; where it is given, the share of a known number follows from it and not from the
    level. Where it is ``None``, the row is flat: the number makes no difference.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    customer_class: ClassName
    load_case: LoadCase
    service: RATIO
    main: RATIO
    transformer: RATIO
    feeder: RATIO
    substation: RATIO
    of_many: RATIO | None = None
    source: NAME
    confidence: Confidence

    def ratios(self) -> tuple[float, ...]:
        """Ratios from the customer's service up to the substation."""
        return (self.service, self.main, self.transformer, self.feeder, self.substation)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerType:
    """What a customer of a class is like where his own figures are not recorded.

    ``full_use_hours`` is the yearly energy over the contribution to the peak of the transformer.
    ``contract_capacity_kva`` is typical; ``None`` where no size is.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    customer_class: ClassName
    full_use_hours: POSITIVE
    contract_capacity_kva: POSITIVE | None = None
    source: NAME
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerFactor:
    """Power factor to plan with where the application gives none."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    customer_class: ClassName
    power_factor: RATIO
    source: NAME
    confidence: Confidence


def _format_pair(measured: float, limit: float, unit: str) -> tuple[str, str]:
    """Write two values with as few digits as still tell them apart."""
    scale, suffix = (100.0, "%") if unit == DIMENSIONLESS else (1.0, unit)
    for decimals in range(3, 13):
        found, allowed = (_decimal(value * scale, decimals) for value in (measured, limit))
        if found != allowed or measured == limit:
            break
    return f"{found} {suffix}", f"{allowed} {suffix}"


def _decimal(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
