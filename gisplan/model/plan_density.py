"""What a plan draft tells of its surroundings: density, neighbours' applications, capacity gap."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Recommendation(StrEnum):
    """What today's connection should leave room for."""

    LARGER_SECTION = "larger_section"
    SPARE_BAYS = "spare_bays"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementOutlook:
    """One element on the way of supply: what it can still give, and what will be asked of it.

    ``headroom_kva`` is before this application, ``None`` where unknown or where nothing limits it
    (``limited_by`` says which). ``own_kva`` is what this application counts there, ``asked_kva``
    what ``asked_count`` other open ones do, ``growth_kva`` what is expected to come until
    ``until``. ``runs_out`` is the quarter in which all that exceeds the headroom, between
    ``earliest`` and ``latest``; empty where it lasts, ``None`` where the headroom is unknown.
    """

    level: str
    element_id: str
    name: str
    headroom_kva: float | None
    limited_by: str
    limiting_element: str
    own_kva: float
    asked_kva: float
    asked_count: int
    growth_kva: float
    until: str
    runs_out: str | None
    earliest: str | None
    latest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDensity:
    """Density part of a plan draft; it says, and changes neither ranking nor feasibility.

    ``density_class`` is ``None`` where the supply area has none; ``density_reason`` says why, and
    else what it rests on. ``nearby_count`` other open applications with ``nearby_kva`` of contract
    capacity lie within ``nearby_radius_m`` of the site. ``applications`` is the mark of the stored
    applications behind all this, ``forecast`` how those to come were told.
    """

    density_class: str | None
    density_reason: str
    nearby_radius_m: float
    nearby_count: int
    nearby_kva: float
    supply: tuple[ElementOutlook, ...]
    recommendation: Recommendation
    recommendation_text: str
    forecast: str
    applications: str
    applications_counted: int
