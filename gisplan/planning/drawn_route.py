"""A line that a planner draws, checked and priced as a proposed route is."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from gisplan.model.option import Finding, Severity
from gisplan.network.snapshot import Roadside
from gisplan.network.strands import ROAD_LINK, forbidden_areas, forbidden_rows, line_shapes
from gisplan.planning.civil import connector_costs, part_cost_cents
from gisplan.planning.route import (
    EdgeParts,
    connector_stretch,
    ground_stretch,
    merged_stretches,
    stretches_along,
)
from gisplan.routing.drawn import build_drawn_index, check_drawn_line, read_drawn_line
from gisplan.routing.drawn_sides import RoadSides
from gisplan.routing.drawn_stops import TOUCH_M, LineEnds
from gisplan.routing.landings import crossings_along

if TYPE_CHECKING:
    from gisplan.model.grid import Floats
    from gisplan.network.snapshot import CorridorGraph
    from gisplan.planning.civil import CivilWorks
    from gisplan.planning.region import Region
    from gisplan.planning.route import Stretch
    from gisplan.planning.variants import Variant
    from gisplan.routing.drawn import DrawnWay
    from gisplan.routing.site import Connectors


def drawn_stretches(
    region: Region, variant: Variant, xy_m: Floats
) -> tuple[list[Stretch], tuple[Finding, ...]]:
    """Return a drawn line of shape (vertices, 2) as stretches, and what stands in its way.

    Of all ways near it that might be proposed (a connector from its start, corridors, a connector
    to its end) the cheapest is meant; where no corridor goes along it is a trench over open ground.
    A line that begins or ends on a corridor has no connector there.

    Raises
    ------
    InputError
        If it is no line.
    """
    corridors, civil = region.snapshot.corridors, region.ground.civil
    index = build_drawn_index(
        line_shapes(corridors.shape),
        corridors.edge_from,
        corridors.edge_to,
        part_cents=partial(part_cost_cents, civil, variant),
        free_cents_per_m=100 * (civil.rough_per_m + variant.cable_per_m),
        free_crossings=partial(crossings_along, civil.crossable.between),
        sides=_sides(corridors),
        area=forbidden_areas(region.snapshot.grid),
    )
    check_drawn_line(xy_m)
    first, last = (_connectors(region, place) for place in (xy_m[0], xy_m[-1]))
    way = read_drawn_line(
        xy_m,
        index,
        tolerance_m=region.catalogue.value("route.drawn_tolerance_m"),
        start=_ends(civil, variant, first),
        end=_ends(civil, variant, last),
    )
    stretches = _connector(civil, variant, first, way.first_landing)
    for row in range(len(way)):
        if way.edge[row] < 0:
            stretches.append(ground_stretch(civil, variant, way.xy_m[row]))
            continue
        one = slice(row, row + 1)
        parts = EdgeParts(
            edge=way.edge[one], share_from=way.share_from[one], share_to=way.share_to[one]
        )
        stretches += stretches_along(civil, variant, parts)
    stretches += [
        replace(one, xy_m=one.xy_m[::-1])
        for one in _connector(civil, variant, last, way.last_landing)
    ]
    return merged_stretches(stretches), _inside(region, way)


def _sides(corridors: CorridorGraph) -> RoadSides:
    """Return which edges are a side of a road; nodes of sides are linked across the road."""
    code = corridors.edge_roadside
    is_link = (corridors.corridor_id == ROAD_LINK)[corridors.edge_corridor]
    node = np.append(corridors.edge_from[is_link], corridors.edge_to[is_link])
    is_left, is_right = (code & one > 0 for one in (Roadside.LEFT, Roadside.RIGHT))
    return RoadSides(
        side=is_left.astype(np.int8) - is_right.astype(np.int8),
        first=np.isin(corridors.edge_from, node),
        last=np.isin(corridors.edge_to, node),
    )


def _connectors(region: Region, xy_m: Floats) -> Connectors:
    """Return how a place reaches corridors; what lies on one begins there."""
    reach_m = region.catalogue.value("connector.max_length_m")
    found = region.site_index.connectors(float(xy_m[0]), float(xy_m[1]), reach_m)
    on_one = np.flatnonzero(found.length_m <= TOUCH_M)
    return found.take(on_one) if len(on_one) else found


def _ends(civil: CivilWorks, variant: Variant, connectors: Connectors) -> LineEnds:
    return LineEnds(
        edge=connectors.edge,
        share=connectors.share,
        xy_m=connectors.xy_m,
        cents=connector_costs(civil, variant, connectors).total_cents,
    )


def _connector(
    civil: CivilWorks, variant: Variant, connectors: Connectors, landing: int
) -> list[Stretch]:
    """Return the way from an end of the line to its landing; none where it stands on a corridor."""
    if landing < 0 or connectors.length_m[landing] <= TOUCH_M:
        return []
    return [connector_stretch(civil, variant, connectors, landing)]


def _inside(region: Region, way: DrawnWay) -> tuple[Finding, ...]:
    """Name the forbidden areas that the line enters, with its metres inside each."""
    grid = region.snapshot.grid
    rows = forbidden_rows(grid)
    areas = np.unique(way.inside_area)
    return tuple(
        _violation(
            f"{grid.obstacles.kind[rows[area]]} {grid.obstacles.obstacle_id[rows[area]]}",
            float(way.inside_length_m[way.inside_area == area].sum()),
        )
        for area in areas.tolist()
    )


def _violation(name: str, length_m: float) -> Finding:
    return Finding(
        rule="route.forbidden_area",
        severity=Severity.VIOLATION,
        element=name,
        text=f"The drawn line runs {length_m:.1f} m through {name}, where no cable may lie; draw "
        "it around, or record a wayleave",
        measured=round(length_m, 3),
        limit=0.0,
        margin=-round(length_m, 3),
        unit="m",
    )
