"""Drawn lines on small street grids: which edges they follow, where they leave them."""

import itertools
import tracemalloc

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.errors import InputError
from gisplan.routing.drawn import (
    DrawnIndex,
    DrawnWay,
    build_drawn_index,
    check_drawn_line,
    read_drawn_line,
)
from gisplan.routing.drawn_stops import LineEnds

Point = tuple[float, float]
TOLERANCE_M = 5.0
FREE_CENTS_PER_M = 6000.0


def index_of(
    *edges: list[Point],
    price: list[float] | None = None,
    areas: tuple[shapely.Geometry, ...] = (),
) -> DrawnIndex:
    ends = [(edge[0], edge[-1]) for edge in edges]
    nodes = {place: number for number, place in enumerate(sorted({p for e in ends for p in e}))}
    shape = np.array([shapely.LineString(edge) for edge in edges], dtype=object)
    per_m = np.ones(len(edges)) if price is None else np.array(price)

    def part_cents(edge: np.ndarray, share_from: np.ndarray, share_to: np.ndarray) -> np.ndarray:
        length_m = shapely.length(shape[edge]) * np.abs(share_to - share_from)
        return np.where(np.isfinite(per_m[edge]), 100 * length_m, 1.0) * per_m[edge]

    return build_drawn_index(
        shape,
        np.array([nodes[start] for start, _ in ends], dtype=np.int64),
        np.array([nodes[end] for _, end in ends], dtype=np.int64),
        part_cents=part_cents,
        free_cents_per_m=FREE_CENTS_PER_M,
        area=np.array(areas, dtype=object),
    )


def read(index: DrawnIndex, *points: Point) -> DrawnWay:
    return read_drawn_line(np.array(points, dtype=np.float64), index, tolerance_m=TOLERANCE_M)


def told(way: DrawnWay) -> list[tuple[int, float, float]]:
    return [
        (int(edge), round(float(start), 2), round(float(end), 2))
        for edge, start, end in zip(way.edge, way.share_from, way.share_to, strict=True)
    ]


CROSS = index_of(
    [(0, 0), (100, 0)], [(100, 0), (200, 0)], [(100, 0), (100, 100)], [(100, -100), (100, 0)]
)


def test_line_along_edges_is_those_edges() -> None:
    way = read(CROSS, (20, 0), (100, 0), (100, 100))
    assert told(way) == [(0, 0.2, 1.0), (2, 0.0, 1.0)]
    assert way.length_m.tolist() == [80.0, 100.0]


def test_line_against_the_direction_of_an_edge_runs_back_along_it() -> None:
    assert told(read(CROSS, (100, 50), (100, 0), (30, 0))) == [(2, 0.5, 0.0), (0, 1.0, 0.3)]


def test_line_beside_edges_within_tolerance_follows_them() -> None:
    way = read(CROSS, (0, 3), (97, 3), (97, 100))
    assert told(way) == [(0, 0.0, 1.0), (2, 0.0, 1.0)]


def test_corner_that_is_cut_short_is_gone_around() -> None:
    assert told(read(CROSS, (0, 1), (96, 1), (99, 5), (99, 100)))[:2] == [
        (0, 0.0, 1.0),
        (2, 0.0, 1.0),
    ]


def test_line_over_open_ground_is_free() -> None:
    way = read(CROSS, (0, 50), (60, 70))
    assert told(way) == [(-1, 0.0, 0.0)]
    assert way.xy_m[0].tolist() == [[0.0, 50.0], [60.0, 70.0]]


def test_street_that_is_only_crossed_is_not_followed() -> None:
    way = read(CROSS, (50, -60), (50, 60))
    assert told(way) == [(-1, 0.0, 0.0)]


def test_line_that_leaves_a_street_and_joins_another_is_continuous() -> None:
    index = index_of([(0, 0), (100, 0)], [(50, 60), (200, 60)])
    way = read(index, (0, 0), (60, 0), (80, 60), (200, 60))
    assert way.edge.tolist() == [0, -1, 1]
    for one, other in zip(way.xy_m[:-1], way.xy_m[1:], strict=True):
        assert one[-1].tolist() == pytest.approx(other[0].tolist())
    assert way.share_to[0] == pytest.approx(0.6, abs=0.03)
    assert way.share_from[2] == pytest.approx(30.0 / 150, abs=0.03)


def test_of_edges_on_one_line_the_cheapest_is_meant() -> None:
    street, duct = [(0.0, 0.0), (100.0, 0.0)], [(0.0, 0.0), (100.0, 0.0)]
    assert told(read(index_of(street, duct, price=[90.0, 12.0]), (0, 0), (100, 0)))[0][0] == 1
    assert told(read(index_of(street, duct, price=[12.0, np.inf]), (0, 0), (100, 0)))[0][0] == 0


def test_line_there_and_back_is_told_twice() -> None:
    way = read(index_of([(0, 0), (100, 0)]), (0, 0), (60, 0), (10, 0))
    assert told(way) == [(0, 0.0, 0.6), (0, 0.6, 0.1)]


def test_closed_edge_is_followed_all_around() -> None:
    ring = index_of([(0, 0), (80, 0), (80, 80), (0, 80), (0, 0)])
    assert told(read(ring, (0, 0), (80, 0), (80, 80), (0, 80), (0, 0))) == [(0, 0.0, 1.0)]


def test_gap_between_streets_is_a_free_stretch() -> None:
    index = index_of([(0, 0), (100, 0)], [(104, 0), (200, 0)])
    way = read(index, (0, 0), (200, 0))
    assert told(way) == [(0, 0.0, 1.0), (-1, 0.0, 0.0), (1, 0.0, 1.0)]
    assert way.length_m.tolist() == pytest.approx([100.0, 4.0, 96.0])


def test_what_leads_through_a_forbidden_area_is_told_with_its_length() -> None:
    lake = shapely.Polygon(
        shapely.box(20, 30, 80, 70).exterior, [shapely.box(40, 40, 60, 60).exterior]
    )
    house = shapely.box(90, 45, 120, 55)
    way = read(index_of([(0, 0), (200, 0)], areas=(lake, house)), (0, 50), (100, 50))
    assert way.inside_stretch.tolist() == [0, 0]
    assert way.inside_area.tolist() == [0, 1]
    assert way.inside_length_m.tolist() == pytest.approx([40.0, 10.0])


def test_without_any_edges_all_is_free() -> None:
    assert told(read(index_of(), (0, 0), (10, 0), (10, 10))) == [(-1, 0.0, 0.0)]


@pytest.mark.parametrize(
    ("points", "text"),
    [
        ([(0.0, 0.0)], "2 to 10000 vertices"),
        ([(0.0, 0.0), (np.nan, 1.0)], "vertex 1"),
        ([(0.0, 0.0), (np.inf, 1.0)], "vertex 1"),
        ([(3.0, 3.0), (3.0, 3.0)], "draw one with an extent"),
        ([(0.0, 0.0, 1.0), (1.0, 1.0, 1.0)], "x and y"),
    ],
)
def test_what_is_no_line_is_refused(points: list[tuple[float, ...]], text: str) -> None:
    with pytest.raises(InputError, match=text):
        check_drawn_line(np.array(points))


def test_line_that_is_too_long_is_to_be_drawn_in_parts() -> None:
    with pytest.raises(InputError, match="60 km long; expected at most 50 km: draw it in parts"):
        check_drawn_line(np.array([(0.0, 0.0), (60_000.0, 0.0)]))


def test_line_to_and_fro_two_thousand_times_takes_little_memory() -> None:
    town = index_of(
        *([(10 * i, 10 * j), (10 * i, 10 * j + 10)] for i in range(5) for j in range(4)),
        *([(10 * j, 10 * i), (10 * j + 10, 10 * i)] for i in range(5) for j in range(4)),
    )
    row = np.arange(2000)
    zigzag = np.column_stack([0.02 * row, np.where(row % 2, 0.0, 24.0)])
    tracemalloc.start()
    way = read_drawn_line(zigzag, town, tolerance_m=TOLERANCE_M)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200e6
    assert way.length_m.sum() > 0.5 * np.hypot(*np.diff(zigzag, axis=0).T).sum()


def test_of_corridors_within_the_tolerance_the_cheapest_is_meant() -> None:
    # the near one is dear, the other one lies 4 m beside and is joined at both ends by links
    index = index_of(
        [(0, 0), (100, 0)],
        [(0, 4), (100, 4)],
        [(0, 0), (0, 4)],
        [(100, 0), (100, 4)],
        price=[100.0, 20.0, 10.0, 10.0],
    )
    ends = [
        LineEnds(edge=np.array([0]), share=np.array([share]), xy_m=xy_m, cents=np.zeros(1))
        for share, xy_m in ((0.0, np.array([[0.0, 0.0]])), (1.0, np.array([[100.0, 0.0]])))
    ]
    line = np.concatenate([one.xy_m for one in ends])
    way = read_drawn_line(line, index, tolerance_m=TOLERANCE_M, start=ends[0], end=ends[1])
    assert told(way) == [(2, 0.0, 1.0), (1, 0.0, 1.0), (3, 1.0, 0.0)]
    assert (way.first_landing, way.last_landing) == (0, 0)


def test_open_ground_beside_a_dear_corridor_is_no_way_out() -> None:
    index = index_of([(0, 0), (100, 0)], price=[1000.0])
    assert told(read(index, (0, 3), (100, 3))) == [(0, 0.0, 1.0)]


def test_corridors_side_by_side_that_do_not_meet_are_changed_where_the_next_one_begins() -> None:
    index = index_of([(0, 0), (100, 0)], [(80, 3), (200, 3)], price=[30.0, 30.0])
    way = read(index, (0, 0), (80, 0), (100, 3), (200, 3))
    assert way.edge.tolist() == [0, -1, 1]
    assert way.length_m[1] < 4 * TOLERANCE_M


def test_tolerance_must_be_positive() -> None:
    with pytest.raises(InputError, match="tolerance"):
        read_drawn_line(np.array([(0.0, 0.0), (9.0, 0.0)]), CROSS, tolerance_m=0.0)


SIDE = 4


def streets(seed: int) -> tuple[list[list[Point]], nx.MultiGraph, np.ndarray]:
    """A bent grid of streets with random costs a metre, some of them doubled on one line."""
    rng = np.random.default_rng(seed)
    places = {
        (i, j): (60.0 * i + rng.uniform(-15, 15), 60.0 * j + rng.uniform(-15, 15))
        for i in range(SIDE)
        for j in range(SIDE)
    }
    graph, edges, prices = nx.MultiGraph(), [], []
    pairs = [((i, j), (i + 1, j)) for i in range(SIDE - 1) for j in range(SIDE)]
    pairs += [((j, i), (j, i + 1)) for i in range(SIDE - 1) for j in range(SIDE)]
    for one, other in pairs:
        middle = (np.array(places[one]) + np.array(places[other])) / 2 + rng.uniform(-6, 6, 2)
        shape = [places[one], (float(middle[0]), float(middle[1])), places[other]]
        for _ in range(1 + (rng.random() < 0.2)):
            prices.append(float(rng.integers(10, 200)))
            cost = shapely.LineString(shape).length * prices[-1]
            graph.add_edge(one, other, key=len(edges), cost=cost)
            edges.append(shape)
    return edges, graph, np.array(prices)


def optimal(graph: nx.MultiGraph) -> list[int]:
    nodes = nx.dijkstra_path(graph, (0, 0), (SIDE - 1, SIDE - 1), weight="cost")
    return [
        min(graph[one][other], key=lambda key: graph[one][other][key]["cost"])
        for one, other in itertools.pairwise(nodes)
    ]


def drawn_along(edges: list[list[Point]], way: list[int]) -> np.ndarray:
    line = [edges[way[0]]]
    here = line[0][0] if line[0][0] not in (edges[way[1]][0], edges[way[1]][-1]) else line[0][-1]
    points = [here]
    for edge in way:
        shape = edges[edge] if edges[edge][0] == points[-1] else edges[edge][::-1]
        points += shape[1:]
    return np.array(points)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_line_drawn_along_the_optimal_route_costs_the_same(seed: int) -> None:
    edges, graph, prices = streets(seed)
    best = optimal(graph)
    index = index_of(*edges, price=prices.tolist())
    way = read_drawn_line(drawn_along(edges, best), index, tolerance_m=TOLERANCE_M)
    assert way.edge.tolist() == best
    assert np.abs(way.share_to - way.share_from).tolist() == pytest.approx([1.0] * len(best))
    cost = float((way.length_m * prices[way.edge]).sum())
    assert cost == pytest.approx(nx.path_weight(graph, _nodes(graph), "cost"))


def _nodes(graph: nx.MultiGraph) -> list[tuple[int, int]]:
    return list(nx.dijkstra_path(graph, (0, 0), (SIDE - 1, SIDE - 1), weight="cost"))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_line_drawn_by_hand_follows_the_same_edges(seed: int) -> None:
    edges, graph, prices = streets(seed)
    best = optimal(graph)
    line = shapely.segmentize(shapely.LineString(drawn_along(edges, best)), 15.0)
    rng = np.random.default_rng(seed)
    shaken = shapely.get_coordinates(line) + rng.uniform(-1.2, 1.2, (len(line.coords), 2))
    index = index_of(*edges, price=prices.tolist())
    way = read_drawn_line(shaken, index, tolerance_m=TOLERANCE_M)
    # the hand may begin or end a little beyond the first or last node
    at_ends = way.length_m < TOLERANCE_M
    at_ends[2:-2] = False
    alike = [(edges[edge], prices[edge]) for edge in best]  # two on one line at one price are one
    assert [(edges[edge], prices[edge]) for edge in way.edge[~at_ends].tolist()] == alike
    assert way.length_m[at_ends].sum() < TOLERANCE_M


def test_line_drawn_backwards_costs_the_same() -> None:
    edges, graph, prices = streets(7)
    line = drawn_along(edges, optimal(graph))
    index = index_of(*edges, price=prices.tolist())
    one, other = (
        read_drawn_line(points, index, tolerance_m=TOLERANCE_M) for points in (line, line[::-1])
    )
    assert one.edge.tolist() == other.edge.tolist()[::-1]
    assert one.length_m.sum() == pytest.approx(other.length_m.sum())
