"""Strands: every line along which a new cable may lie, before they become a graph.

What a source calls a corridor is taken as it is. Mains show where a street lies, so every main that
is a cable becomes a corridor too; where the source has no streets, these (and pipes of other
utilities) are all there is. Corridors are noded at their crossings, near misses of the same street
are linked, poles are joined, and parts that do not meet are joined over open ground. Buildings and
other forbidden areas are cut out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gisplan.model.grid import (
    BusKind,
    Codes,
    CorridorKind,
    Floats,
    Grid,
    Installation,
    Integers,
    LineRole,
    Obstacles,
    Polylines,
    Surface,
    Texts,
)

Geometries = npt.NDArray[np.object_]

GRID_M = 0.01  # coordinates of nodes are rounded to this when corridors are noded
TOUCH_M = 0.05  # closer than this is the same place
STREET_LINK, ROAD_LINK, POLE_LINK = "across the street", "across the road", "to the pole"
LINKS = (STREET_LINK, ROAD_LINK, POLE_LINK)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorridorSettings:
    """Distances that decide what is joined or crossed; each is a visible default.

    ``joined_end_max_m`` is how far the end of a corridor may miss another one and still be meant to
    meet it. Within ``within_road_m`` of a road's axis a corridor runs along the road. A link across
    a street is judged by roads given within ``road_given_m``. Barriers of one kind and owner that
    follow within ``same_crossing_m`` (tracks side by side) are crossed once. Mains of others count
    as beside a corridor within ``beside_m``.
    """

    joined_end_max_m: float = 1.0
    within_road_m: float = 2.0
    road_given_m: float = 25.0
    same_crossing_m: float = 6.0
    beside_m: float = 3.0
    same_street_m: float = 8.0
    pole_join_max_m: float = 50.0
    open_ground_max_m: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Strands:
    """Corridor lines before they become edges: geometry and what each is.

    ``line`` is the main that it traces and ``row`` the corridor that the source gives, or -1.
    """

    geometry: Geometries
    kind: Codes
    surface: Codes
    name: Texts
    line: Integers
    row: Integers

    def __len__(self) -> int:
        return len(self.geometry)


def forbidden_areas(grid: Grid) -> Geometries:
    """Return the polygons that no cable may enter."""
    return area_shapes(grid.obstacles.shape, forbidden_rows(grid))


def forbidden_rows(grid: Grid) -> Integers:
    """Return the rows of the obstacles that no cable may enter, in the order of their polygons."""
    rows: Integers = np.flatnonzero(np.isinf(opened_factors(grid.obstacles)))
    return rows


def opened_factors(obstacles: Obstacles) -> Floats:
    """Return what a metre costs in each area, in metres outside; a right of way opens an area."""
    opened = np.isinf(obstacles.cost_factor) & obstacles.wayleave
    factors: Floats = np.where(opened, 1.0, obstacles.cost_factor)
    return factors


def area_shapes(shape: Polylines, rows: Integers) -> Geometries:
    """Return some rows of ragged rings as shapely polygons."""
    if len(rows) == 0:
        return np.zeros(0, dtype=object)
    owner = np.repeat(np.arange(len(shape)), np.diff(shape.offset))
    position = np.full(len(shape), -1)
    position[rows] = np.arange(len(rows))
    position = position[owner]
    rings = shapely.linearrings(shape.xy_m[position >= 0], indices=position[position >= 0])
    areas: Geometries = np.asarray(shapely.polygons(rings), dtype=object)
    return areas


def place_points(xy_m: Floats) -> Geometries:
    """Return coordinates of shape (points, 2) as shapely points."""
    points: Geometries = np.asarray(shapely.points(xy_m), dtype=object)
    return points


def line_shapes(shape: Polylines) -> Geometries:
    """Return ragged vertices as shapely line strings."""
    if len(shape) == 0:
        return np.zeros(0, dtype=object)
    owner = np.repeat(np.arange(len(shape)), np.diff(shape.offset))
    lines: Geometries = np.asarray(
        shapely.linestrings(np.asarray(shape.xy_m), indices=owner), dtype=object
    )
    return lines


def main_lines(grid: Grid) -> Integers:
    """Return the lines that carry others and are no overhead lines."""
    lines = grid.lines
    rows: Integers = np.flatnonzero(
        (lines.role == LineRole.MAIN)
        & (lines.installation != Installation.OVERHEAD)
        & np.asarray(lines.in_service)
    )
    return rows


def given_strands(grid: Grid) -> Strands:
    """Return the corridors that the source itself names, but for duct banks that are full."""
    corridors = grid.corridors
    full = (corridors.kind == CorridorKind.DUCT_BANK) & (corridors.free_ducts == 0)
    rows = np.flatnonzero(~full)
    given = Strands(
        geometry=line_shapes(corridors.shape),
        kind=np.asarray(corridors.kind),
        surface=np.asarray(corridors.surface),
        name=np.asarray(corridors.corridor_id),
        line=np.full(len(corridors.corridor_id), -1, dtype=np.int64),
        row=np.arange(len(corridors.corridor_id)),
    )
    return _take(given, rows, given.geometry[rows])


def main_strands(grid: Grid) -> Strands:
    """Return mains as evidence of a street beside which another cable may lie."""
    rows = main_lines(grid)
    shapes = line_shapes(grid.lines.shape)[rows]
    keep = shapely.length(shapes) > TOUCH_M
    return _strands(
        shapes[keep],
        CorridorKind.STREET,
        Surface.PAVING,
        names=np.char.add("along ", grid.lines.line_id[rows][keep]),
        line=rows[keep],
    )


def _strands(
    geometry: Geometries,
    kind: CorridorKind,
    surface: Surface,
    *,
    names: Texts,
    line: Integers | None = None,
) -> Strands:
    count = len(geometry)
    return Strands(
        geometry=geometry,
        kind=np.full(count, kind, dtype=np.uint8),
        surface=np.full(count, surface, dtype=np.uint8),
        name=names,
        line=np.full(count, -1, dtype=np.int64) if line is None else line,
        row=np.full(count, -1, dtype=np.int64),
    )


def concat(parts: list[Strands]) -> Strands:
    """Return several sets of strands as one, in the order given."""
    return Strands(
        geometry=np.concatenate([part.geometry for part in parts]),
        kind=np.concatenate([part.kind for part in parts]),
        surface=np.concatenate([part.surface for part in parts]),
        name=np.concatenate([np.asarray(part.name, dtype=np.str_) for part in parts]),
        line=np.concatenate([part.line for part in parts]),
        row=np.concatenate([part.row for part in parts]),
    )


def _take(strands: Strands, rows: Integers, geometry: Geometries) -> Strands:
    return Strands(
        geometry=geometry,
        kind=strands.kind[rows],
        surface=strands.surface[rows],
        name=strands.name[rows],
        line=strands.line[rows],
        row=strands.row[rows],
    )


def with_geometry(strands: Strands, geometry: Geometries) -> Strands:
    """Return the same strands, drawn otherwise."""
    return _take(strands, np.arange(len(strands)), geometry)


def cut_forbidden(strands: Strands, forbidden: Geometries) -> Strands:
    """Cut forbidden areas out; what a street loses is lost, a trace of a main is no permission."""
    if len(forbidden) == 0 or len(strands) == 0:
        return strands
    parts, owner = cut_out(strands.geometry, forbidden)
    return _take(strands, owner, parts)


def cut_out(lines: Geometries, areas: Geometries) -> tuple[Geometries, Integers]:
    """Return what areas leave of lines, without specks, and the line that each part comes from."""
    geometry = lines.copy()
    hit, area = shapely.STRtree(areas).query(geometry, predicate="intersects")
    order = np.lexsort((area, hit))
    hit, area = hit[order], area[order]
    nth = np.arange(len(hit)) - np.searchsorted(hit, hit)  # areas of a row: first, second, ...
    for number in range(int(nth.max(initial=-1)) + 1):
        now = nth == number
        geometry[hit[now]] = shapely.difference(geometry[hit[now]], areas[area[now]])
    parts, owner = shapely.get_parts(geometry, return_index=True)
    keep = (shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING) & (
        shapely.length(parts) > TOUCH_M
    )
    return parts[keep], owner[keep].astype(np.int64)


def clear_of(lines: Geometries, forbidden: Geometries) -> npt.NDArray[np.bool_]:
    """Tell which lines enter no forbidden area.

    Touching its edge is allowed, and what begins inside one may leave it.
    """
    clear = np.ones(len(lines), dtype=bool)
    if len(forbidden) and len(lines):
        hit, area = shapely.STRtree(forbidden).query(lines, predicate="intersects")
        foreign = ~shapely.contains_properly(forbidden[area], shapely.get_point(lines[hit], 0))
        hit, area = hit[foreign], area[foreign]
        inside = shapely.length(shapely.intersection(lines[hit], forbidden[area])) > TOUCH_M
        clear[hit[inside]] = False
    return clear


def same_street_links(strands: Strands, forbidden: Geometries, reach_m: float) -> Strands:
    """Link every vertex of a strand to strands beside it, at most ``reach_m`` away."""
    points, owner = _vertices(strands)
    near, other = shapely.STRtree(strands.geometry).query(
        points, predicate="dwithin", distance=reach_m
    )
    apart = owner[near] != other
    links = shapely.shortest_line(points[near[apart]], strands.geometry[other[apart]])
    links = links[shapely.length(links) > TOUCH_M]
    return link_strands(links[clear_of(links, forbidden)], Surface.ASPHALT, STREET_LINK)


def _vertices(strands: Strands) -> tuple[Geometries, Integers]:
    xy, owner = shapely.get_coordinates(strands.geometry, return_index=True)
    return place_points(xy), owner


def link_strands(geometry: Geometries, surface: Surface, name: str) -> Strands:
    """Return lines as links of one name."""
    kind = CorridorKind.OPEN_GROUND if surface is Surface.OPEN_GROUND else CorridorKind.STREET
    return _strands(geometry, kind, surface, names=np.full(len(geometry), name))


STATION_KINDS = (
    BusKind.CABINET,
    BusKind.TRANSFORMER_BOARD,
    BusKind.RING_MAIN_UNIT,
    BusKind.SWITCHING_STATION,
    BusKind.SUBSTATION_BUSBAR,
)
ACCESS_BUS_KINDS = (*STATION_KINDS, BusKind.POLE)


def pole_links(grid: Grid, strands: Strands, forbidden: Geometries, reach_m: float) -> Strands:
    """Join poles, and every overhead main where it comes nearest, to the nearest strand.

    Stations need no link: connectors lead to them, as to a customer's site.
    """
    lines = grid.lines
    rows = np.flatnonzero(
        (lines.installation == Installation.OVERHEAD) & (lines.role == LineRole.MAIN)
    )
    poles = np.flatnonzero(grid.buses.kind == BusKind.POLE)
    places = place_points(np.column_stack([grid.buses.x_m[poles], grid.buses.y_m[poles]]))
    shapes = np.concatenate([line_shapes(lines.shape)[rows], places])
    return link_strands(
        _nearest_links(shapes, strands, forbidden, reach_m), Surface.VERGE, POLE_LINK
    )


def _nearest_links(
    geometry: Geometries, strands: Strands, forbidden: Geometries, reach_m: float
) -> Geometries:
    """Return the shortest clear link of each geometry to a strand, where there is one."""
    if len(geometry) == 0 or len(strands) == 0:
        return np.zeros(0, dtype=object)
    start, strand = shapely.STRtree(strands.geometry).query(
        geometry, predicate="dwithin", distance=reach_m
    )
    links = np.asarray(shapely.shortest_line(geometry[start], strands.geometry[strand]))
    clear = clear_of(links, forbidden)
    start, strand, links = start[clear], strand[clear], links[clear]
    order = np.lexsort((strand, np.round(shapely.length(links), 3), start))
    _, first = np.unique(start[order], return_index=True)
    nearest: Geometries = links[order][first]
    return nearest[shapely.length(nearest) > TOUCH_M]


def noded(strands: Strands) -> Geometries:
    """Return the strands cut wherever they meet, each stretch once."""
    if len(strands) == 0:
        return np.zeros(0, dtype=object)
    merged = shapely.union_all(strands.geometry, grid_size=GRID_M)
    edges: Geometries = shapely.get_parts(merged)
    return edges[shapely.length(edges) > 0]


def end_nodes(edges: Geometries) -> tuple[Integers, Integers]:
    """Return the node number of both ends of every edge."""
    ends = np.concatenate(
        [
            shapely.get_coordinates(shapely.get_point(edges, 0)),
            shapely.get_coordinates(shapely.get_point(edges, -1)),
        ]
    )
    _, node = np.unique(np.round(ends / GRID_M).astype(np.int64), axis=0, return_inverse=True)
    node = node.reshape(-1)
    return node[: len(edges)], node[len(edges) :]


def components(start: Integers, end: Integers, node_count: int) -> tuple[int, Integers]:
    """Return the number of connected parts and the part of every node."""
    if not node_count:
        return 0, np.zeros(0, dtype=np.int64)
    size = (node_count, node_count)
    graph = coo_array((np.ones(len(start)), (start, end)), shape=size)
    count, label = connected_components(graph, directed=False)
    return int(count), label.astype(np.int64)
