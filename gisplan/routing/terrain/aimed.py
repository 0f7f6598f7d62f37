"""Where the targets of ways are on a joined graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.model.grid import Floats, Integers
from gisplan.routing.terrain.aims import Aims
from gisplan.routing.terrain.joined import Joined

TOUCH = 1e-9
NO_END = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class AimedPlaces:
    """Places of targets, shape (places,), and the group of each.

    ``end`` is the row of the end that stands there, -1 where the target itself does; ``cents`` what
    lies between both.
    """

    place: Integers
    group: Integers
    cents: Floats
    end: Integers

    def take(self, rows: Integers) -> AimedPlaces:
        """Return some of the places."""
        return AimedPlaces(
            place=self.place[rows],
            group=self.group[rows],
            cents=self.cents[rows],
            end=self.end[rows],
        )


def places_of(aims: Aims, joined: Joined, edge_ends: Integers) -> AimedPlaces:
    """Return where targets are on a joined graph; what is not joined is left out.

    ``edge_ends`` are the rows of the ends on edges that are the last of the joined stops.
    """
    node = np.searchsorted(joined.node, aims.node)
    is_there = np.isin(aims.node, joined.node)
    on_edge, edge_group = _along(aims, joined)
    cell, cell_group = _cells(aims, joined)
    own = [joined.first_stop + aims.stop, joined.cells + node[is_there], on_edge, cell]
    group = [aims.stop_group, aims.node_group[is_there], edge_group, cell_group]
    end_place, end = _ends(aims, joined, edge_ends)
    count = sum(len(part) for part in own)
    return AimedPlaces(
        place=np.concatenate([*own, end_place]),
        group=np.concatenate([*group, aims.ends.group[end]]),
        cents=np.concatenate([np.zeros(count), aims.ends.cents[end]]),
        end=np.concatenate([np.full(count, NO_END), end]),
    )


def _ends(aims: Aims, joined: Joined, edge_ends: Integers) -> tuple[Integers, Integers]:
    """Return the places of ends, and their rows."""
    at_node = np.flatnonzero(np.isin(aims.ends.node, joined.node))
    node = joined.cells + np.searchsorted(joined.node, aims.ends.node[at_node])
    places = joined.cells + len(joined.xy_m)
    on_edge = np.arange(places - len(edge_ends), places)
    return np.concatenate([node, on_edge]), np.concatenate([at_node, edge_ends])


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
