"""Why a question about routes finds no way, and the nearest place from which there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.network.strands import components
from gisplan.planning.hopeless import (
    hopeless_reasons,
    useful_edges,
    way_out,
    what_stands_between,
)

if TYPE_CHECKING:
    from gisplan.model.grid import Integers
    from gisplan.planning.candidates import Pool
    from gisplan.planning.routes import RouteSite
    from gisplan.planning.site import Site
    from gisplan.routing.site import Connectors

SAME_PLACE_M = 0.05
SAME_PLACE = "both ends are the same place: no cable is needed"
SAME_HOUSE = "both ends stand in the same building: no cable is needed outside it"
IN_AVOIDED = "every corridor within reach lies in or behind an area to avoid; avoid less"


def same_place_reason(placed: RouteSite, place: tuple[float, float]) -> str:
    """Say that a place, lon and lat, is where the site is; empty where a cable is needed."""
    region, (site_x_m, site_y_m) = placed.site.region, placed.site.xy_m
    x_m, y_m = region.projection.to_metres(*place)
    if np.hypot(x_m - site_x_m, y_m - site_y_m) < SAME_PLACE_M:
        return SAME_PLACE
    inside = region.site_index.in_same_area(placed.site.xy_m, np.array([x_m]), np.array([y_m]))
    return SAME_HOUSE if inside[0] else ""


def no_cable_reasons(site: Site) -> tuple[str, ...]:
    """Say that no cable of the catalogue will do, and why the level cannot be supplied."""
    if site.variants:
        return site.mode.refusal
    kva = site.application.demand_kva
    return (*site.mode.refusal, f"no cable of the catalogue carries {kva:g} kVA at this level")


def few_reasons(placed: RouteSite, pool: Pool) -> tuple[str, ...]:
    """Say why fewer access points than wanted are reached."""
    site, wanted = placed.site, placed.question.count
    found = min(len(pool.passed), wanted)
    if len(site.connectors) == 0:
        why: tuple[str, ...] = (_no_start(placed),)
    elif pool.examined == 0 and site.variants and len(placed.question.avoid):
        why = (_left_open_in_vain(placed),)
    else:
        why = hopeless_reasons(site, pool)
    count = f"{found} of {wanted} access points wanted can be reached over open corridors"
    return (*no_cable_reasons(site), *why, count)


def no_source_reasons(placed: RouteSite, reason: str) -> tuple[str, ...]:
    """Say why no source is reached; ``reason`` is what the search for sources said."""
    site = placed.site
    if not site.variants:
        return no_cable_reasons(site)
    if len(site.connectors) == 0:
        return (_no_start(placed),)
    edges, label = _open_parts(placed)
    if np.isin(site.connectors.edge, useful_edges(site, edges, label)).any():
        return (reason,)
    return (reason, _left_open_in_vain(placed))


def no_way_reason(
    placed: RouteSite, here: Connectors, there: Connectors, stop: tuple[float, float]
) -> str:
    """Say why no way leads to a place, lon and lat, and name the nearest to which one does."""
    if len(here) == 0:
        return _no_start(placed)
    region, name = placed.site.region, f"the place {stop[0]:g}, {stop[1]:g}"
    xy_m = region.projection.to_metres(*stop)
    if len(there):
        why = f"no open corridors lead to {name}: they end before it; network-check shows where"
    else:
        why = _why_none(placed, xy_m, name)
    edges, label = _open_parts(placed)
    part = label[placed.ground.corridors.edge_from]
    return f"{why}{_way_out(placed, xy_m, edges[np.isin(part[edges], part[here.edge])])}"


def _no_start(placed: RouteSite) -> str:
    """Say why the site reaches no corridor."""
    site = placed.site
    return f"{_why_none(placed, site.xy_m, 'the site')}{_way_out(placed, site.xy_m)}"


def _why_none(placed: RouteSite, xy_m: tuple[float, float], name: str) -> str:
    """Say why no corridor is reached: what is to avoid comes before what is forbidden."""
    region = placed.site.region
    reach_m = region.catalogue.value("connector.max_length_m")
    if len(placed.question.avoid) and len(region.site_index.connectors(*xy_m, reach_m)):
        return IN_AVOIDED
    return what_stands_between(region, xy_m, name)


def _left_open_in_vain(placed: RouteSite) -> str:
    """Say that the corridors around the site, as far as they are open, lead nowhere."""
    todo = "avoid less" if len(placed.question.avoid) else "network-check shows where they end"
    return (
        f"the open corridors around the site lead to no access point that could supply it; {todo}"
        f"{_way_out(placed, placed.site.xy_m)}"
    )


def _way_out(placed: RouteSite, xy_m: tuple[float, float], edges: Integers | None = None) -> str:
    """Name the nearest place from where some edges are reached, by default those that lead on."""
    region, avoid = placed.site.region, placed.question.avoid
    if edges is None:
        edges = useful_edges(placed.site, *_open_parts(placed))
    index = region.site_index.only(edges)
    return way_out(region, index.shut_by(avoid) if len(avoid) else index, xy_m)


def _open_parts(placed: RouteSite) -> tuple[Integers, Integers]:
    """Return the edges that are open to a cable of the site, and of each node which part it is in.

    Parts hang together by such edges; shapes (open edges,) and (nodes,).
    """
    corridors = placed.ground.corridors
    graphs = [placed.ground.priced(variant) for variant in placed.site.variants]
    is_open = np.any([graph.edge_cost >= 0 for graph in graphs], axis=0)
    edges = np.flatnonzero(np.broadcast_to(is_open, len(corridors.edge_from)))
    nodes = len(corridors.node_x_m)
    _, label = components(corridors.edge_from[edges], corridors.edge_to[edges], nodes)
    return edges, label
