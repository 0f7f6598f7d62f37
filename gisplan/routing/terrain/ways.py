"""Ways over streets and field, found in a window that grows until it holds the best ones."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import shapely

from gisplan.errors import InputError
from gisplan.model.grid import Floats, Integers
from gisplan.routing.terrain.aimed import AimedPlaces, places_of
from gisplan.routing.terrain.aims import NO_LINKS, Aims, Links
from gisplan.routing.terrain.hurdles import NO_HURDLES, Hurdles, wall_off
from gisplan.routing.terrain.hurdles import REACH as HURDLE_REACH
from gisplan.routing.terrain.joined import Joined, join_streets
from gisplan.routing.terrain.parts import TerrainWay, read_parts
from gisplan.routing.terrain.raster import CostRaster, Window
from gisplan.routing.terrain.search import TerrainSearch, start_terrain_search
from gisplan.routing.terrain.search_setup import NO_GOAL, Goal, Starts, rounding_cents
from gisplan.routing.terrain.sources import Box, RasterSource
from gisplan.routing.terrain.streets import IN_FIELD, Stops, Streets, join_stops, street_stops

FIRST_MARGIN_CELLS = 32
SPAN_SHARE = 0.25
BATCH = 256
GROWTH = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WaysFound:
    """The nearest targets with their ways, in order of cost; none beyond the window is cheaper.

    ``raster`` is the window as it was searched, hurdles as walls.
    """

    ways: tuple[TerrainWay, ...]
    raster: CostRaster
    window: Window
    windows_searched: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaysWanted:
    """A question about ways over streets and field.

    Parameters
    ----------
    stops : the places that matter, all within every window that is searched
    start : int64 (starts,), rows of the stops where ways may begin
    start_cents : int64 (starts,), cost before each start
    aims : what ways lead to; those that are no stops count once a window holds them
    links : ways from stop to stop beside the raster
    hurdles : what is crossed at a price in the field
    wanted : how many targets
    bound_cents
        What is known to suffice, for instance the cost of the way by streets alone: only cheaper
        ways are found, and the ground is searched no further than they can reach.
    """

    source: RasterSource
    streets: Streets
    stops: Stops
    start: Integers
    start_cents: Integers
    aims: Aims
    links: Links = NO_LINKS
    hurdles: Hurdles = NO_HURDLES
    wanted: int = 1
    directions: int = 16
    bound_cents: int | None = None

    @property
    def cheapest(self) -> float:
        """No metre, over field, along a street or along a link, costs less cents."""
        links, xy_m = self.links, self.stops.xy_m
        length_m = np.hypot(*(xy_m[links.one] - xy_m[links.other]).T)
        linked = np.divide(
            links.cents, length_m, out=np.full(len(length_m), np.inf), where=length_m > 0
        )
        return min(
            float(self.source.cheapest_cents_per_m),
            self.streets.cheapest_cents_per_m,
            float(linked.min(initial=np.inf)),
        )


def find_ways(
    source: RasterSource,
    streets: Streets,
    starts: Stops,
    targets: Stops,
    *,
    start_cents: Integers | None = None,
    wanted: int = 1,
    directions: int = 16,
    bound_cents: int | None = None,
) -> WaysFound:
    """Return the cheapest ways from any start to the ``wanted`` nearest targets.

    Parameters
    ----------
    start_cents : int64 (starts,), cost before each start, 0 by default
    bound_cents : see ``WaysWanted``

    Raises
    ------
    InputError
        If there is no start or target, or one in the field lies in a forbidden cell or beyond.
    """
    row = np.arange(len(targets))
    return search_ways(
        WaysWanted(
            source=source,
            streets=streets,
            stops=join_stops(starts, targets),
            start=np.arange(len(starts)),
            start_cents=np.zeros(len(starts), np.int64) if start_cents is None else start_cents,
            aims=Aims(stop=len(starts) + row, stop_group=row),
            wanted=wanted,
            directions=directions,
            bound_cents=bound_cents,
        )
    )


def search_ways(task: WaysWanted) -> WaysFound:
    """Return the cheapest way to each of the nearest targets.

    Streets are taken where they lie within the window; what leads out of it counts as a way that
    costs at least the cheapest metre times the straight rest, which proves the answer or grows the
    window.

    Raises
    ------
    InputError
        If there is no start or target, or one in the field lies in a forbidden cell or beyond.
    """
    if not len(task.start) or not len(task.aims):
        raise InputError(
            f"{len(task.start)} starts and {len(task.aims)} targets; expected one or more"
        )
    return _search_growing(replace(task, wanted=min(task.wanted, task.aims.group_count)))


def _search_growing(task: WaysWanted) -> WaysFound:
    """Search windows that grow until what leaves them cannot be cheaper."""
    source = task.source
    west, south, east, north = _box_of_stops(task)
    span_m = math.hypot(east - west, north - south)
    margin_m, bound = SPAN_SHARE * span_m + FIRST_MARGIN_CELLS * source.cell_m, task.bound_cents
    searched = 0
    while True:
        window = source.window_around(
            (west - margin_m, south - margin_m, east + margin_m, north + margin_m)
        )
        searched += 1
        found = _search_window(task, window, bound)
        if window == source.whole or found.least_out_cents >= found.dearest_cents:
            return WaysFound(
                ways=_ways(found),
                raster=found.joined.ground.raster,
                window=window,
                windows_searched=searched,
            )
        if math.isfinite(found.dearest_cents):
            bound = math.floor(found.dearest_cents) + 1
        margin_m *= GROWTH


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """One window searched: the targets found and what each costs, at most at which cost, and what
    leaves the window at least.
    """

    joined: Joined
    search: TerrainSearch
    met: AimedPlaces
    total_cents: Floats
    dearest_cents: float
    least_out_cents: float


def _search_window(task: WaysWanted, window: Window, bound_cents: int | None) -> _Found:
    source = task.source
    cut = source.cut(window)
    is_whole = window == source.whole
    inside = _edges_inside(task, window, cut)
    edge_ends = _edge_ends(task, inside)
    stood_on = task.stops.xy_m[task.stops.edge == IN_FIELD]
    raster, passages = wall_off(cut, _hurdles_in(task.hurdles, cut), stood_on)
    joined = join_streets(
        raster,
        task.streets,
        join_stops(task.stops, _end_stops(task, edge_ends)),
        edges=inside,
        links=task.links,
        passages=passages,
        directions=task.directions,
    )
    aimed = places_of(task.aims, joined, edge_ends)
    goal = _goal(task, joined)
    search = start_terrain_search(
        joined.ground,
        Starts(place=joined.first_stop + task.start, cost_cents=task.start_cents),
        targets=aimed.place,
        bound_cents=bound_cents,
        goal=goal,
    )
    most = math.inf if bound_cents is None else float(bound_cents)
    met, total = _nearest(search, aimed, task.wanted, most)
    dearest = float(total[-1]) if len(total) == task.wanted else most
    exits = np.zeros(0, np.int64) if is_whole else _exits(task, joined, window, inside)
    rest_m = _away_from_box(joined.xy_of(exits), goal.box_m) if goal.cents_per_m else 0.0
    out = search.cost_cents(exits) + rest_m * goal.cents_per_m
    return _Found(
        joined=joined,
        search=search,
        met=met,
        total_cents=total,
        dearest_cents=dearest,
        least_out_cents=float(out.min(initial=math.inf)) - rounding_cents(search.unit_bits),
    )


def _nearest(
    search: TerrainSearch, aimed: AimedPlaces, wanted: int, most_cents: float
) -> tuple[AimedPlaces, Floats]:
    """Return the best place of each of the nearest targets, in order of cost, and the costs.

    A target is found when the search has reached what its best place and the rest cost together.
    """
    order = np.lexsort((aimed.cents, aimed.group, aimed.place))
    aimed = aimed.take(order)
    cents, group = aimed.cents.tolist(), aimed.group.tolist()
    best: dict[int, tuple[float, int, int]] = {}
    batch, reached = max(wanted, 1), 0.0
    while sum(total <= reached for total, _, _ in best.values()) < wanted:
        places = search.next_targets(batch)
        for one, cost in zip(places.tolist(), search.cost_cents(places).tolist(), strict=True):
            for row in range(*np.searchsorted(aimed.place, [one, one + 1]).tolist()):
                told = cost + cents[row], one, row
                best[group[row]] = min(told, best.get(group[row], told))
            reached = cost
        if len(places) < batch:
            break
        batch = BATCH
    chosen = sorted(told for told in best.values() if told[0] <= most_cents)[:wanted]
    found = np.array([row for *_, row in chosen], dtype=np.int64)
    return aimed.take(found), np.array([total for total, *_ in chosen])


def _edge_ends(task: WaysWanted, inside: Integers) -> Integers:
    """Return the rows of the ends that lie on open edges within a window."""
    ends = task.aims.ends
    is_there = (ends.node < 0) & np.isin(ends.edge, inside)
    rows = np.flatnonzero(is_there)
    return rows[task.streets.graph.edge_cost[ends.edge[rows]] >= 0]


def _end_stops(task: WaysWanted, rows: Integers) -> Stops:
    ends = task.aims.ends
    return street_stops(task.streets, ends.edge[rows], ends.share[rows])


def _hurdles_in(hurdles: Hurdles, raster: CostRaster) -> Hurdles:
    """Return the hurdles that come into a raster."""
    if not len(hurdles.shape):
        return hurdles
    rows, columns = raster.shape
    west, north = raster.x_min_m, raster.y_max_m
    box = shapely.box(west, north - rows * raster.cell_m, west + columns * raster.cell_m, north)
    row = np.flatnonzero(shapely.intersects(hurdles.shape, box))
    return Hurdles(shape=hurdles.shape[row], cents=hurdles.cents[row], group=hurdles.group[row])


def _goal(task: WaysWanted, joined: Joined) -> Goal:
    """Return where all targets lie, where that is known."""
    if not task.aims.are_stops:
        return NO_GOAL
    xy = task.stops.xy_m[task.aims.stop]
    (west, south), (east, north) = xy.min(axis=0), xy.max(axis=0)
    box = (float(west), float(south), float(east), float(north))
    return Goal(
        box_m=box,
        cents_per_m=task.cheapest,
        node_rest_m=_away_from_box(joined.xy_m, box),
    )


def _away_from_box(xy_m: Floats, box_m: Box) -> Floats:
    west, south, east, north = box_m
    across = np.maximum(np.maximum(west - xy_m[:, 0], xy_m[:, 0] - east), 0.0)
    down = np.maximum(np.maximum(south - xy_m[:, 1], xy_m[:, 1] - north), 0.0)
    away: Floats = np.hypot(across, down)
    return away


def _exits(task: WaysWanted, joined: Joined, window: Window, inside: Integers) -> Integers:
    """Return the places from which a step or an edge may lead out of the window."""
    rows, columns = joined.ground.raster.shape
    whole, reach = task.source.whole, joined.ground.steps.reach
    if len(task.hurdles.shape):
        reach = max(reach, HURDLE_REACH)
    is_out = np.zeros((rows, columns), dtype=bool)
    if window.row_from > whole.row_from:
        is_out[:reach] = True
    if window.row_to < whole.row_to:
        is_out[-reach:] = True
    if window.column_from > whole.column_from:
        is_out[:, :reach] = True
    if window.column_to < whole.column_to:
        is_out[:, -reach:] = True
    graph = task.streets.graph
    left_out = np.ones(graph.edge_count, dtype=bool)
    left_out[inside] = False
    left_out &= graph.edge_cost >= 0
    ends = np.concatenate([graph.edge_from[left_out], graph.edge_to[left_out]])
    return np.concatenate(
        [np.flatnonzero(is_out), joined.cells + np.flatnonzero(np.isin(joined.node, ends))]
    )


def _edges_inside(task: WaysWanted, window: Window, raster: CostRaster) -> Integers:
    """Return the edges within a window; where the ground ends, the window knows no end."""
    rows, columns = raster.shape
    whole, box = task.source.whole, task.streets.box_m
    west, north = raster.x_min_m, raster.y_max_m
    east, south = west + columns * raster.cell_m, north - rows * raster.cell_m
    is_inside = (window.column_from == whole.column_from) | (box[:, 0] >= west)
    is_inside &= (window.row_to == whole.row_to) | (box[:, 1] >= south)
    is_inside &= (window.column_to == whole.column_to) | (box[:, 2] <= east)
    is_inside &= (window.row_from == whole.row_from) | (box[:, 3] <= north)
    return np.flatnonzero(is_inside)


def _box_of_stops(task: WaysWanted) -> Box:
    """Return the box of all stops, and of the whole edges that they stand on."""
    stops = task.stops
    on = stops.edge[stops.edge != IN_FIELD]
    low = np.vstack([stops.xy_m, task.streets.box_m[on, :2]]).min(axis=0)
    high = np.vstack([stops.xy_m, task.streets.box_m[on, 2:]]).max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _ways(found: _Found) -> tuple[TerrainWay, ...]:
    joined, first, met = found.joined, found.joined.first_stop, found.met
    ways = []
    for row, place in enumerate(met.place.tolist()):
        way = found.search.way_to(place)
        ways.append(
            TerrainWay(
                start=int(way[0]) - first,
                target=int(met.group[row]),
                parts=read_parts(joined, way, found.search.cost_cents(way)),
                cost_cents=float(found.total_cents[row]),
                end=int(met.end[row]),
            )
        )
    return tuple(ways)
