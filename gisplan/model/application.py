"""A customer's application: a place, a demand, an importance."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

OUTSIDE_MAX_M = 5000.0  # a place further outside the bounds of the grid than this is a mistake


class ApplicationKind(StrEnum):
    """What is to be connected; storage is checked in both directions."""

    LOAD = "load"
    GENERATION = "generation"
    STORAGE = "storage"
    EV = "ev"


class Importance(StrEnum):
    """Importance class of the customer; decides number and independence of sources."""

    ORDINARY = "ordinary"
    SECOND = "second"
    FIRST = "first"
    SPECIAL = "special"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One application as the customer made it.

    ``demand_kva`` is the contract capacity asked for; voltage-level rules read it. What power flow
    reads is the expected maximum demand: given, or derived from the contract (then a finding).
    Unknown values are ``None``. Dates are ISO 8601.

    What disturbs the supply of others: ``largest_motor_kw`` is the rated power of the largest motor
    that starts alone, ``largest_step_kva`` the largest sudden change of apparent power (a welder, a
    lift), ``steps_per_hour`` how often motor or step comes in an hour. ``phase`` (L1, L2 or L3) is
    the conductor that an existing single-phase customer hangs on.

    ``parcel`` is the outer ring of the customer's ground as (lon, lat), closed: a cable of the grid
    ends at its boundary, wherever that is best. Without it the cable ends at the place itself.
    """

    reference: str
    lon: float
    lat: float
    kind: ApplicationKind
    demand_kva: float
    customer_class: str = "household"
    installed_power_kw: float | None = None
    transformer_unit_kva: float | None = None
    expected_maximum_demand_kw: float | None = None
    power_factor: float = 0.95
    phases: int | None = None
    importance: Importance = Importance.ORDINARY
    existing_bus_id: str | None = None
    applied_on: str | None = None
    wanted_on: str | None = None
    synthetic: bool = False
    largest_motor_kw: float | None = None
    largest_step_kva: float | None = None
    steps_per_hour: float | None = None
    phase: str | None = None
    parcel: tuple[tuple[float, float], ...] | None = None
