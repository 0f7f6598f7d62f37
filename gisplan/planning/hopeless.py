"""Places that nothing leads to: why, and the nearest place that can be connected."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gisplan.network.strands import forbidden_rows
from gisplan.planning.access import KINDS
from gisplan.routing.site import Trouble

if TYPE_CHECKING:
    from gisplan.model.grid import Integers
    from gisplan.planning.candidates import Pool
    from gisplan.planning.site import Site

LEVEL_NAMES = {"lv": "low voltage", "mv": "medium voltage"}


def hopeless_reasons(site: Site, pool: Pool) -> tuple[str, ...]:
    """Say why no access point can be reached on the ground; nothing where one can."""
    if len(site.connectors) == 0:
        return (no_connector_reason(site),)
    if pool.examined == 0 and site.variants:
        return (_no_access_point(site),)
    return ()


def no_connector_reason(site: Site) -> str:
    """Say what stands between a site and the corridors."""
    index = site.region.site_index
    reach_m = site.region.catalogue.rule("connector.max_length_m").value
    found = index.diagnose(*site.xy_m, reach_m, parcel=site.parcel)
    if not math.isfinite(found.nearest_m):
        return "the grid has no corridor at all; load some, or record a wayleave"
    if found.trouble is Trouble.IN_AREA:
        obstacles = site.region.snapshot.grid.obstacles
        row = int(forbidden_rows(site.region.snapshot.grid)[found.area])
        text = (
            f"the site lies in a forbidden area ({obstacles.kind[row]} "
            f"{obstacles.obstacle_id[row]}), through which no cable may lead"
        )
    else:
        text = (
            f"no corridor can be reached from the site within {reach_m:g} m without crossing a "
            f"forbidden area (the nearest is {found.nearest_m:.0f} m away)"
        )
    return f"{text}; record a corridor, or a wayleave{_way_out(site)}"


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
    reach_m = site.region.catalogue.rule("connector.max_length_m").value
    place = site.region.site_index.only(_useful_edges(site)).find_way_out(*site.xy_m, reach_m)
    if place is None:
        return ""
    ((lon, lat),) = site.region.projection.to_lon_lat(np.array([[place.x_m, place.y_m]]))
    return (
        f". The nearest place that can be connected is {place.distance_m:.0f} m away at "
        f"{lon:.6f}, {lat:.6f}"
    )


def _useful_edges(site: Site) -> Integers:
    """Return the edges of all parts in which one of the site's cables can end."""
    corridors = site.region.snapshot.corridors
    label = corridors.component[corridors.edge_from]
    if not site.variants:
        return np.arange(len(label))
    wanted = {KINDS.index(kind) for variant in site.variants for kind in variant.kinds}
    is_end = np.isin(site.region.ground.access.meeting_kind, sorted(wanted))
    node = np.repeat(np.arange(len(corridors.node_x_m)), np.diff(corridors.node_meeting_offset))
    edges: Integers = np.flatnonzero(np.isin(label, corridors.component[node[is_end]]))
    return edges
