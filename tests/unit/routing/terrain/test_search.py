"""Least-cost fields and targets on rasters."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gisplan.errors import InputError
from gisplan.routing.terrain import search_setup
from gisplan.routing.terrain.ground import SearchGround, prepare_ground
from gisplan.routing.terrain.raster import LARGEST_COST, CostRaster
from gisplan.routing.terrain.search import TerrainSearch, cost_field, start_terrain_search
from gisplan.routing.terrain.search_setup import Starts
from tests.unit.routing.terrain.oracle import field_cents, raster_of, step_cents

DIRECTIONS = (8, 16, 32)
# Costs far apart, free cells and walls: buckets of every width, settled again and again.
WILD = st.one_of(st.just(-1), st.integers(0, 3), st.integers(50, 200), st.integers(3_000, 900_000))
RASTERS = arrays(np.int32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=WILD)


def start_at(*places: int) -> Starts:
    return Starts(place=np.array(places), cost_cents=np.zeros(len(places), np.int64))


def search_from(ground: SearchGround, start: int, targets: list[int], **more: int) -> TerrainSearch:
    return start_terrain_search(ground, start_at(start), targets=np.array(targets), **more)


def in_the_same_units(ground: SearchGround, start: int, end: int) -> tuple[float, float]:
    """Cost there and back; a search that meets dear ground begins again in coarser units."""
    whole = [start_terrain_search(ground, start_at(place)) for place in (start, end)]
    for search in whole:
        search.settle_all()
    bits = min(search.unit_bits for search in whole)
    cents = []
    for place, other in ((start, end), (end, start)):
        search = start_terrain_search(ground, start_at(place), unit_bits=bits)
        search.settle_all()
        cents.append(float(search.field_cents().reshape(-1)[other]))
    return cents[0], cents[1]


def way_cents(raster: CostRaster, directions: int, way: list[int]) -> float:
    cells = [divmod(place, raster.shape[1]) for place in way]
    return sum(
        step_cents(raster, a, (b[0] - a[0], b[1] - a[1]), directions == 8)
        for a, b in itertools.pairwise(cells)
    )


@pytest.mark.parametrize("directions", DIRECTIONS)
@settings(max_examples=40, deadline=None)
@given(costs=RASTERS, data=st.data())
def test_labels_equal_dijkstra_on_the_same_steps(
    directions: int, costs: np.ndarray, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, costs.size - 1))
    costs.reshape(-1)[start] = max(costs.reshape(-1)[start], 0)
    raster = raster_of(costs, cell_m=2.5)
    ground = prepare_ground(raster, directions=directions)
    search = start_terrain_search(ground, start_at(start))
    search.settle_all()
    expected = field_cents(raster, directions, search.unit_bits, start)
    np.testing.assert_array_equal(search.field_cents(), expected)


@pytest.mark.parametrize("directions", DIRECTIONS)
@settings(max_examples=25, deadline=None)
@given(costs=RASTERS, data=st.data())
def test_targets_come_in_order_and_their_ways_cost_what_is_told(
    directions: int, costs: np.ndarray, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, costs.size - 1))
    costs.reshape(-1)[start] = max(costs.reshape(-1)[start], 0)
    raster = raster_of(costs)
    ground = prepare_ground(raster, directions=directions)
    field = cost_field(ground, start_at(start)).reshape(-1)
    targets = data.draw(st.lists(st.integers(0, costs.size - 1), min_size=1))
    search = search_from(ground, start, targets)
    got: list[int] = []
    while len(batch := search.next_targets(2)):
        got += batch.tolist()
    reachable = [place for place in set(targets) if np.isfinite(field[place])]
    assert got == sorted(reachable, key=lambda place: (field[place], place))
    for place in got:
        way = search.way_to(place).tolist()
        assert (way[0], way[-1]) == (start, place)
        # Rounding and the least unit of a step are below a thousandth of a cent a step here.
        assert way_cents(raster, directions, way) == pytest.approx(
            field[place], abs=len(way) * 2.0**-search.unit_bits
        )


@pytest.mark.parametrize("directions", DIRECTIONS)
@settings(max_examples=25, deadline=None)
@given(costs=RASTERS, ends=st.tuples(st.integers(0, 80), st.integers(0, 80)))
@example(costs=np.array([[9, 1, 7, 1, -1, 7]] + [[1] * 6] * 3, dtype=np.int32), ends=(5, 2))
def test_a_bound_just_above_the_cost_finds_the_same_way_and_reaches_nothing_more(
    directions: int, costs: np.ndarray, ends: tuple[int, int]
) -> None:
    """A place may be expanded more often than without the bound: within a bucket order varies."""
    start, target = (end % costs.size for end in ends)
    costs = costs.copy()
    costs.reshape(-1)[[start, target]] = 7
    ground = prepare_ground(raster_of(costs), directions=directions)
    free = search_from(ground, start, [target])
    if not len(free.next_targets(1)):
        return
    cost, field = float(free.cost_cents(np.array([target]))[0]), free.field_cents()
    way = free.way_to(target).tolist()
    bits = free.unit_bits
    bound = math.floor(cost) + 1
    search = search_from(ground, start, [target], bound_cents=bound, unit_bits=bits)
    assert search.next_targets(1).tolist() == [target]
    assert search.cost_cents(np.array([target]))[0] == cost
    assert search.way_to(target).tolist() == way
    bounded = search.field_cents()
    reached = np.isfinite(bounded)
    assert (field[reached] <= bounded[reached]).all()
    assert (bounded[reached] < bound).all()
    below = search_from(ground, start, [target], bound_cents=math.floor(cost), unit_bits=bits)
    assert not len(below.next_targets(1))


@pytest.mark.parametrize(("directions", "reach"), [(8, 1), (16, 2), (32, 3)])
def test_a_bound_just_above_the_cost_of_a_straight_way_leaves_the_ground_beside_it(
    directions: int, reach: int
) -> None:
    ground = prepare_ground(raster_of(np.full((41, 41), 100)), directions=directions)
    start, target = 20 * 41 + 10, 20 * 41 + 30
    free = search_from(ground, start, [target])
    assert free.next_targets(1).tolist() == [target]
    expanded = free.settled_count
    search = search_from(ground, start, [target], bound_cents=2_001, unit_bits=free.unit_bits)
    assert search.next_targets(1).tolist() == [target]
    # A cell beside the way lies on none below 2019 cents, so a step reaches it and none leaves it.
    reached = np.isfinite(search.field_cents())
    assert np.flatnonzero(reached.any(axis=1)).tolist() == [*range(20 - reach, 21 + reach)]
    assert reached.sum() == search.settled_count < expanded / 6


@pytest.mark.parametrize("directions", DIRECTIONS)
@settings(max_examples=25, deadline=None)
@given(costs=RASTERS, data=st.data())
def test_costs_are_symmetric_never_below_the_straight_line_and_never_fall_by_a_new_wall(
    directions: int, costs: np.ndarray, data: st.DataObject
) -> None:
    start, end, wall = (data.draw(st.integers(0, costs.size - 1)) for _ in range(3))
    costs.reshape(-1)[[start, end]] = 7
    raster = raster_of(costs)
    ground = prepare_ground(raster, directions=directions)
    there, back = in_the_same_units(ground, start, end)
    assert back == there
    straight_m = math.dist(*raster.middles_of(np.array([start, end])))
    assert there >= straight_m * ground.cheapest_cents_per_m - 1e-2
    there = float(cost_field(ground, start_at(start)).reshape(-1)[end])
    if wall not in (start, end):
        costs.reshape(-1)[wall] = -1
        shut = prepare_ground(raster_of(costs), directions=directions)
        assert cost_field(shut, start_at(start)).reshape(-1)[end] >= there * (1 - 1e-4)


def test_a_straight_way_costs_its_metres() -> None:
    # 4 steps of 2 m at 300 cents a metre.
    ground = prepare_ground(raster_of([[300] * 5], cell_m=2.0))
    assert cost_field(ground, start_at(0))[0].tolist() == [0, 600, 1200, 1800, 2400]


def test_a_step_costs_the_mean_of_what_it_touches() -> None:
    costs = [[100, 200, 900], [100, 300, 400]]
    # (0,0) to (1,2) in one step of root 5: cells 100, 200, 300, 400 are touched.
    ground = prepare_ground(raster_of(costs), directions=16)
    assert cost_field(ground, start_at(0))[1, 2] == pytest.approx(math.sqrt(5) * 250, abs=1e-3)
    # With 8 directions: straight to 200, then the diagonal to 400.
    ground = prepare_ground(raster_of(costs), directions=8)
    assert cost_field(ground, start_at(0))[1, 2] == pytest.approx(
        150 + math.sqrt(2) * 300, abs=1e-3
    )


@pytest.mark.parametrize("directions", DIRECTIONS)
def test_a_wall_of_one_cell_is_not_jumped_over(directions: int) -> None:
    costs = np.full((7, 7), 10)
    costs[:, 3] = -1
    ground = prepare_ground(raster_of(costs), directions=directions)
    assert np.isinf(cost_field(ground, start_at(0))[:, 3:]).all()


@pytest.mark.parametrize("directions", DIRECTIONS)
def test_no_way_squeezes_between_two_walls_that_meet_in_a_corner(directions: int) -> None:
    ground = prepare_ground(raster_of([[10, -1], [-1, 10]]), directions=directions)
    assert np.isinf(cost_field(ground, start_at(0))[1, 1])


def test_near_free_cells_draw_the_way() -> None:
    costs = np.full((9, 30), 5_000)
    costs[8, :] = 0  # a duct to be used for nothing
    costs[:, 0] = costs[:, 29] = 1
    search = search_from(prepare_ground(raster_of(costs), directions=32), 0, [29])
    assert search.next_targets(1).tolist() == [29]
    assert 8 * 30 + 15 in search.way_to(29)
    assert search.cost_cents(np.array([29]))[0] < 100


def test_several_starts_serve_each_cell_from_the_cheapest() -> None:
    ground = prepare_ground(raster_of([[10] * 9]))
    starts = Starts(place=np.array([0, 8, 8]), cost_cents=np.array([0, 30, 45]))
    assert cost_field(ground, starts)[0].tolist() == [0, 10, 20, 30, 40, 50, 50, 40, 30]


def test_labels_that_outgrow_their_units_are_found_in_coarser_ones() -> None:
    ground = prepare_ground(raster_of([[LARGEST_COST] * 40], cell_m=100.0))
    search = search_from(ground, 0, [39, 1], unit_bits=0)
    assert search.next_targets(1).tolist() == [1]
    assert search.next_targets(5).tolist() == [39]
    assert search.unit_bits < 0
    expected = 39 * 100 * LARGEST_COST
    assert search.cost_cents(np.array([39]))[0] == pytest.approx(expected, rel=1e-6)


def test_a_search_leaves_nothing_behind_for_the_next() -> None:
    ground = prepare_ground(raster_of(np.full((40, 40), 10)))
    first = cost_field(ground, start_at(0))
    search_from(ground, 800, [5, 9]).next_targets(1)
    np.testing.assert_array_equal(cost_field(ground, start_at(0)), first)
    assert search_from(ground, 0, [1]).next_targets(9).tolist() == [1]


def test_a_queue_that_is_full_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    raster = raster_of(np.random.default_rng(5).integers(0, 3_000, (160, 160)))
    ground, start = prepare_ground(raster), start_at(160 * 80 + 80)
    expected = cost_field(ground, start)
    monkeypatch.setattr(search_setup, "FIRST_CHUNKS", 1)
    search = start_terrain_search(ground, start)
    before = len(search.run.pool)
    search.settle_all()
    assert len(search.run.pool) > before
    np.testing.assert_array_equal(search.field_cents(), expected)


def test_both_ends_the_same_cost_nothing() -> None:
    search = search_from(prepare_ground(raster_of([[10, 10]])), 1, [1])
    assert search.next_targets(1).tolist() == [1]
    assert search.cost_cents(np.array([1]))[0] == 0
    assert search.way_to(1).tolist() == [1]


def test_equal_costs_give_the_same_way_every_time() -> None:
    ground = prepare_ground(raster_of(np.full((30, 30), 100)), directions=8)
    ways = set()
    for bits in (0, 2, 6):
        search = search_from(ground, 0, [899, 450], unit_bits=bits)
        search.next_targets(2)
        ways.add(tuple(search.way_to(450).tolist()))
    assert len(ways) == 1


@pytest.mark.parametrize(
    ("starts", "problem"),
    [
        (start_at(0), "forbidden cell"),
        (start_at(9), "is no place"),
        (start_at(), "needs a start"),
        (Starts(place=np.array([1]), cost_cents=np.array([-1])), "costs -1 cents"),
    ],
)
def test_a_start_that_is_none_is_refused(starts: Starts, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        start_terrain_search(prepare_ground(raster_of([[-1, 5]])), starts)


def test_a_target_beyond_the_raster_is_refused() -> None:
    with pytest.raises(InputError, match="target 2 is no place"):
        search_from(prepare_ground(raster_of([[5, 5]])), 0, [2])


def test_a_way_to_a_place_that_was_not_reached_is_refused() -> None:
    search = search_from(prepare_ground(raster_of([[5, -1, 5]])), 0, [2])
    assert not len(search.next_targets(1))
    with pytest.raises(InputError, match="not reached"):
        search.way_to(2)


def test_only_8_16_and_32_directions_exist() -> None:
    with pytest.raises(InputError, match="expected 8, 16 or 32"):
        prepare_ground(raster_of([[5]]), directions=4)


def test_targets_asked_again_are_those_and_not_the_ones_between() -> None:
    ground = prepare_ground(raster_of(np.full((5, 5), 100, np.int32)))
    for targets in ([4, 12], [4, 12], [24], [12, 4], [4, 12]):
        found = search_from(ground, 0, targets).next_targets(5)
        assert sorted(found.tolist()) == sorted(targets)
