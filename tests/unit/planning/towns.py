"""Small towns for planning tests: streets, mains and what can be met there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gisplan.model.grid import Grid
from gisplan.network.corridors import build_corridors
from gisplan.network.strands import CorridorSettings, forbidden_areas, line_shapes
from gisplan.planning.access import build_access_table
from gisplan.planning.candidates import Ground
from gisplan.planning.region import search_graph
from gisplan.routing.site import SiteIndex

if TYPE_CHECKING:
    from gisplan.network.snapshot import CorridorGraph


def ground_of(town: Grid, settings: CorridorSettings | None = None) -> tuple[Ground, SiteIndex]:
    """Compile a town's corridors and what can be met on them."""
    corridors: CorridorGraph = build_corridors(town, settings)
    ground = Ground(
        corridors=corridors,
        access=build_access_table(town, corridors),
        graph=search_graph(corridors),
        line_shapes=line_shapes(town.lines.shape),
    )
    return ground, SiteIndex.build(line_shapes(corridors.shape), forbidden_areas(town))
