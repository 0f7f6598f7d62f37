"""Where the targets of ways are on a joined graph."""

from __future__ import annotations

import numpy as np

from gisplan.model.grid import Integers
from gisplan.routing.terrain.aims import Aims
from gisplan.routing.terrain.joined import Joined

TOUCH = 1e-9


def places_of(aims: Aims, joined: Joined) -> tuple[Integers, Integers]:
    """Return the places of targets and their groups, (places,); what is not joined is left out."""
    node = np.searchsorted(joined.node, aims.node)
    is_there = np.isin(aims.node, joined.node)
    on_edge, edge_group = _along(aims, joined)
    cell, cell_group = _cells(aims, joined)
    place = [joined.first_stop + aims.stop, joined.cells + node[is_there], on_edge, cell]
    group = [aims.stop_group, aims.node_group[is_there], edge_group, cell_group]
    return np.concatenate(place), np.concatenate(group)


def _along(aims: Aims, joined: Joined) -> tuple[Integers, Integers]:
    """Return meetings and stops between the shares of edges that are targets."""
    order = np.argsort(aims.edge, kind="stable")
    edge = aims.edge[order]
    first = np.searchsorted(edge, joined.on_edge, side="left")
    count = np.searchsorted(edge, joined.on_edge, side="right") - first
    place = np.repeat(np.arange(len(joined.on_edge)), count)
    step = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    part = order[first[place] + step]
    share = joined.on_share[place]
    within = (aims.share_from[part] - TOUCH <= share) & (share <= aims.share_to[part] + TOUCH)
    return joined.first_meeting + place[within], aims.edge_group[part[within]]


def _cells(aims: Aims, joined: Joined) -> tuple[Integers, Integers]:
    """Return the free cells that hold targets in the field."""
    raster = joined.ground.raster
    cell = raster.cells_of(aims.xy_m[:, 0], aims.xy_m[:, 1])
    inside = np.flatnonzero(cell >= 0)
    free = inside[raster.cost_cents_per_m.reshape(-1)[cell[inside]] >= 0]
    return cell[free], aims.xy_group[free]
