"""Ways over streets and field in one search."""

from __future__ import annotations

import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gisplan.errors import InputError
from gisplan.routing.cost_graph import build_cost_graph
from gisplan.routing.terrain.ground import ARC_BITS
from gisplan.routing.terrain.joined import Joined, join_streets
from gisplan.routing.terrain.parts import FieldPart, StreetPart, TerrainWay
from gisplan.routing.terrain.raster import CostRaster
from gisplan.routing.terrain.search import start_terrain_search
from gisplan.routing.terrain.search_setup import Starts
from gisplan.routing.terrain.sources import GivenRaster
from gisplan.routing.terrain.streets import (
    Stops,
    Streets,
    build_streets,
    field_stops,
    join_stops,
    street_stops,
)
from gisplan.routing.terrain.ways import WaysFound, find_ways
from tests.unit.routing.terrain.oracle import raster_of, step_edges


def streets_of(*edges: tuple[int, int, float, list[tuple[float, float]]]) -> Streets:
    """Edges as (from, to, cents, course)."""
    graph = build_cost_graph(
        np.array([edge[0] for edge in edges], np.int64),
        np.array([edge[1] for edge in edges], np.int64),
        np.array([edge[2] for edge in edges], np.float64),
    )
    counts = [len(edge[3]) for edge in edges]
    xy = np.array([xy for edge in edges for xy in edge[3]], np.float64).reshape(-1, 2)
    return build_streets(graph, np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]), xy)


def one_way(found: WaysFound) -> TerrainWay:
    assert len(found.ways) == 1
    return found.ways[0]


# Two streets at 10 cents a metre, 20 m apart; the field between costs 50.
TWO_STREETS = streets_of(
    (0, 1, 400, [(0.5, 30.5), (40.5, 30.5)]), (2, 3, 400, [(0.5, 10.5), (40.5, 10.5)])
)
FIELD = raster_of(np.full((41, 41), 50))


def test_a_way_leaves_a_street_crosses_a_field_and_joins_another() -> None:
    start = street_stops(TWO_STREETS, np.array([0]), np.array([0.0]))
    end = street_stops(TWO_STREETS, np.array([1]), np.array([1.0]))
    way = one_way(find_ways(GivenRaster(raster=FIELD), TWO_STREETS, start, end))
    # Over: 40 m along at 10, less what a slanting way of a x 20 m saves: with steps (2,1) nothing,
    # since root(a^2 + 20^2) * 50 - a * 10 is least for a = 20 / root 24 = 4.08 m; steps allow 0.
    assert way.cost_cents == pytest.approx(400 + 20 * 50, rel=0.01)
    assert [type(part) for part in way.parts] == [StreetPart, FieldPart, StreetPart]
    assert way.xy_m[0].tolist() == [0.5, 30.5]
    assert way.xy_m[-1].tolist() == [40.5, 10.5]
    assert sum(part.cost_cents for part in way.parts) == pytest.approx(way.cost_cents)


def test_a_dear_field_is_not_crossed() -> None:
    ring = streets_of(
        (0, 1, 400, [(0.5, 30.5), (40.5, 30.5)]),
        (1, 2, 200, [(40.5, 30.5), (40.5, 10.5)]),
    )
    start, end = (street_stops(ring, np.array([n]), np.array([float(n)])) for n in (0, 1))
    way = one_way(
        find_ways(GivenRaster(raster=raster_of(np.full((41, 41), 900))), ring, start, end)
    )
    assert way.cost_cents == pytest.approx(600, abs=0.1)
    assert [(part.edge, part.share_from, part.share_to) for part in way.parts] == [  # type: ignore[union-attr]
        (0, 0.0, 1.0),
        (1, 0.0, 1.0),
    ]


def test_a_field_without_streets_is_crossed_alone() -> None:
    way = one_way(
        find_ways(
            GivenRaster(raster=FIELD),
            streets_of(),
            field_stops(np.array([[3.5, 3.5]])),
            field_stops(np.array([[13.5, 3.75]])),
        )
    )
    assert way.cost_cents == pytest.approx(10 * 50 + 0.25 * 50, abs=1)
    assert way.xy_m[-1].tolist() == [13.5, 3.75]


def test_a_stop_in_mid_edge_pays_its_share() -> None:
    start, end = (street_stops(TWO_STREETS, np.array([0]), np.array([s])) for s in (0.25, 0.8))
    way = one_way(find_ways(GivenRaster(raster=FIELD), TWO_STREETS, start, end))
    assert way.cost_cents == pytest.approx(0.55 * 400, abs=1)
    part = way.parts[0]
    assert isinstance(part, StreetPart)
    assert (part.share_from, part.share_to) == (0.25, 0.8)


def test_both_ends_the_same_cost_nothing() -> None:
    here = field_stops(np.array([[5.5, 5.5]]))
    way = one_way(find_ways(GivenRaster(raster=FIELD), TWO_STREETS, here, here))
    assert way.cost_cents == pytest.approx(0, abs=0.1)
    assert way.xy_m[[0, -1]].tolist() == [[5.5, 5.5], [5.5, 5.5]]


def test_the_nearest_targets_come_first_and_no_more_than_wanted() -> None:
    targets = field_stops(np.array([[30.5, 5.5], [8.5, 5.5], [12.5, 5.5]]))
    found = find_ways(
        GivenRaster(raster=FIELD),
        streets_of(),
        field_stops(np.array([[5.5, 5.5]])),
        targets,
        wanted=2,
    )
    assert [way.target for way in found.ways] == [1, 2]


def test_nothing_cheaper_than_the_bound_is_an_empty_answer() -> None:
    ends = (field_stops(np.array([[x, 5.5]])) for x in (5.5, 25.5))
    found = find_ways(GivenRaster(raster=FIELD), streets_of(), *ends, bound_cents=900)
    assert found.ways == ()


def test_a_stop_in_a_forbidden_cell_is_told_the_nearest_free_one() -> None:
    costs = np.full((9, 9), 50)
    costs[2:7, 2:7] = -1
    ends = (field_stops(np.array([[x, 4.6]])) for x in (6.6, 8.5))
    with pytest.raises(InputError, match=r"forbidden cell; the nearest free one is at 7\.5, 4\.5"):
        find_ways(GivenRaster(raster=raster_of(costs)), streets_of(), *ends)


def test_a_stop_beyond_the_raster_and_one_where_all_is_forbidden_are_refused() -> None:
    far, near = field_stops(np.array([[99.0, 1.0]])), field_stops(np.array([[1.5, 1.5]]))
    with pytest.raises(InputError, match="beyond the cost raster"):
        find_ways(GivenRaster(raster=FIELD), streets_of(), near, far)
    shut = GivenRaster(raster=raster_of([[-1, -1], [-1, -1]]))
    with pytest.raises(InputError, match="all cells are forbidden"):
        find_ways(shut, streets_of(), near, near)
    with pytest.raises(InputError, match="1 starts and 0 targets"):
        find_ways(GivenRaster(raster=FIELD), streets_of(), near, field_stops(np.zeros((0, 2))))


# Random towns: short and long edges, loops and parallels, cheap and dear, over random fields.
COSTS = st.one_of(st.just(-1), st.integers(0, 5), st.integers(40, 90), st.integers(900, 5_000))
FIELDS = arrays(np.int32, (8, 8), elements=COSTS)
POINT = st.tuples(st.integers(-16, 144), st.integers(-16, 144)).map(
    lambda p: (p[0] / 16, p[1] / 16)
)


@st.composite
def towns(draw: st.DrawFn) -> Streets:
    nodes = draw(st.lists(POINT, min_size=2, max_size=5))
    edges = []
    for _ in range(draw(st.integers(1, 6))):
        a, b = (draw(st.integers(0, len(nodes) - 1)) for _ in range(2))
        course = [nodes[a], *draw(st.lists(POINT, max_size=2)), nodes[b]]
        cost = draw(st.one_of(st.just(math.inf), st.integers(0, 2_000).map(float)))
        edges.append((a, b, cost, course))
    return streets_of(*edges)


@st.composite
def stops_in(draw: st.DrawFn, streets: Streets, raster: CostRaster) -> Stops:
    usable = np.flatnonzero(streets.graph.edge_cost >= 0)
    free = np.flatnonzero(raster.cost_cents_per_m.reshape(-1) >= 0)
    if len(usable) and draw(st.booleans()):
        edge = draw(st.sampled_from(usable.tolist()))
        return street_stops(streets, np.array([edge]), np.array([draw(st.integers(0, 4)) / 4]))
    middle = raster.middles_of(np.array([draw(st.sampled_from(free.tolist()))]))
    return field_stops(middle + draw(st.integers(-7, 7)) / 16)


def joined_graph(joined: Joined, unit_bits: int) -> nx.Graph:
    """The joined graph anew: steps of the oracle, arcs as they were joined."""
    ground = joined.ground
    tail, head, units = step_edges(ground.raster, ground.steps.directions, unit_bits)
    graph = nx.Graph()
    graph.add_nodes_from(range(joined.cells + ground.node_count))
    graph.add_weighted_edges_from(zip(tail.tolist(), head.tolist(), units.tolist(), strict=True))
    row_place = np.concatenate([ground.link, ground.cell_count + np.arange(ground.node_count)])
    arc_tail = ground.outer(np.repeat(row_place, np.diff(ground.arc_offset)))
    for a, b, cost in zip(
        arc_tail.tolist(),
        ground.outer(ground.arc_head).tolist(),
        ground.arc_cost.tolist(),
        strict=True,
    ):
        weight = max(math.floor(cost * 2.0 ** (unit_bits - ARC_BITS) + 0.5), 1)
        if weight < graph.get_edge_data(a, b, {"weight": math.inf})["weight"]:
            graph.add_edge(a, b, weight=weight)
    return graph


@settings(max_examples=60, deadline=None)
@given(costs=FIELDS, streets=towns(), directions=st.sampled_from([8, 16, 32]), data=st.data())
def test_the_joined_search_equals_dijkstra_on_the_joined_graph(
    costs: np.ndarray, streets: Streets, directions: int, data: st.DataObject
) -> None:
    costs[0, 0] = 50
    raster = raster_of(costs)
    ends = [data.draw(stops_in(streets, raster)) for _ in range(3)]
    stops = join_stops(join_stops(ends[0], ends[1]), ends[2])
    joined = join_streets(raster, streets, stops, directions=directions)
    place = joined.first_stop + np.arange(3)
    search = start_terrain_search(
        joined.ground,
        Starts(place=place[:1], cost_cents=np.zeros(1, np.int64)),
        targets=place[1:],
    )
    got = search.next_targets(2)
    graph = joined_graph(joined, search.unit_bits)
    exact = nx.single_source_dijkstra_path_length(graph, int(place[0]))
    expected = sorted((exact[p], p) for p in place[1:].tolist() if p in exact)
    assert got.tolist() == [p for _, p in expected]
    units = search.cost_cents(got) * 2.0**search.unit_bits
    assert units.tolist() == [cost for cost, _ in expected]


@settings(max_examples=60, deadline=None)
@given(costs=FIELDS, streets=towns(), data=st.data())
def test_a_growing_window_finds_what_the_whole_ground_holds(
    costs: np.ndarray, streets: Streets, data: st.DataObject
) -> None:
    wide = np.full((150, 150), 60, np.int32)
    wide[70:78, 70:78] = costs
    wide[74, 74] = 50
    raster = CostRaster(cost_cents_per_m=wide, x_min_m=-70.0, y_max_m=78.0, cell_m=1.0, srid=25832)
    small = raster_of(np.maximum(costs, -1) * 0 + 1)
    start, end = (data.draw(stops_in(streets, small)) for _ in range(2))
    source = GivenRaster(raster=raster)
    for stop in (start, end):
        cell = raster.cells_of(stop.xy_m[:, 0], stop.xy_m[:, 1])[0]
        if stop.edge[0] < 0 and wide.reshape(-1)[cell] < 0:
            return
    found = find_ways(source, streets, start, end)
    joined = join_streets(raster, streets, join_stops(start, end))
    search = start_terrain_search(
        joined.ground,
        Starts(place=np.array([joined.first_stop]), cost_cents=np.zeros(1, np.int64)),
        targets=np.array([joined.first_stop + 1]),
    )
    place = search.next_targets(1)
    assert len(found.ways) == len(place)
    if len(place):
        way = one_way(found)
        assert way.cost_cents == pytest.approx(search.cost_cents(place)[0], abs=0.5)
        assert sum(part.cost_cents for part in way.parts) == pytest.approx(way.cost_cents)
        np.testing.assert_allclose(way.xy_m[0], start.xy_m[0])
        np.testing.assert_allclose(way.xy_m[-1], end.xy_m[0])


def test_the_window_grows_around_a_wall() -> None:
    costs = np.full((400, 400), 50)
    costs[40:, 200] = -1  # a wall with its only gap far in the north
    ends = [field_stops(np.array([[x, 20.5]])) for x in (190.5, 210.5)]
    found = find_ways(GivenRaster(raster=raster_of(costs)), streets_of(), *ends)
    assert found.windows_searched > 1
    assert one_way(found).cost_cents > 2 * 340 * 50


def test_the_window_grows_until_a_cheap_way_far_around_is_found() -> None:
    costs = np.full((400, 400), 50)
    costs[40:, 195:206] = 9_000
    ends = [field_stops(np.array([[x, 20.5]])) for x in (190.5, 210.5)]
    found = find_ways(GivenRaster(raster=raster_of(costs)), streets_of(), *ends)
    assert found.windows_searched > 1
    # Straight over would cost 11 x 9,000; around it is about 2 x 340 m at 50.
    assert one_way(found).cost_cents < 45_000


def test_streets_over_forbidden_ground_are_bridges() -> None:
    costs = np.full((20, 41), -1)
    costs[:, :5] = costs[:, 36:] = 50
    bridge = streets_of(
        (0, 1, 300, [(6.5, 10.5), (20.5, 10.5)]),
        (0, 1, 200, [(6.5, 10.5), (20.5, 10.5)]),
        (1, 2, 100, [(20.5, 10.5), (38.5, 10.5)]),
        (0, 3, 10, [(6.5, 10.5), (2.5, 10.5)]),
    )
    ends = [field_stops(np.array([[x, 3.5]])) for x in (2.5, 38.5)]
    way = one_way(find_ways(GivenRaster(raster=raster_of(costs)), bridge, *ends))
    used = [part.edge for part in way.parts if isinstance(part, StreetPart)]
    assert used == [3, 1, 2]


@pytest.mark.parametrize(("share", "expected"), [(0.25, (0.25, 0.0)), (0.75, (0.75, 1.0))])
def test_a_loop_is_left_over_its_nearer_end(share: float, expected: tuple[float, float]) -> None:
    loop = streets_of(
        (0, 0, 400, [(5.5, 5.5), (15.5, 5.5), (15.5, 15.5), (5.5, 15.5), (5.5, 5.5)]),
        (0, 1, 50, [(5.5, 5.5), (0.5, 5.5)]),
    )
    shut = GivenRaster(raster=raster_of(np.full((20, 20), -1)))
    ends = [street_stops(loop, np.array([e]), np.array([s])) for e, s in ((0, share), (1, 1.0))]
    way = one_way(find_ways(shut, loop, *ends))
    assert way.cost_cents == pytest.approx(150, abs=0.1)
    first = way.parts[0]
    assert isinstance(first, StreetPart)
    assert (first.share_from, first.share_to) == expected


def test_streets_lead_on_where_the_raster_ends() -> None:
    around = streets_of(
        (0, 1, 100, [(1.5, 1.5), (1.5, -90.0)]), (1, 2, 100, [(1.5, -90.0), (8.5, 1.5)])
    )
    costs = np.full((10, 10), 9_000)
    ends = [street_stops(around, np.array([e]), np.array([s])) for e, s in ((0, 0.0), (1, 1.0))]
    way = one_way(find_ways(GivenRaster(raster=raster_of(costs)), around, *ends))
    assert way.cost_cents == pytest.approx(200, abs=0.1)


def test_a_stop_on_an_edge_that_may_not_be_used_is_refused() -> None:
    shut = streets_of((0, 1, math.inf, [(1.5, 1.5), (5.5, 1.5)]))
    stop = street_stops(shut, np.array([0]), np.array([0.5]))
    with pytest.raises(InputError, match="stop 0 is on edge 0, which may not be used"):
        find_ways(GivenRaster(raster=FIELD), shut, stop, stop)


def test_a_place_that_is_no_number_is_refused() -> None:
    with pytest.raises(InputError, match="stop 0 is at"):
        field_stops(np.array([[math.nan, 1.0]]))


def test_a_small_window_is_enough_where_nothing_is_gained_outside() -> None:
    ends = [field_stops(np.array([[x, 200.5]])) for x in (190.5, 210.5)]
    source = GivenRaster(raster=raster_of(np.full((400, 400), 50)))
    found = find_ways(source, streets_of(), *ends)
    assert found.windows_searched == 1
    assert found.window.shape[0] < 100


@pytest.mark.parametrize(("edge", "share"), [(2, 0.5), (-1, 0.5), (0, 1.5), (0, math.nan)])
def test_a_stop_off_the_streets_is_refused(edge: int, share: float) -> None:
    with pytest.raises(InputError, match="stop 0 is at share"):
        street_stops(TWO_STREETS, np.array([edge]), np.array([share]))


def test_streets_without_a_course_are_refused() -> None:
    graph = TWO_STREETS.graph
    with pytest.raises(InputError, match="1 courses for 2 edges"):
        build_streets(graph, np.array([0, 2]), np.zeros((2, 2)))
    with pytest.raises(InputError, match="no finite number"):
        build_streets(graph, np.array([0, 2, 4]), np.full((4, 2), np.nan))
