"""A line that a planner draws, checked and priced as a proposed route is."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.model.grid import BarrierKind
from gisplan.model.option import Finding, Severity
from gisplan.network.snapshot import Roadside
from gisplan.network.strands import ROAD_LINK, CorridorSettings, forbidden_rows, line_shapes
from gisplan.planning.civil import connector_costs, crossings_in, part_cost_cents
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
    from gisplan.model.grid import Barriers, Floats, Integers
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
    civil = region.ground.civil
    check_drawn_line(xy_m)
    first, last = (_connectors(region, place) for place in (xy_m[0], xy_m[-1]))
    way = _read(region, variant, xy_m, (first, last))
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


def _read(
    region: Region, variant: Variant, xy_m: Floats, connectors: tuple[Connectors, Connectors]
) -> DrawnWay:
    """Return what a line means whose ends reach corridors by connectors."""
    corridors, civil, site_index = region.snapshot.corridors, region.ground.civil, region.site_index
    box = _box(xy_m, region.catalogue.value("connector.max_length_m"))
    edge, area = _edges_near(region, box), np.sort(site_index.forbidden_tree.query(box))

    def part_cents(row: Integers, share_from: Floats, share_to: Floats) -> Floats:
        return part_cost_cents(civil, variant, edge[row], share_from, share_to)

    index = build_drawn_index(
        line_shapes(corridors.shape.take(edge)),
        corridors.edge_from[edge],
        corridors.edge_to[edge],
        part_cents=part_cents,
        free_cents_per_m=100 * (civil.rough_per_m + variant.cable_per_m),
        free_crossings=partial(crossings_along, civil.crossable.between),
        sides=_sides(corridors, region.snapshot.grid.barriers, edge),
        area=site_index.forbidden[area],
    )
    start, end = (_ends(civil, variant, one, edge) for one in connectors)
    tolerance_m = region.catalogue.value("route.drawn_tolerance_m")
    way = read_drawn_line(xy_m, index, tolerance_m=tolerance_m, start=start, end=end)
    return replace(way, edge=np.append(edge, -1)[way.edge], inside_area=area[way.inside_area])


def _box(xy_m: Floats, around_m: float) -> shapely.Polygon:
    """Return the bounds of a line, so much wider."""
    (west, south), (east, north) = xy_m.min(axis=0) - around_m, xy_m.max(axis=0) + around_m
    return shapely.Polygon([(west, south), (east, south), (east, north), (west, north)])


def _edges_near(region: Region, box: shapely.Polygon) -> Integers:
    """Return the rows of the edges near a box: of links those with a node in it."""
    corridors, index = region.snapshot.corridors, region.site_index
    west, south, east, north = box.bounds
    links = np.delete(np.arange(len(corridors.edge_from)), index.edge_row)
    node = np.stack([corridors.edge_from[links], corridors.edge_to[links]])
    x_m, y_m = corridors.node_x_m[node], corridors.node_y_m[node]
    near = ((west <= x_m) & (x_m <= east) & (south <= y_m) & (y_m <= north)).any(axis=0)
    return np.sort(np.append(links[near], index.edge_row[index.edge_tree.query(box)]))


def _sides(corridors: CorridorGraph, barriers: Barriers, edge: Integers) -> RoadSides:
    """Return which of some edges are a side of a road; nodes of sides are linked across the road.

    The links must be among the edges.
    """
    code, corridor = corridors.edge_roadside[edge], corridors.edge_corridor[edge]
    is_link = corridors.corridor_id[corridor] == ROAD_LINK
    first, last = corridors.edge_from[edge], corridors.edge_to[edge]
    node = np.append(first[is_link], last[is_link])
    is_left, is_right = (code & one > 0 for one in (Roadside.LEFT, Roadside.RIGHT))
    _, crossing = crossings_in(corridors, edge, np.zeros(len(edge)), np.ones(len(edge)))
    row = np.unique(corridors.crossing_barrier[crossing])
    row = row[(row >= 0) & (barriers.kind[row] == BarrierKind.ROAD)]
    return RoadSides(
        side=is_left.astype(np.int8) - is_right.astype(np.int8),
        first=np.isin(first, node),
        last=np.isin(last, node),
        road=line_shapes(barriers.shape.take(row)),
        reach_m=CorridorSettings().within_road_m,
    )


def _connectors(region: Region, xy_m: Floats) -> Connectors:
    """Return how a place reaches corridors; what lies on one begins there."""
    reach_m = region.catalogue.value("connector.max_length_m")
    found = region.site_index.connectors(float(xy_m[0]), float(xy_m[1]), reach_m)
    on_one = np.flatnonzero(found.length_m <= TOUCH_M)
    return found.take(on_one) if len(on_one) else found


def _ends(civil: CivilWorks, variant: Variant, connectors: Connectors, edge: Integers) -> LineEnds:
    """Return connectors as ends of a line, their edges as places among sorted edges."""
    return LineEnds(
        edge=np.searchsorted(edge, connectors.edge),
        share=connectors.share,
        xy_m=connectors.xy_m,
        cents=connector_costs(civil, variant, connectors).total_cents,
    )


def _connector(
    civil: CivilWorks, variant: Variant, connectors: Connectors, landing: int
) -> list[Stretch]:
    """Return the way from an end of the line to its landing; none where it stands there."""
    if landing < 0 or connectors.length_m[landing] == 0:
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
