"""What the service takes for a question about routes: places, lines and areas in lon/lat."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.schemas import Identifier, Power
from gisplan.model.route_answer import Independence
from gisplan.services.route import MOST_ROUTES

SOURCES_MAX = 8
VIA_MAX = 50
AREAS_MAX = 100
CORNERS_MAX = 1000
VERTICES_MAX = 1000

Lon = Annotated[float, Field(ge=-180, le=180)]
Lat = Annotated[float, Field(ge=-90, le=90)]
LonLat = tuple[Lon, Lat]
Ring = Annotated[list[LonLat], Field(min_length=3, max_length=CORNERS_MAX)]


class RouteBody(BaseModel):
    """A question about routes; all places are longitude and latitude (EPSG:4326).

    Without ``to``, ``to_bus`` and ``line`` the ``count`` nearest access points are asked for.
    ``via`` are places to pass in this order, ``avoid`` the outer rings of areas that no trench may
    enter. ``line`` is a way that somebody drew, checked and priced as it is.
    """

    model_config = ConfigDict(allow_inf_nan=False, extra="forbid", frozen=True)

    at: LonLat | None = None
    demand_kva: Power = 100.0
    count: int = Field(default=1, ge=1, le=MOST_ROUTES)
    to: LonLat | None = None
    to_bus: Identifier | None = None
    is_disjoint: bool = False
    independence: Independence = Independence.FEEDER
    node_disjoint: bool = False
    via: list[LonLat] = Field(default=[], max_length=VIA_MAX)
    avoid: list[Ring] = Field(default=[], max_length=AREAS_MAX)
    line: list[LonLat] = Field(default=[], max_length=VERTICES_MAX)

    @property
    def begin(self) -> LonLat:
        """Where the cable begins: as told, or where the drawn line does."""
        return self.line[0] if self.at is None else self.at

    @model_validator(mode="after")
    def _check_parts(self) -> Self:
        wrong = next((text for is_wrong, text in self._rules() if is_wrong), None)
        if wrong is not None:
            raise ValueError(wrong)
        return self

    def _rules(self) -> tuple[tuple[bool, str], ...]:
        ends = (self.to is not None) + (self.to_bus is not None)
        others = ends or self.via or self.avoid or self.is_disjoint
        return (
            (
                bool(self.line) == (self.at is not None),
                "give either at, where the cable begins, or a line, which begins where it is drawn",
            ),
            (len(self.line) == 1, "a line of one point; expected two or more"),
            (
                bool(self.line) and (bool(others) or self.count > 1),
                "a line is priced as it is: give no to, to_bus, via, avoid, count or is_disjoint",
            ),
            (ends > 1, "give either to or to_bus, not both"),
            (
                self.is_disjoint and bool(ends or self.via),
                "routes to several sources choose their own ends: give no to, to_bus or via",
            ),
            (
                self.is_disjoint and self.count > SOURCES_MAX,
                f"{self.count} sources wanted; expected 1 to {SOURCES_MAX}",
            ),
            (bool(self.via) and not ends, "via needs an end: give to or to_bus"),
            (bool(self.via) and self.count > 1, "via names the way: give no count"),
        )
