"""Small towns for planning tests: streets, mains and what can be met there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gisplan.model.grid import Grid
from gisplan.network.corridors import build_corridors
from gisplan.network.snapshot import Snapshot
from gisplan.network.strands import CorridorSettings, forbidden_areas, line_shapes
from gisplan.network.topology import build_topology
from gisplan.planning.access import build_access_table
from gisplan.planning.access_ends import PricedTargets, build_access_ends
from gisplan.planning.bus_joins import build_bus_joins
from gisplan.planning.candidates import Ground
from gisplan.planning.civil import build_civil_works
from gisplan.planning.priced import build_priced_graphs
from gisplan.planning.region import Region, build_region
from gisplan.routing.site import SiteIndex
from gisplan.rules.catalogue import Catalogue, load_catalogue

if TYPE_CHECKING:
    from gisplan.network.snapshot import CorridorGraph

CATALOGUE = load_catalogue("eu")


def ground_of(
    town: Grid, settings: CorridorSettings | None = None, *, catalogue: Catalogue = CATALOGUE
) -> tuple[Ground, SiteIndex]:
    """Compile a town's corridors and what can be met on them."""
    corridors: CorridorGraph = build_corridors(town, settings)
    civil = build_civil_works(corridors, town, catalogue)
    access = build_access_table(town, corridors, catalogue)
    index = SiteIndex.build(
        line_shapes(corridors.shape),
        forbidden_areas(town),
        roadside=corridors.edge_roadside,
        between=civil.crossable.between,
    )
    joins = build_bus_joins(town, access, index, catalogue.value("connector.max_length_m"))
    ground = Ground(
        corridors=corridors,
        civil=civil,
        access=access,
        graphs=build_priced_graphs(corridors, civil),
        targets=PricedTargets(
            civil=civil, access=access, ends=build_access_ends(town, corridors, access, joins)
        ),
        line_shapes=line_shapes(town.lines.shape),
    )
    return ground, index


def region_of(town: Grid, catalogue: Catalogue = CATALOGUE) -> Region:
    """Prepare a town for planning."""
    snapshot = Snapshot(grid=town, topology=build_topology(town), corridors=build_corridors(town))
    return build_region(snapshot, catalogue)
