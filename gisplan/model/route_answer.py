"""What a question about routes answers: ways from a place, priced, with what they share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gisplan.model.option import (
    AccessPoint,
    BillItem,
    Conductor,
    Cost,
    Finding,
    LonLat,
    Provenance,
    Route,
)


class Independence(StrEnum):
    """What two supplies must not have in common (独立电源)."""

    ACCESS_POINT = "access_point"
    FEEDER = "feeder"
    BUSBAR = "busbar"
    SUBSTATION = "substation"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedRoute:
    """One way, priced. ``access_point`` is ``None`` where the way leads to a place.

    ``source_group`` names what must differ between routes of one answer (feeder, busbar section,
    substation), empty where nothing must. ``shared_length_m`` are the metres that it shares with
    the routes before it.
    """

    rank: int
    access_point: AccessPoint | None
    route: Route
    conductor: Conductor
    cost: Cost
    bill_of_materials: tuple[BillItem, ...]
    findings: tuple[Finding, ...] = ()
    source_group: str = ""
    shared_length_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteAnswer:
    """Routes from a site, best first, or those that belong together.

    ``total_cost`` is that of all routes together where they belong together (several sources), else
    ``None``; ``lower_bound`` is a cost below which no such answer exists and ``gap`` the distance
    to it, 0..1. ``reasons`` say why there are fewer routes than wanted, or what had to be shared.
    ``left_out`` names access points that no cable serves over the route found to them, and why.
    ``is_judged`` says whether the grid was asked: a question about routes alone is not.
    """

    site: LonLat
    demand_kva: float
    voltage_level: str
    routes: tuple[ProposedRoute, ...]
    wanted: int
    independence: Independence | None
    shared_length_m: float
    total_cost: float | None
    lower_bound: float | None
    gap: float | None
    reasons: tuple[str, ...]
    is_judged: bool
    provenance: Provenance
    left_out: tuple[str, ...] = ()
