"""Lines that a planner draws: which corridors they follow, where they leave them, what they meet.

The line is cut where it passes nodes and where it comes near edges or leaves them. Each piece then
follows an edge or goes over open ground, so that the whole costs least: what a piece strays from
its edge, what it gets on there less than it was drawn, and every change between places that do not
meet. A line drawn exactly along edges costs nothing and so is found as those edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely
import shapely.ops

from gisplan.errors import InputError
from gisplan.network.nearness import find_stretches
from gisplan.routing.drawn_choice import FREE, Pieces, choose_edges

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats, Integers

Geometries = npt.NDArray[np.object_]

TOUCH_M = 0.05
SHORTEST_M = 1e-6  # cuts nearer to each other than this are one
VERTICES_MAX = 10_000
NODE_TOLERANCES = 3.0  # so near to a node, in tolerances, an edge is followed up to it


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnIndex:
    """Edges that a drawn line may follow, by place.

    ``price`` orders edges that lie on one line: a drawing cannot tell them apart, and the cheapest
    is meant. ``area`` holds polygons that no cable may enter.
    """

    shape: Geometries
    tree: shapely.STRtree
    edge_from: Integers
    edge_to: Integers
    price: Floats
    area: Geometries
    area_tree: shapely.STRtree


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnWay:
    """What a drawn line means: its stretches in order, arrays of shape (stretches,).

    ``edge`` is -1 over open ground. Along an edge the stretch runs from ``share_from`` to
    ``share_to`` (0: the edge's first node, 1: its last). ``xy_m`` holds the vertices of every
    stretch; each begins where the one before ends. What enters forbidden areas stands apart:
    ``inside_stretch``, ``inside_area`` and ``inside_length_m`` of shape (violations,).
    """

    edge: Integers
    share_from: Floats
    share_to: Floats
    length_m: Floats
    xy_m: tuple[Floats, ...]
    inside_stretch: Integers
    inside_area: Integers
    inside_length_m: Floats

    def __len__(self) -> int:
        return len(self.edge)


def build_drawn_index(
    shape: Geometries,
    edge_from: Integers,
    edge_to: Integers,
    *,
    price: Floats | None = None,
    area: Geometries | None = None,
) -> DrawnIndex:
    """Return the index of edges (line strings), their nodes, prices a metre and forbidden areas."""
    areas = np.zeros(0, dtype=object) if area is None else area
    return DrawnIndex(
        shape=shape,
        tree=shapely.STRtree(shape),
        edge_from=np.asarray(edge_from, dtype=np.int64),
        edge_to=np.asarray(edge_to, dtype=np.int64),
        price=np.zeros(len(shape)) if price is None else price,
        area=areas,
        area_tree=shapely.STRtree(areas),
    )


def read_drawn_line(xy_m: Floats, index: DrawnIndex, *, tolerance_m: float) -> DrawnWay:
    """Return what a drawn line means.

    Parameters
    ----------
    xy_m : float64 (vertices, 2), metres
    tolerance_m : how far the line may lie from an edge that it follows

    Raises
    ------
    InputError
        If it is no line: not finite, without extent, or with too many vertices.
    """
    line = check_drawn_line(xy_m)
    if not tolerance_m > 0:
        raise InputError(f"tolerance is {tolerance_m:g} m; expected more than 0")
    pieces = _cut(line, index, tolerance_m)
    chosen = choose_edges(pieces, index.edge_from, index.edge_to, index.price, tolerance_m)
    runs = _runs(line, pieces, chosen, index)
    return _way(_joined(runs, index, NODE_TOLERANCES * tolerance_m), index)


def check_drawn_line(xy_m: Floats) -> shapely.LineString:
    """Return vertices of shape (vertices, 2) as a line.

    Raises
    ------
    InputError
        If it is none that can be followed.
    """
    xy = np.asarray(xy_m, dtype=np.float64)
    if xy.ndim != 2 or xy.shape[1:] != (2,) or not 2 <= len(xy) <= VERTICES_MAX:
        raise InputError(
            f"the drawn line has the shape {xy.shape}; expected 2 to {VERTICES_MAX} vertices of "
            "x and y"
        )
    if not np.isfinite(xy).all():
        row = int(np.flatnonzero(~np.isfinite(xy).all(axis=1))[0])
        raise InputError(f"vertex {row} of the drawn line is {xy[row]}; expected finite metres")
    line = shapely.LineString(xy)
    if line.length <= TOUCH_M:
        raise InputError(f"the drawn line is {line.length:.3f} m long; draw one with an extent")
    return line


def edges_in_areas(shape: Geometries, tree: shapely.STRtree, areas: Geometries) -> Flags:
    """Tell which edges run through areas, for at least ``TOUCH_M`` (their holes are open).

    Parameters
    ----------
    shape, tree : edges as line strings, and their index
    areas : polygons or multipolygons, shape (areas,)
    """
    cut = np.zeros(len(shape), dtype=bool)
    area, edge = tree.query(areas, predicate="intersects")
    inside_m = shapely.length(shapely.intersection(shape[edge], areas[area]))
    cut[edge[inside_m > TOUCH_M]] = True
    return cut


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """A stretch in the making: edge or ``FREE``, shares, and its vertices."""

    edge: int
    share_from: float
    share_to: float
    xy_m: Floats


def _cut(line: shapely.LineString, index: DrawnIndex, tolerance_m: float) -> Pieces:
    """Cut a line into pieces, each with the edges that it may follow."""
    near = np.sort(index.tree.query(line, predicate="dwithin", distance=tolerance_m))
    found = find_stretches(np.array([line], dtype=object), index.shape[near], reach_m=tolerance_m)
    edge = near[found.other]
    reach_m = 2 * tolerance_m
    spans = np.column_stack([found.start_m - reach_m, found.end_m + reach_m]).clip(min=0.0)
    at_m = _places_of_nodes(line, index.shape[edge], spans, tolerance_m)
    vertices = shapely.line_locate_point(line, shapely.points(shapely.get_coordinates(line)))
    cuts = np.concatenate([[0.0, line.length], found.start_m, found.end_m, at_m, vertices])
    cuts = np.unique(np.clip(cuts, 0.0, line.length))
    cuts = cuts[np.concatenate([[True], np.diff(cuts) > SHORTEST_M])]
    cuts[-1] = line.length
    low, high = cuts[:-1], cuts[1:]
    middle = (low + high) / 2
    piece, stretch = np.nonzero(
        (found.start_m[None, :] <= middle[:, None]) & (middle[:, None] <= found.end_m[None, :])
    )
    return _measured(line, np.stack([low, high]), piece, edge[stretch], index)


def _places_of_nodes(
    line: shapely.LineString, shapes: Geometries, spans_m: Floats, tolerance_m: float
) -> Floats:
    """Return where a line passes the ends of edges, in metres along it.

    ``spans_m`` (edges, 2) says from where to where along the line each edge is near.
    """
    at_m = [np.zeros(0)]
    for shape, (low, high) in zip(shapes, spans_m.tolist(), strict=True):
        part = np.array([shapely.ops.substring(line, low, high)], dtype=object)
        ends = shapely.get_point(shape, [0, -1])
        close = ends[shapely.distance(part, ends) <= tolerance_m]
        at_m.append(low + shapely.line_locate_point(part, close))
    return np.concatenate(at_m)


def _measured(
    line: shapely.LineString, ends_m: Floats, piece: Integers, edge: Integers, index: DrawnIndex
) -> Pieces:
    """Measure how every piece, from and to ``ends_m`` (2, pieces), lies to its edges."""
    low, high = ends_m
    shapes = index.shape[edge]
    at = [shapely.line_interpolate_point(line, m) for m in (low, (low + high) / 2, high)]
    away_m = np.mean([shapely.distance(points[piece], shapes) for points in at], axis=0)
    share = [shapely.line_locate_point(shapes, points[piece], normalized=True) for points in at]
    closed = shapely.is_closed(shapes)
    for end in (0, 2):  # the two ends of a closed edge are one place
        around = closed & (np.abs(share[end] - share[1]) > 0.5)
        share[end] = np.where(around, 1.0 - share[end], share[end])
    return Pieces(
        low_m=low,
        high_m=high,
        piece=piece.astype(np.int64),
        edge=edge.astype(np.int64),
        away_m=away_m,
        share_from=share[0],
        share_to=share[2],
        edge_length_m=shapely.length(shapes),
    )


def _runs(
    line: shapely.LineString, pieces: Pieces, chosen: Integers, index: DrawnIndex
) -> list[_Run]:
    """Put pieces that go on along the same edge, or over open ground, together."""
    groups: list[list[int]] = []
    for piece in range(len(chosen)):
        if groups and _goes_on(pieces, chosen, groups[-1][-1], piece):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return [_run(line, pieces, chosen, index, group) for group in groups]


def _goes_on(pieces: Pieces, chosen: Integers, before: int, piece: int) -> bool:
    """Tell whether a piece goes on where the one before it ends, in the same direction."""
    one, other = int(chosen[before]), int(chosen[piece])
    if FREE in {one, other}:
        return one == other
    steps = pieces.share_to - pieces.share_from
    return bool(pieces.edge[one] == pieces.edge[other] and steps[one] * steps[other] >= 0)


def _run(
    line: shapely.LineString,
    pieces: Pieces,
    chosen: Integers,
    index: DrawnIndex,
    group: list[int],
) -> _Run:
    first, last = int(chosen[group[0]]), int(chosen[group[-1]])
    if first == FREE:
        part = shapely.ops.substring(line, pieces.low_m[group[0]], pieces.high_m[group[-1]])
        return _Run(edge=FREE, share_from=0.0, share_to=0.0, xy_m=shapely.get_coordinates(part))
    return _along(index, int(pieces.edge[first]), pieces.share_from[first], pieces.share_to[last])


def _along(index: DrawnIndex, edge: int, share_from: float, share_to: float) -> _Run:
    part = shapely.ops.substring(index.shape[edge], share_from, share_to, normalized=True)
    return _Run(
        edge=edge,
        share_from=float(share_from),
        share_to=float(share_to),
        xy_m=shapely.get_coordinates(part),
    )


def _joined(runs: list[_Run], index: DrawnIndex, near_m: float) -> list[_Run]:
    """Let every run begin where the one before it ends: at a shared node, else by a free one."""
    runs = _without_stubs(runs, index, near_m)
    runs = [_to_nodes(runs, row, index, near_m) for row in range(len(runs))]
    runs = [run for run in runs if run.edge == FREE or run.share_from != run.share_to]
    whole: list[_Run] = []
    for row, run in enumerate(runs):
        here = run
        if run.edge == FREE:
            start = runs[row - 1].xy_m[-1:] if row else run.xy_m[:1]
            end = runs[row + 1].xy_m[:1] if row + 1 < len(runs) else run.xy_m[-1:]
            here = _free(np.concatenate([start, run.xy_m[1:-1], end]))
        elif whole and whole[-1].edge != FREE:
            whole.append(_free(np.concatenate([whole[-1].xy_m[-1:], run.xy_m[:1]])))
        whole.append(here)
    long = [run for run in whole if run.edge != FREE or _length_m(run.xy_m) > TOUCH_M]
    return long or whole[:1]


def _without_stubs(runs: list[_Run], index: DrawnIndex, near_m: float) -> list[_Run]:
    """Leave out short runs into side streets, or to and fro, which a shaking hand draws."""
    kept: list[_Run] = []
    for row, run in enumerate(runs):
        after = runs[row + 1] if row + 1 < len(runs) else None
        if kept and after and _is_stub(kept[-1], run, after, index, near_m):
            continue
        before = kept[-1] if kept else None
        if before and run.edge == before.edge != FREE and _is_one(before, run, near_m):
            kept[-1] = _along(index, run.edge, before.share_from, run.share_to)
        else:
            kept.append(run)
    return kept


def _is_stub(before: _Run, run: _Run, after: _Run, index: DrawnIndex, near_m: float) -> bool:
    """Tell whether a short run begins and ends at the same node, where its neighbours meet."""
    if run.edge == FREE or _length_m(run.xy_m) > near_m:
        return False
    return any(
        _meet(before, run, share, index, near_m) and _meet(after, run, share, index, near_m)
        for share in (0.0, 1.0)
    )


def _is_one(one: _Run, other: _Run, near_m: float) -> bool:
    """Tell whether two runs along an edge are one: in one direction, or one of them a twitch."""
    same_way = (one.share_to - one.share_from) * (other.share_to - other.share_from) >= 0
    shorter_m = min(_length_m(one.xy_m), _length_m(other.xy_m))
    return same_way or shorter_m <= near_m / NODE_TOLERANCES


def _to_nodes(runs: list[_Run], row: int, index: DrawnIndex, near_m: float) -> _Run:
    """Lead a run to the nodes that it shares with the runs beside it."""
    run = runs[row]
    if run.edge == FREE:
        return run
    forward = run.share_to >= run.share_from
    start, end = run.share_from, run.share_to
    first, last = (0.0, 1.0) if forward else (1.0, 0.0)
    if row and _meet(runs[row - 1], run, first, index, near_m):
        start = first
    if row + 1 < len(runs) and _meet(runs[row + 1], run, last, index, near_m):
        end = last
    return _along(index, run.edge, start, end)


def _meet(other: _Run, run: _Run, share: float, index: DrawnIndex, near_m: float) -> bool:
    """Tell whether two runs meet at one end of the second one's edge, which both come near."""
    if other.edge in {FREE, run.edge}:
        return False
    node = int((index.edge_to if share else index.edge_from)[run.edge])
    place = shapely.get_coordinates(shapely.get_point(index.shape[run.edge], -1 if share else 0))
    away_m = [np.hypot(*(one.xy_m[[0, -1]] - place).T).min() for one in (other, run)]
    return node in _ends(index, other.edge) and max(away_m) <= near_m


def _ends(index: DrawnIndex, edge: int) -> tuple[int, int]:
    return int(index.edge_from[edge]), int(index.edge_to[edge])


def _free(xy_m: Floats) -> _Run:
    return _Run(edge=FREE, share_from=0.0, share_to=0.0, xy_m=xy_m)


def _length_m(xy_m: Floats) -> float:
    return float(np.hypot(*np.diff(xy_m, axis=0).T).sum())


def _way(runs: list[_Run], index: DrawnIndex) -> DrawnWay:
    free = np.array([run.edge == FREE for run in runs], dtype=bool)
    stretch, area, inside_m = _inside(runs, np.flatnonzero(free), index)
    return DrawnWay(
        edge=np.array([run.edge for run in runs], dtype=np.int64),
        share_from=np.array([run.share_from for run in runs]),
        share_to=np.array([run.share_to for run in runs]),
        length_m=np.array([_length_m(run.xy_m) for run in runs]),
        xy_m=tuple(run.xy_m for run in runs),
        inside_stretch=stretch,
        inside_area=area,
        inside_length_m=inside_m,
    )


def _inside(
    runs: list[_Run], free: Integers, index: DrawnIndex
) -> tuple[Integers, Integers, Floats]:
    """Return which free stretches enter which areas, and for how many metres."""
    lines = np.array([shapely.LineString(runs[row].xy_m) for row in free.tolist()], dtype=object)
    line, area = index.area_tree.query(lines, predicate="intersects")
    inside_m = shapely.length(shapely.intersection(lines[line], index.area[area]))
    kept = inside_m > TOUCH_M
    order = np.lexsort((area[kept], line[kept]))
    return (
        free[line[kept]][order].astype(np.int64),
        area[kept][order].astype(np.int64),
        inside_m[kept][order],
    )
