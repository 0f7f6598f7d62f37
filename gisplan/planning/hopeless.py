"""Places that nothing leads to: why, and the nearest place that can be connected."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gisplan.network.strands import forbidden_rows
from gisplan.planning.access import KINDS
from gisplan.routing.site import Trouble

if TYPE_CHECKING:
    import shapely

    from gisplan.model.grid import Integers
    from gisplan.planning.candidates import Pool
    from gisplan.planning.region import Region
    from gisplan.planning.site import Site
    from gisplan.routing.site import SiteIndex

LEVEL_NAMES = {"lv": "low voltage", "mv": "medium voltage"}


def hopeless_reasons(site: Site, pool: Pool) -> tuple[str, ...]:
    """Say why no access point can be reached on the ground; nothing where one can."""
    if len(site.connectors) == 0:
        return (no_connector_reason(site),)
    if pool.examined == 0 and site.variants:
        return (_no_access_point(site),)
    return ()


def no_connector_reason(site: Site) -> str:
    """Say what stands between a site and the corridors, and where the nearest way out is."""
    why = what_stands_between(site.region, site.xy_m, "the site", parcel=site.parcel)
    return f"{why}{_way_out(site)}"


def what_stands_between(
    region: Region,
    xy_m: tuple[float, float],
    name: str,
    *,
    parcel: shapely.Polygon | None = None,
) -> str:
    """Say why no connector leads from a place, told by its name, to any corridor."""
    reach_m = region.catalogue.rule("connector.max_length_m").value
    found = region.site_index.diagnose(*xy_m, reach_m, parcel=parcel)
    if not math.isfinite(found.nearest_m):
        return "the grid has no corridor at all; load some, or record a wayleave"
    if found.trouble is Trouble.IN_AREA:
        obstacles = region.snapshot.grid.obstacles
        row = int(forbidden_rows(region.snapshot.grid)[found.area])
        text = (
            f"{name} lies in a forbidden area ({obstacles.kind[row]} "
            f"{obstacles.obstacle_id[row]}), through which no cable may lead"
        )
    else:
        text = (
            f"no corridor can be reached from {name} within {reach_m:g} m without crossing a "
            f"forbidden area (the nearest is {found.nearest_m:.0f} m away)"
        )
    return f"{text}; record a corridor, or a wayleave"


def _no_access_point(site: Site) -> str:
    """Say that the corridors which a site reaches lead nowhere."""
    corridors = site.region.snapshot.corridors
    label = corridors.component[corridors.edge_from]
    own = np.unique(label[site.connectors.edge])
    length_m = float(corridors.edge_length_m[np.isin(label, own)].sum())
    level = LEVEL_NAMES[site.mode.voltage_level]
    return (
        f"the corridors around the site, {length_m:,.0f} m that hang together, lead to no access "
        f"point of {level}; close the gap to the others (gisplan network-check shows where), or "
        f"record a corridor{_way_out(site)}"
    )


def _way_out(site: Site) -> str:
    """Name the nearest place from which the corridors lead to an access point."""
    corridors = site.region.snapshot.corridors
    useful = useful_edges(site, np.arange(len(corridors.edge_from)), corridors.component)
    return way_out(site.region, site.region.site_index.only(useful), site.xy_m)


def way_out(region: Region, index: SiteIndex, xy_m: tuple[float, float]) -> str:
    """Name the place nearest to another that reaches an edge of an index; empty where none does."""
    place = index.find_way_out(*xy_m, region.catalogue.rule("connector.max_length_m").value)
    if place is None:
        return ""
    ((lon, lat),) = region.projection.to_lon_lat(np.array([[place.x_m, place.y_m]]))
    return (
        f". The nearest place that can be connected is {place.distance_m:.0f} m away at "
        f"{lon:.6f}, {lat:.6f}"
    )


def useful_edges(site: Site, edges: Integers, label: Integers) -> Integers:
    """Return those of some edges in whose part one of the site's cables can end.

    ``label`` (nodes,) numbers the parts that hang together. All edges where no cable is known.
    """
    if not site.variants:
        return edges
    corridors, ends = site.region.snapshot.corridors, site.region.ground.targets.ends.rows
    wanted = {KINDS.index(kind) for variant in site.variants for kind in variant.kinds}
    is_end = np.isin(site.region.ground.access.meeting_kind, sorted(wanted))
    node = np.repeat(np.arange(len(corridors.node_x_m)), np.diff(corridors.node_meeting_offset))
    beside = ends.node[np.isin(ends.kind, sorted(wanted))]
    end = label[np.concatenate([node[is_end], beside])]
    useful: Integers = edges[np.isin(label[corridors.edge_from[edges]], end)]
    return useful
