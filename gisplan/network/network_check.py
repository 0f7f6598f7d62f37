"""What is broken in the corridors: parts that do not meet, ends that miss, doubles, full ducts.

Corridors are judged as compiled (what a search can use) and as given (what a planner can mend). A
planner's drawing is broken where a search cannot get on, or gets on only because the compiler
closed a gap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.model.grid import CorridorKind, Installation, LineRole
from gisplan.network.near_ends import find_near_ends
from gisplan.network.network_report import (
    CheckSettings,
    FaultKind,
    FaultSeverity,
    NetworkFault,
    NetworkParts,
    NetworkReport,
)
from gisplan.network.snapshot import Roadside
from gisplan.network.strands import (
    ACCESS_BUS_KINDS,
    LINKS,
    ROAD_LINK,
    STATION_KINDS,
    TOUCH_M,
    CorridorSettings,
    Geometries,
    line_shapes,
    place_points,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gisplan.model.grid import Flags, Floats, Grid, Integers
    from gisplan.network.snapshot import CorridorGraph

BRIDGE = "open ground"  # what the compiler calls its own lines between parts
PLACE_DECIMALS = 2


def check_network(
    grid: Grid,
    corridors: CorridorGraph,
    settings: CheckSettings | None = None,
    compiled_with: CorridorSettings | None = None,
) -> NetworkReport:
    """Find what is broken in the corridors of a grid version.

    Parameters
    ----------
    grid, corridors : a grid and the corridors compiled of it
    settings : distances of the check
    compiled_with : distances that the corridors were compiled with
    """
    settings, compiled_with = settings or CheckSettings(), compiled_with or CorridorSettings()
    parts, unreached = _parts(grid, corridors, settings)
    faults = [
        *_separate_parts(parts),
        *_bridged_gaps(corridors),
        *_near_misses(grid, settings, compiled_with),
        *_access_off_corridor(grid, corridors, settings),
        *_zero_lengths(grid),
        *_duplicates(grid),
        *_parallel_edges(corridors),
        *_full_ducts(grid),
        *_dead_ends(corridors),
    ]
    order = list(FaultKind)
    faults.sort(key=lambda one: (order.index(one.kind), one.x_m, one.y_m, one.element))
    return NetworkReport(parts=parts, faults=tuple(faults), customers_unreached=unreached)


def _parts(
    grid: Grid, corridors: CorridorGraph, settings: CheckSettings
) -> tuple[NetworkParts, int]:
    """Return the parts by length, and how many customers live beside none."""
    label = corridors.component[corridors.edge_from]
    count = int(label.max(initial=-1)) + 1
    length_m = np.asarray(
        np.bincount(label, corridors.edge_length_m, minlength=count), dtype=np.float64
    )
    order = np.lexsort((np.arange(count), -length_m))
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.arange(count)
    edge_part = rank[label]
    customers, unreached = _customers(grid, corridors, edge_part, count, settings)
    x_m, y_m = _places(corridors, edge_part, count)
    return NetworkParts(
        edge_part=edge_part,
        length_m=length_m[order],
        edge_count=np.bincount(edge_part, minlength=count),
        access_count=_access_counts(grid, corridors, rank, settings),
        customer_count=customers,
        x_m=x_m,
        y_m=y_m,
    ), unreached


def _places(corridors: CorridorGraph, edge_part: Integers, count: int) -> tuple[Floats, Floats]:
    """Return the middle of the longest edge of every part."""
    order = np.lexsort((np.arange(len(edge_part)), -corridors.edge_length_m, edge_part))
    longest = order[np.searchsorted(edge_part[order], np.arange(count))]
    shapes = line_shapes(corridors.shape)[longest]
    xy = shapely.get_coordinates(shapely.line_interpolate_point(shapes, 0.5, normalized=True))
    return xy[:, 0], xy[:, 1]


def _access_counts(
    grid: Grid, corridors: CorridorGraph, rank: Integers, settings: CheckSettings
) -> Integers:
    """Count the buses and mains that can be met in every part, each once a part."""
    node = np.repeat(np.arange(len(corridors.node_x_m)), np.diff(corridors.node_meeting_offset))
    if not len(rank):
        return np.zeros(0, dtype=np.int64)
    bus_count = len(grid.buses.bus_id)
    element = np.where(
        corridors.meeting_bus >= 0, corridors.meeting_bus, bus_count + corridors.meeting_line
    )
    bus, edge = _beside_stations(grid, corridors, settings)
    part = np.concatenate(
        [corridors.component[node], corridors.component[corridors.edge_from[edge]]]
    )
    both = np.column_stack([rank[part], np.concatenate([element, bus])])
    pairs = np.unique(both, axis=0)
    return np.bincount(pairs[:, 0], minlength=len(rank)).astype(np.int64)


def _beside_stations(
    grid: Grid, corridors: CorridorGraph, settings: CheckSettings
) -> tuple[Integers, Integers]:
    """Return pairs of a station's bus and an edge that a connector may join it to."""
    buses = grid.buses
    bus = np.flatnonzero(np.isin(buses.kind, STATION_KINDS))
    places = place_points(np.column_stack([buses.x_m[bus], buses.y_m[bus]]))
    found, edge = shapely.STRtree(line_shapes(corridors.shape)).query(
        places, predicate="dwithin", distance=settings.connector_reach_m
    )
    return bus[found], edge


def _customers(
    grid: Grid,
    corridors: CorridorGraph,
    edge_part: Integers,
    count: int,
    settings: CheckSettings,
) -> tuple[Integers, int]:
    """Count the customers beside every part, and those beside none."""
    loads = grid.loads
    places = place_points(np.column_stack([grid.buses.x_m[loads.bus], grid.buses.y_m[loads.bus]]))
    total = int(loads.customer_count.sum())
    if not count or not total:
        return np.zeros(count, dtype=np.int64), total
    load, edge = shapely.STRtree(line_shapes(corridors.shape)).query_nearest(
        places, max_distance=settings.connector_reach_m, all_matches=False
    )
    found = np.bincount(edge_part[edge], loads.customer_count[load], minlength=count)
    return found.astype(np.int64), total - int(found.sum())


def _separate_parts(parts: NetworkParts) -> Iterator[NetworkFault]:
    """Tell every part but the longest; no search leads from one to another."""
    for part in range(1, len(parts)):
        access, customers = int(parts.access_count[part]), int(parts.customer_count[part])
        reached = (
            f"{access} elements with access points serve it alone"
            if access
            else "no access point can be reached from it"
        )
        yield _fault(
            FaultKind.SEPARATE_PART,
            FaultSeverity.WARNING,
            f"part {part + 1}",
            place=(parts.x_m[part], parts.y_m[part]),
            distance_m=float(parts.length_m[part]),
            text=(
                f"{parts.length_m[part]:,.0f} m of corridors in {int(parts.edge_count[part])} "
                f"edges meet no others: {reached}; {customers} customers live beside it"
            ),
        )


def _bridged_gaps(corridors: CorridorGraph) -> Iterator[NetworkFault]:
    """Tell where parts of the drawing are joined only by a line that the compiler drew."""
    for edge in np.flatnonzero(_names(corridors) == BRIDGE).tolist():
        middle = _middle(corridors.shape.row(edge))
        yield _fault(
            FaultKind.BRIDGED_GAP,
            FaultSeverity.WARNING,
            f"edge {edge}",
            place=middle,
            distance_m=float(corridors.edge_length_m[edge]),
            text=(
                f"a gap of {corridors.edge_length_m[edge]:.1f} m is closed over open ground, "
                "which nobody recorded as a corridor; record one, or lead the street on"
            ),
        )


def _near_misses(
    grid: Grid, settings: CheckSettings, compiled_with: CorridorSettings
) -> Iterator[NetworkFault]:
    """Tell ends that come near another corridor of the source without touching it."""
    shapes, row = _given(grid)
    near = find_near_ends(shapes, touch_m=TOUCH_M, reach_m=settings.near_miss_m)
    away_m = np.hypot(*(near.target_m - near.end_m).T)
    ids = grid.corridors.corridor_id[row]
    for one in range(len(near)):
        severity, state = _state_of_miss(float(away_m[one]), compiled_with)
        yield _fault(
            FaultKind.NEAR_MISS,
            severity,
            str(ids[near.line[one]]),
            other=str(ids[near.other[one]]),
            place=(near.end_m[one, 0], near.end_m[one, 1]),
            distance_m=float(away_m[one]),
            text=f"ends {away_m[one]:.2f} m before {ids[near.other[one]]}; {state}",
        )


def _state_of_miss(away_m: float, compiled_with: CorridorSettings) -> tuple[FaultSeverity, str]:
    """Return how grave a miss is and what the compiler made of it."""
    if away_m <= compiled_with.joined_end_max_m:
        return FaultSeverity.NOTE, "joined, as it is hardly meant to be a gap"
    if away_m <= compiled_with.same_street_m:
        return FaultSeverity.NOTE, "linked as if across a street, at the price of asphalt"
    return FaultSeverity.WARNING, "not joined; lead it on if a cable may lie there"


def _access_off_corridor(
    grid: Grid, corridors: CorridorGraph, settings: CheckSettings
) -> Iterator[NetworkFault]:
    """Tell stations and overhead mains that no corridor leads to."""
    buses, lines = grid.buses, grid.lines
    offers = np.isin(buses.kind, ACCESS_BUS_KINDS)
    offers[corridors.meeting_bus[corridors.meeting_bus >= 0]] = False
    offers[_beside_stations(grid, corridors, settings)[0]] = False
    for bus in np.flatnonzero(offers).tolist():
        yield _fault(
            FaultKind.ACCESS_OFF_CORRIDOR,
            FaultSeverity.WARNING,
            f"bus {buses.bus_id[bus]}",
            place=(buses.x_m[bus], buses.y_m[bus]),
            text="no corridor leads to it, so no new cable can end there",
        )
    poles = (lines.installation == Installation.OVERHEAD) & (lines.role == LineRole.MAIN)
    poles[corridors.meeting_line[corridors.meeting_line >= 0]] = False
    for line in np.flatnonzero(poles).tolist():
        yield _fault(
            FaultKind.ACCESS_OFF_CORRIDOR,
            FaultSeverity.WARNING,
            f"line {lines.line_id[line]}",
            place=_middle(lines.shape.row(line)),
            text="no corridor comes near this overhead line, so nothing can be teed off",
        )


def _zero_lengths(grid: Grid) -> Iterator[NetworkFault]:
    shapes = line_shapes(grid.corridors.shape)
    length_m = shapely.length(shapes)
    for row in np.flatnonzero(length_m <= TOUCH_M).tolist():
        yield _fault(
            FaultKind.ZERO_LENGTH,
            FaultSeverity.NOTE,
            str(grid.corridors.corridor_id[row]),
            place=tuple(grid.corridors.shape.row(row)[0]),
            distance_m=float(length_m[row]),
            text=f"is {length_m[row] * 100:.1f} cm long, which is as good as nothing",
        )


def _duplicates(grid: Grid) -> Iterator[NetworkFault]:
    """Tell corridors that are drawn twice, in whichever direction."""
    shapes, row = _given(grid)
    drawn = shapely.to_wkb(shapely.normalize(shapely.set_precision(shapes, 10**-PLACE_DECIMALS)))
    _, first, same = np.unique(drawn.astype(bytes), return_index=True, return_inverse=True)
    original = first[same.reshape(-1)]
    ids, length_m = grid.corridors.corridor_id[row], shapely.length(shapes)
    for one in np.flatnonzero(original != np.arange(len(row))).tolist():
        yield _fault(
            FaultKind.DUPLICATE,
            FaultSeverity.NOTE,
            str(ids[one]),
            other=str(ids[original[one]]),
            place=_middle(shapely.get_coordinates(shapes[one])),
            distance_m=float(length_m[one]),
            text=f"lies where {ids[original[one]]} lies, all along",
        )


def _parallel_edges(corridors: CorridorGraph) -> Iterator[NetworkFault]:
    """Tell pairs of nodes with several ways between them that lie apart."""
    low = np.minimum(corridors.edge_from, corridors.edge_to)
    high = np.maximum(corridors.edge_from, corridors.edge_to)
    order = np.lexsort((corridors.edge_place, high, low))
    pairs = np.column_stack([low, high])[order]
    same = (pairs[1:] == pairs[:-1]).all(axis=1)
    apart = np.diff(corridors.edge_place[order]) != 0
    names = _names(corridors)
    for at in np.flatnonzero(same & apart).tolist():
        one, other = int(order[at]), int(order[at + 1])
        yield _fault(
            FaultKind.PARALLEL_EDGES,
            FaultSeverity.NOTE,
            str(names[other]),
            other=str(names[one]),
            place=_middle(corridors.shape.row(other)),
            distance_m=float(corridors.edge_length_m[other]),
            text=f"leads from and to the same places as {names[one]}; both are kept",
        )


def _full_ducts(grid: Grid) -> Iterator[NetworkFault]:
    corridors = grid.corridors
    full = (corridors.kind == CorridorKind.DUCT_BANK) & (corridors.free_ducts == 0)
    for row in np.flatnonzero(full).tolist():
        yield _fault(
            FaultKind.FULL_DUCTS,
            FaultSeverity.NOTE,
            str(corridors.corridor_id[row]),
            place=_middle(corridors.shape.row(row)),
            text="has no free duct, so no cable is led through it",
        )


def _dead_ends(corridors: CorridorGraph) -> Iterator[NetworkFault]:
    """Tell where a recorded corridor ends and only links of the compiler, if any, lead on."""
    names = _names(corridors)
    own = ~np.isin(names, (*LINKS, BRIDGE))
    joined = own | (names == ROAD_LINK)
    own &= (corridors.edge_roadside & Roadside.RIGHT) == 0  # one side of a road tells of both
    ends = np.concatenate([corridors.edge_from[joined], corridors.edge_to[joined]])
    degree = np.bincount(ends, minlength=len(corridors.node_x_m))
    is_access = np.diff(corridors.node_meeting_offset) > 0
    last = (degree[corridors.edge_from] == 1) | (degree[corridors.edge_to] == 1)
    for edge in np.flatnonzero(own & last).tolist():
        for node in (int(corridors.edge_from[edge]), int(corridors.edge_to[edge])):
            if degree[node] == 1 and not is_access[node]:
                yield _fault(
                    FaultKind.DEAD_END,
                    FaultSeverity.NOTE,
                    str(names[edge]),
                    place=(corridors.node_x_m[node], corridors.node_y_m[node]),
                    text="ends here",
                )


def _given(grid: Grid) -> tuple[Geometries, Integers]:
    """Return the corridors of the source that have an extent, and their rows."""
    shapes = line_shapes(grid.corridors.shape)
    extended: Flags = shapely.length(shapes) > TOUCH_M
    return shapes[extended], np.flatnonzero(extended)


def _names(corridors: CorridorGraph) -> np.ndarray:
    return corridors.corridor_id[corridors.edge_corridor]


def _middle(xy_m: Floats) -> tuple[float, float]:
    point = shapely.line_interpolate_point(shapely.LineString(xy_m), 0.5, normalized=True)
    return float(point.x), float(point.y)


def _fault(
    kind: FaultKind,
    severity: FaultSeverity,
    element: str,
    *,
    place: tuple[float, ...],
    text: str,
    other: str = "",
    distance_m: float = 0.0,
) -> NetworkFault:
    return NetworkFault(
        kind=kind,
        severity=severity,
        element=element,
        other=other,
        distance_m=round(distance_m, 3),
        x_m=float(place[0]),
        y_m=float(place[1]),
        text=text,
    )
