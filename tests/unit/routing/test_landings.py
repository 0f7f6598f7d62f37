"""The cheapest landings of points, against every edge, place and tariff one by one."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.errors import InputError
from gisplan.routing import landings
from gisplan.routing.landing_kernel import TOUCH_M, is_blocked
from gisplan.routing.landings import (
    UNREACHED,
    Edges,
    LandingIndex,
    Tariffs,
    build_areas,
    build_landing_index,
    floor_cents,
)

REACH_M = 60.0
NOTHING = build_areas(np.zeros(0, dtype=object), np.zeros(0, dtype=bool))


def edges_of(shapes: list[list[tuple[float, float]]], ends: list[tuple[int, int]]) -> Edges:
    lines = [shapely.LineString(shape) for shape in shapes]
    return Edges(
        start=np.array([one for one, _ in ends]),
        end=np.array([other for _, other in ends]),
        length_m=shapely.length(np.array(lines)),
        offset=np.cumsum([0, *map(len, shapes)]).astype(np.int64),
        xy_m=np.array([xy for shape in shapes for xy in shape], dtype=float),
        crossing_offset=np.zeros(len(shapes) + 1, dtype=np.int64),
        crossing_share=np.zeros(0),
        roadside=np.zeros(len(shapes), dtype=np.uint8),
    )


def tariffs_of(
    edges: Edges,
    node_cents: list[list[int]],
    *,
    per_m: float = 100.0,
    connector: float = 40.0,
    joined: list[int] | None = None,
    limit_m: float = np.inf,
) -> Tariffs:
    nodes = np.array(node_cents, dtype=np.int64)
    count, edge_count = len(nodes), len(edges.start)
    joined_cents = np.full((count, edge_count), UNREACHED)
    if joined is not None:
        joined_cents[:] = joined
    scale = 1.0 + np.arange(count)[:, None] / 10
    return Tariffs(
        node_cents=nodes,
        node_length_m=np.zeros(nodes.shape),
        edge_cents=edges.length_m * per_m * scale,
        joined_cents=joined_cents,
        joined_from=np.zeros((count, edge_count)),
        joined_to=np.full((count, edge_count), 0.9),
        joined_length_m=np.zeros((count, edge_count)),
        connector_cents_per_m=connector * scale[:, 0],
        limit_m=np.full(count, limit_m),
        drum_m=np.full(count, 1e9),
        joint_cents=np.zeros(count, dtype=np.int64),
        floor_cents=floor_cents(edges, nodes, joined_cents),
        crossing_cents=np.zeros(0, dtype=np.int64),
    )


STREET = edges_of([[(0, 0), (100, 0)]], [(0, 1)])


def land(index: LandingIndex, tariffs: Tariffs, *xy_m: float) -> int:
    return int(index.cheapest(np.array([xy_m]), tariffs, REACH_M).cents[0])


def everywhere(edges: Edges, *boxes: shapely.Polygon, leavable: bool = True) -> LandingIndex:
    areas = build_areas(np.array(boxes, dtype=object), np.full(len(boxes), leavable))
    return build_landing_index(edges, np.ones(len(edges.start), dtype=bool), areas)


def test_landing_at_a_node_spares_the_dearer_way_along_the_edge() -> None:
    tariffs = tariffs_of(STREET, [[1000, 5000]])
    # that node is 50 m away at 40 cents; the foot would be 30 m and 40 m of the edge at 100 cents
    assert land(everywhere(STREET), tariffs, 40.0, 30.0) == 50 * 40 + 1000


def test_landing_at_the_foot_spares_the_dearer_connector() -> None:
    tariffs = tariffs_of(STREET, [[1000, 5000]], connector=400.0)
    assert land(everywhere(STREET), tariffs, 40.0, 30.0) == 30 * 400 + 40 * 100 + 1000


def test_joined_edge_costs_no_way_along_it() -> None:
    tariffs = tariffs_of(STREET, [[9000, 9000]], joined=[700])
    assert land(everywhere(STREET), tariffs, 40.0, 30.0) == 30 * 40 + 700
    # beyond nine tenths of the edge it may not be joined, and the way goes back to there
    assert land(everywhere(STREET), tariffs, 95.0, 10.0) == 10 * 40 + 5 * 100 + 700


def test_way_beyond_the_limit_takes_the_next_tariff() -> None:
    tariffs = tariffs_of(STREET, [[1000, 1000], [1000, 1000]])._replace(
        limit_m=np.array([20.0, 1e9])
    )
    found = everywhere(STREET).cheapest(np.array([[50.0, 30.0]]), tariffs, REACH_M)
    assert found.tariff.tolist() == [1]
    # straight to either end, because the verge costs less than the street
    assert found.length_m[0] == pytest.approx(np.hypot(50, 30))


def test_crossing_in_the_part_is_paid() -> None:
    edges = STREET._replace(crossing_offset=np.array([0, 1]), crossing_share=np.array([0.2]))
    tariffs = tariffs_of(edges, [[0, 10**9]])._replace(crossing_cents=np.array([777]))
    assert land(everywhere(edges), tariffs, 50.0, 0.0) == 50 * 40
    far = tariffs._replace(connector_cents_per_m=np.array([1000.0]))
    assert land(everywhere(edges), far, 50.0, 0.0) == 50 * 100 + 777
    assert land(everywhere(edges), far, 10.0, 0.0) == 10 * 100


def test_closed_edge_is_left_only_at_its_nodes() -> None:
    tariffs = tariffs_of(STREET, [[1000, 5000]])._replace(edge_cents=np.array([[-1.0]]))
    assert land(everywhere(STREET), tariffs, 40.0, 30.0) == 3000


def test_edge_that_may_not_be_landed_on_is_none() -> None:
    index = build_landing_index(STREET, np.zeros(1, dtype=bool), NOTHING)
    assert land(index, tariffs_of(STREET, [[0, 0]]), 40.0, 30.0) == UNREACHED


def test_vertex_that_is_no_number_is_refused() -> None:
    edges = STREET._replace(xy_m=np.array([[0.0, 0.0], [np.nan, 0.0]]))
    with pytest.raises(InputError, match="finite"):
        everywhere(edges)


COORDINATE = st.integers(-120, 120).map(float)
SHAPE = st.lists(st.tuples(COORDINATE, COORDINATE), min_size=2, max_size=4, unique=True)


@settings(max_examples=60)
@given(
    shapes=st.lists(SHAPE, min_size=1, max_size=6),
    point=st.tuples(COORDINATE, COORDINATE),
    cents=st.lists(st.integers(0, 10**5), min_size=24, max_size=24),
    is_joined=st.booleans(),
)
def test_cheapest_landing_equals_enumeration(
    shapes: list[list[tuple[float, float]]],
    point: tuple[float, float],
    cents: list[int],
    is_joined: bool,
) -> None:
    ends = [(2 * n, 2 * n + 1) for n in range(len(shapes))]
    edges = edges_of(shapes, ends)
    count = 2 * len(shapes)
    nodes = [cents[:count], cents[count : 2 * count]]
    joined = [5000] * len(shapes) if is_joined else None
    tariffs = tariffs_of(edges, nodes, joined=joined)
    best = UNREACHED
    for n, shape in enumerate(shapes):
        line = shapely.LineString(shape)
        foot = float(line.line_locate_point(shapely.Point(point), normalized=True))
        for share in (0.0, foot, 1.0):
            place = line.interpolate(share, normalized=True)
            away = place.distance(shapely.Point(point))
            if away > REACH_M:
                continue
            for t in range(2):
                scale = 1 + t / 10
                worth = [nodes[t][2 * n] + share * line.length * 100 * scale]
                worth.append(nodes[t][2 * n + 1] + (1 - share) * line.length * 100 * scale)
                if is_joined:
                    worth.append(5000 + max(share - 0.9, 0) * line.length * 100 * scale)
                best = min(best, away * 40 * scale + min(worth))
    found = land(everywhere(edges), tariffs, *point)
    assert found == pytest.approx(best, abs=2)


def test_connector_may_leave_its_house_but_no_lake_and_cross_no_other_house() -> None:
    tariffs = tariffs_of(STREET, [[0, 0]])
    own, other = shapely.box(35, 25, 45, 35), shapely.box(-50, 10, 150, 20)
    free = land(everywhere(STREET), tariffs, 40.0, 30.0)
    assert land(everywhere(STREET, own), tariffs, 40.0, 30.0) == free
    assert land(everywhere(STREET, own, leavable=False), tariffs, 40.0, 30.0) == UNREACHED
    assert land(everywhere(STREET, own, other), tariffs, 40.0, 30.0) == UNREACHED
    beside = shapely.box(5, 10, 39, 20)
    assert free < land(everywhere(STREET, beside), tariffs, 40.0, 30.0) < UNREACHED


def test_connector_may_touch_a_corner() -> None:
    tariffs = tariffs_of(STREET, [[0, 0]], connector=400.0)
    wall = shapely.Polygon([(40, 15), (60, 5), (60, 25)])
    assert land(everywhere(STREET, wall), tariffs, 40.0, 30.0) == 30 * 400 + 40 * 100


@settings(max_examples=150)
@given(
    ring=st.lists(st.tuples(COORDINATE, COORDINATE), min_size=3, max_size=7, unique=True),
    start=st.tuples(COORDINATE, COORDINATE),
    end=st.tuples(COORDINATE, COORDINATE),
)
def test_blocked_line_is_one_that_runs_inside_an_area(
    ring: list[tuple[float, float]], start: tuple[float, float], end: tuple[float, float]
) -> None:
    area = shapely.Polygon(ring)
    inside_m = shapely.intersection(area, shapely.LineString([start, end])).length if (
        area.is_valid and start != end
    ) else 0.0  # fmt: skip
    if not area.is_valid or start == end or abs(inside_m - TOUCH_M) < 0.01:
        return
    areas = build_areas(np.array([area], dtype=object), np.array([False]))
    boundary_m = shapely.intersection(area.exterior, shapely.LineString([start, end])).length
    if boundary_m == 0:
        seen = np.zeros(2, dtype=np.int64)
        assert is_blocked(areas, np.zeros(0, np.int64), seen, *start, *end) == (inside_m > TOUCH_M)


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        (shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(2, 0, 3, 1)]), "MultiPolygon"),
        (shapely.Polygon(), "Polygon, empty"),
        (None, "nothing"),
    ],
)
def test_area_that_is_no_single_polygon_is_refused(shape: object, found: str) -> None:
    with pytest.raises(InputError, match=f"area 1 is {found}"):
        build_areas(np.array([shapely.box(0, 0, 1, 1), shape], dtype=object), np.ones(2, bool))


def test_many_wide_areas_take_larger_bins_and_shut_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wide = [shapely.box(10, 20 + n / 10, 5000, 4000 + n / 10) for n in range(20)]
    fine = everywhere(STREET, *wide, leavable=False)
    monkeypatch.setattr(landings, "ENTRIES_MAX", 100)
    coarse = everywhere(STREET, *wide, leavable=False)
    assert len(coarse.areas.bins.edge) <= 100 < len(fine.areas.bins.edge)
    tariffs = tariffs_of(STREET, [[0, 0]])
    for x_m in (5.0, 9.0, 50.0):
        assert land(coarse, tariffs, x_m, 15.0) == land(fine, tariffs, x_m, 15.0)
    assert land(coarse, tariffs, 50.0, 25.0) == UNREACHED
