"""What the service takes and gives, beyond the facts of the model."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gisplan.ingest.applications import (
    DEFAULT_CLASS,
    STEPS_PER_HOUR_MAX,
    Day,
    Parcel,
    Phase,
    check_phase,
)
from gisplan.model.application import Application, ApplicationKind, Importance
from gisplan.model.option import Option, Plan
from gisplan.store.tiles import Attribute, ElementKind

CustomerClassName = Literal[
    "household", "heat_pump", "ev_charging", "commercial", "industrial", "aggregate"
]
Identifier = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Power = Annotated[float, Field(gt=0, le=1_000_000)]
NUMBERS_ARE_FINITE = ConfigDict(allow_inf_nan=False, extra="forbid", frozen=True)


class WhatIfRequest(BaseModel):
    """A demand at a place (EPSG:4326), to be asked about without storing anything."""

    model_config = NUMBERS_ARE_FINITE

    reference: Identifier = "what-if"
    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)
    kind: ApplicationKind
    demand_kva: Power
    customer_class: CustomerClassName | None = None
    installed_power_kw: Power | None = None
    transformer_unit_kva: Power | None = None
    expected_maximum_demand_kw: Power | None = None
    power_factor: float = Field(default=0.95, gt=0, le=1)
    phases: Literal[1, 3] | None = None
    importance: Importance = Importance.ORDINARY
    existing_bus_id: Identifier | None = None
    applied_on: Day | None = None
    wanted_on: Day | None = None
    largest_motor_kw: Power | None = None
    largest_step_kva: Power | None = None
    steps_per_hour: float | None = Field(default=None, gt=0, le=STEPS_PER_HOUR_MAX)
    phase: Phase | None = None
    parcel: Parcel | None = None

    @model_validator(mode="after")
    def _check_phase(self) -> Self:
        check_phase(self.phases, self.phase)
        return self

    def to_application(self) -> Application:
        """The application that this request describes."""
        given = self.model_dump(exclude={"applied_on", "wanted_on", "reserve"})
        given["customer_class"] = self.customer_class or DEFAULT_CLASS[self.kind]
        return Application(
            **given, applied_on=_iso(self.applied_on), wanted_on=_iso(self.wanted_on)
        )


class ApplicationRequest(WhatIfRequest):
    """An application under the utility's own reference; one reference is one application."""

    reference: Identifier


class PlanRequest(ApplicationRequest):
    """An application to be planned; ``reserve`` holds the capacity of the best option."""

    reserve: bool = False


class ProfileRequest(BaseModel):
    """An application and one of the options that were answered to it."""

    model_config = NUMBERS_ARE_FINITE

    application: WhatIfRequest
    option: Option


class ApplicationRecord(BaseModel):
    """A stored application."""

    application_id: int
    status: str
    application: Application


class ApplicationPage(BaseModel):
    """A page of applications; ask with ``after=next_after`` for the next, if there is one."""

    applications: list[ApplicationRecord]
    next_after: int | None


class PlanRecord(BaseModel):
    """A stored plan."""

    plan_id: int
    application_id: int
    created_at: datetime
    plan: Plan


class ElementRecord(BaseModel):
    """Attributes of one element, named as in the grid model; units are in the names."""

    kind: ElementKind
    element_id: str
    attributes: dict[str, Attribute]


class PeakRequest(BaseModel):
    """A peak that was measured at a transformer or where a feeder begins."""

    model_config = NUMBERS_ARE_FINITE

    peak_kva: float = Field(gt=0, le=1_000_000)
    measured_on: Day


class PeakRecord(BaseModel):
    """A measured peak as recorded, with the ledger's new number."""

    transformer_id: str
    peak_kva: float
    measured_on: date
    ledger_sequence: int


class FeederPeakRecord(BaseModel):
    """A peak measured at a feeder's first line, with the ledger's new number."""

    line_id: str
    peak_kva: float
    measured_on: date
    ledger_sequence: int


class CostMapClass(BaseModel):
    """One class of the legend: from ``low`` to ``high``; kinds without a cost have neither."""

    kind: Literal["cost", "refused", "unknown"]
    colour: str
    low: float | None
    high: float | None
    cells: int


class CostMapLayer(BaseModel):
    """A cost-to-connect map as the page shows it; the picture is ``layer.png``, asked the same."""

    west: float
    south: float
    east: float
    north: float
    currency: str
    cell_m: float
    classes: list[CostMapClass]
    facts: dict[str, Attribute]
    notes: list[str]


class Health(BaseModel):
    """Whether the service lives, or is ready to plan."""

    status: Literal["ok"]
    grid_version: int | None = None


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
