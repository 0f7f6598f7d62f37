"""Streets and a raster joined into one graph: a way may leave a street anywhere and join another.

Places of the joined graph are numbered: cells ``row * columns + column`` first, then the nodes of
the streets, then the meetings of edges and cells, then the stops. Links

- between a meeting and its cell: the straight line from the edge to the cell's middle, at the
  cell's price;
- along each edge from node to meeting or stop, to the next, to node: shares of the edge's cost
  that sum up to it;
- from a stop in the field to the middle of its cell, at the cell's price;
- from stop to stop and, across hurdles, from cell to cell: what is given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.errors import InputError
from gisplan.model.grid import Floats, Integers
from gisplan.routing.terrain.aims import NO_LINKS, Links
from gisplan.routing.terrain.ground import ARC_BITS, Arcs, SearchGround, prepare_ground
from gisplan.routing.terrain.hurdles import NO_PASSAGES, Passages
from gisplan.routing.terrain.meeting_kernel import meet_cells
from gisplan.routing.terrain.raster import CostRaster, find_nearest_free_cell
from gisplan.routing.terrain.streets import IN_FIELD, Stops, Streets, places_along

MEETINGS_PER_CELL = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A raster and streets joined for searching.

    Parameters
    ----------
    ground : what the search works on
    node : int64 (nodes,), street node of each node place
    first_meeting, first_stop : first place number of each
    on_edge, on_share : edge and share of every meeting and then every stop; ``IN_FIELD`` without
    xy_m : float64 (places behind the cells, 2)
    passages : ways from cell to cell across hurdles
    """

    ground: SearchGround
    streets: Streets
    node: Integers
    first_meeting: int
    first_stop: int
    on_edge: Integers
    on_share: Floats
    xy_m: Floats
    passages: Passages

    @property
    def cells(self) -> int:
        """Number of cells."""
        return self.ground.raster.cost_cents_per_m.size

    def xy_of(self, places: Integers) -> Floats:
        """Return where places lie, float64 (places, 2)."""
        xy = self.ground.raster.middles_of(np.minimum(places, self.cells - 1))
        behind = places >= self.cells
        xy[behind] = self.xy_m[places[behind] - self.cells]
        return xy


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meetings:
    """Where edges run through cells; ``away_m`` is the distance to the cell's middle."""

    edge: Integers
    cell: Integers
    share: Floats
    away_m: Floats
    xy_m: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnEdges:
    """Meetings and stops on edges: edge, share, place."""

    edge: Integers
    share: Floats
    place: Integers


def join_streets(
    raster: CostRaster,
    streets: Streets,
    stops: Stops,
    *,
    edges: Integers | None = None,
    links: Links = NO_LINKS,
    passages: Passages = NO_PASSAGES,
    directions: int = 16,
) -> Joined:
    """Join streets and stops to a raster.

    Parameters
    ----------
    edges : the edges to take, by default all that are not forbidden
    links, passages : further ways from stop to stop, and from cell to cell
    directions : 8, 16 or 32

    Raises
    ------
    InputError
        If a stop in the field lies beyond the raster or in a forbidden cell (the nearest free cell
        is named).
    """
    allowed = np.flatnonzero(streets.graph.edge_cost >= 0)
    taken = allowed if edges is None else np.intersect1d(edges, allowed)
    _check_on_edges(stops, taken)
    graph = streets.graph
    ends = np.concatenate([graph.edge_from[taken], graph.edge_to[taken]]).astype(np.int64)
    node, first_vertex = np.unique(ends, return_index=True)
    vertices = np.concatenate([streets.offset[taken], streets.offset[taken + 1] - 1])
    met = _meetings(raster, streets, taken)
    first_meeting = raster.cost_cents_per_m.size + len(node)
    first_stop = first_meeting + len(met.edge)
    own = _arcs(raster, streets, stops, edges=taken, node=node, met=met)
    given = (
        (first_stop + links.one, first_stop + links.other, _in_bits(links.cents)),
        (passages.one, passages.other, _in_bits(passages.cents)),
    )
    tail, head, cost = (np.concatenate(part) for part in zip(own, *given, strict=True))
    arcs = Arcs(
        node_count=len(node) + len(met.edge) + len(stops),
        tail=np.concatenate([tail, head]),
        head=np.concatenate([head, tail]),
        cost=np.concatenate([cost, cost]),
    )
    return Joined(
        ground=prepare_ground(raster, directions=directions, arcs=arcs),
        streets=streets,
        node=node,
        first_meeting=first_meeting,
        first_stop=first_stop,
        on_edge=np.concatenate([met.edge, stops.edge]),
        on_share=np.concatenate([met.share, stops.share]),
        xy_m=np.vstack([streets.xy_m[vertices[first_vertex]], met.xy_m, stops.xy_m]),
        passages=passages,
    )


def _arcs(
    raster: CostRaster,
    streets: Streets,
    stops: Stops,
    *,
    edges: Integers,
    node: Integers,
    met: _Meetings,
) -> _Linked:
    """Return the links of streets, meetings and stops."""
    cells = raster.cost_cents_per_m.size
    meeting = cells + len(node) + np.arange(len(met.edge))
    stop = cells + len(node) + len(met.edge) + np.arange(len(stops))
    on_edge, in_field = (np.flatnonzero(rows) for rows in (stops.edge >= 0, stops.edge < 0))
    along = _OnEdges(
        edge=np.concatenate([met.edge, stops.edge[on_edge]]),
        share=np.concatenate([met.share, stops.share[on_edge]]),
        place=np.concatenate([meeting, stop[on_edge]]),
    )
    stop_cell = _stop_cells(raster, stops, in_field)
    stop_away_m = np.hypot(*(raster.middles_of(stop_cell) - stops.xy_m[in_field]).T)
    links = [
        _street_links(streets, edges, node, cells, along),
        _cell_links(raster, meeting, met.cell, met.away_m),
        _cell_links(raster, stop[in_field], stop_cell, stop_away_m),
    ]
    tail, head, cost = (np.concatenate(part) for part in zip(*links, strict=True))
    return tail, head, cost


def _in_bits(cents: Floats) -> Integers:
    """Return costs in the units of arcs."""
    bits: Integers = np.rint(cents * 2**ARC_BITS).astype(np.int64)
    return bits


def _check_on_edges(stops: Stops, edges: Integers) -> None:
    wrong = np.flatnonzero((stops.edge != IN_FIELD) & ~np.isin(stops.edge, edges))
    if len(wrong):
        raise InputError(
            f"stop {wrong[0]} is on edge {stops.edge[wrong[0]]}, which may not be used; take "
            "another edge or a stop in the field"
        )


_Linked = tuple[Integers, Integers, Integers]
"""Places from which and to which links lead, and their costs in the units of arcs."""


def _meetings(raster: CostRaster, streets: Streets, edges: Integers) -> _Meetings:
    """Return the meetings of edges, in order along each."""
    uv = np.column_stack(
        [
            (streets.xy_m[:, 0] - raster.x_min_m) / raster.cell_m,
            (raster.y_max_m - streets.xy_m[:, 1]) / raster.cell_m,
        ]
    )
    # streets may lead far beyond the raster, whose cells they then do not meet
    likely = MEETINGS_PER_CELL * streets.length_m[edges].sum() / raster.cell_m
    room = int(min(likely, raster.cost_cents_per_m.size)) + 2 * len(edges)
    while True:
        edge, cell = np.empty(room, np.int64), np.empty(room, np.int64)
        along, away = np.empty(room), np.empty(room)
        count = meet_cells(
            raster.cost_cents_per_m, uv, streets.offset, edges, edge, cell, along, away
        )
        if count <= room:
            break
        room = count
    met = edges[edge[:count]]
    length = streets.length_m[met]
    along_m, away_m = along[:count] * raster.cell_m, away[:count] * raster.cell_m
    share = np.divide(along_m, length, out=np.zeros(count), where=length > 0).clip(0.0, 1.0)
    return _Meetings(
        edge=met,
        cell=cell[:count],
        share=share,
        away_m=away_m,
        xy_m=places_along(streets, met, share),
    )


def _cell_links(raster: CostRaster, place: Integers, cell: Integers, away_m: Floats) -> _Linked:
    price = raster.cost_cents_per_m.reshape(-1)[cell]
    return place, cell, _in_bits(away_m * price)


def _street_links(
    streets: Streets, edges: Integers, node: Integers, cells: int, along: _OnEdges
) -> _Linked:
    """Return the links along every edge, from node to node over what lies on it."""
    graph = streets.graph
    first = cells + np.searchsorted(node, graph.edge_from[edges])
    last = cells + np.searchsorted(node, graph.edge_to[edges])
    edge = np.concatenate([edges, edges, along.edge])
    share = np.concatenate([np.zeros(len(edges)), np.ones(len(edges)), along.share])
    place = np.concatenate([first, last, along.place])
    rank = np.repeat([0, 2, 1], [len(edges), len(edges), len(along.edge)])
    order = np.lexsort((place, rank, share, edge))  # an edge's own nodes first and last
    edge, share, place = edge[order], share[order], place[order]
    paid = _in_bits(streets.paid_cents(edge, share))
    same = edge[1:] == edge[:-1]
    return place[:-1][same], place[1:][same], np.diff(paid)[same]


def _stop_cells(raster: CostRaster, stops: Stops, rows: Integers) -> Integers:
    """Return the free cells that stops in the field lie in."""
    xy = stops.xy_m[rows]
    cell = raster.cells_of(xy[:, 0], xy[:, 1])
    outside = np.flatnonzero(cell < 0)
    if len(outside):
        x, y = xy[outside[0]]
        raise InputError(f"stop {rows[outside[0]]} at {x:.1f}, {y:.1f} lies beyond the cost raster")
    shut = np.flatnonzero(raster.cost_cents_per_m.reshape(-1)[cell] < 0)
    if len(shut):
        x, y = xy[shut[0]]
        raise InputError(
            f"stop {rows[shut[0]]} at {x:.1f}, {y:.1f} lies in a forbidden cell; "
            f"{_way_out(raster, float(x), float(y))}"
        )
    return cell


def _way_out(raster: CostRaster, x_m: float, y_m: float) -> str:
    cell = find_nearest_free_cell(raster, x_m, y_m)
    if cell < 0:
        return "all cells are forbidden"
    x, y = raster.middles_of(np.array([cell]))[0]
    return f"the nearest free one is at {x:.1f}, {y:.1f}"
