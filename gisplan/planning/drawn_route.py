"""A line that a planner draws, checked and priced as a proposed route is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.model.grid import Surface
from gisplan.model.option import Finding, Severity
from gisplan.network.strands import forbidden_areas, forbidden_rows, line_shapes
from gisplan.planning.civil import edge_costs_cents
from gisplan.planning.route import (
    EdgeParts,
    free_stretch,
    merged_stretches,
    stretches_along,
)
from gisplan.routing.drawn import build_drawn_index, read_drawn_line

if TYPE_CHECKING:
    from gisplan.model.grid import Floats
    from gisplan.planning.region import Region
    from gisplan.planning.route import Stretch
    from gisplan.planning.variants import Variant
    from gisplan.routing.drawn import DrawnWay

SHORTEST_M = 0.01


def drawn_stretches(
    region: Region, variant: Variant, xy_m: Floats
) -> tuple[list[Stretch], tuple[Finding, ...]]:
    """Return a drawn line of shape (vertices, 2) as stretches, and what stands in its way.

    Along corridors it costs what they cost, elsewhere a trench over open ground.

    Raises
    ------
    InputError
        If it is no line.
    """
    corridors, civil = region.snapshot.corridors, region.ground.civil
    price = edge_costs_cents(civil, variant) / np.maximum(corridors.edge_length_m, SHORTEST_M)
    index = build_drawn_index(
        line_shapes(corridors.shape),
        corridors.edge_from,
        corridors.edge_to,
        price=price,
        area=forbidden_areas(region.snapshot.grid),
    )
    tolerance_m = region.catalogue.value("route.drawn_tolerance_m")
    way = read_drawn_line(xy_m, index, tolerance_m=tolerance_m)
    per_m = region.catalogue.civil_cost_per_m(Surface.OPEN_GROUND)
    stretches: list[Stretch] = []
    for row in range(len(way)):
        if way.edge[row] < 0:
            stretches.append(free_stretch(variant, way.xy_m[row], civil_per_m=per_m))
            continue
        one = slice(row, row + 1)
        parts = EdgeParts(
            edge=way.edge[one], share_from=way.share_from[one], share_to=way.share_to[one]
        )
        stretches += stretches_along(civil, variant, parts)
    return merged_stretches(stretches), _inside(region, way)


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
