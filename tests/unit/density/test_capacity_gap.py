"""Headroom is given once, seasons never move later for more demand, unknown stays unknown."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from gisplan.density.capacity_gap import (
    NOW,
    UNKNOWN,
    Level,
    grant,
    runs_out,
    seasons_of_cells,
)
from gisplan.errors import InputError

NAN = np.nan


def level(element: list[int], headroom: list[float], asked: list[float]) -> Level:
    return Level(
        element=np.array(element), headroom_kva=np.array(headroom), asked_kva=np.array(asked)
    )


def test_a_feeder_is_shared_evenly_and_what_one_cannot_use_others_get() -> None:
    # three transformers ask 100 each; the first has room for 20; the feeder has 160 of 300 asked:
    # 20 for the first, 70 for each of the others
    units = level([0, 1, 2], [20, 500, 500], [100, 100, 100])
    feeder = level([0, 0, 0], [160], [100, 100, 100])
    found = grant([units, feeder])
    assert found.share.tolist() == pytest.approx([0.2, 0.7, 0.7])
    assert found.limiting_level.tolist() == [0, 1, 1]


def test_each_level_counts_its_own_coincidence() -> None:
    # 100 kVA at each of two transformers count 60 at the feeder, which has 90: three quarters
    units = level([0, 1], [200, 200], [100, 100])
    feeder = level([0, 0], [90], [60, 60])
    assert grant([units, feeder]).share.tolist() == pytest.approx([0.75, 0.75])


def test_all_is_given_where_there_is_room() -> None:
    found = grant([level([0, 1], [10, 10], [5, 0])])
    assert found.share.tolist() == [1.0, 1.0]
    assert found.limiting_level.tolist() == [-1, -1]


def test_no_room_gives_nothing() -> None:
    assert grant([level([0], [0], [5])]).share.tolist() == [0.0]
    assert grant([level([0], [-3], [5])]).share.tolist() == [0.0]


def test_unknown_headroom_is_unknown_and_neither_zero_nor_plenty() -> None:
    found = grant([level([0, 1, -1], [NAN, 10, 0][:2], [5, 5, 5])])
    assert np.isnan(found.share[0])
    assert found.share[1:].tolist() == [1.0, 1.0]


def test_substation_above_feeders_is_given_once_too() -> None:
    asked = [10.0] * 4
    feeders = level([0, 0, 1, 1], [12, 100], asked)
    substation = level([0] * 4, [24], asked)
    found = grant([feeders, substation])
    # 0.6 each for the first feeder, then 24 in all: 6 + 6 + 6 + 6
    assert found.share.tolist() == pytest.approx([0.6] * 4)


cells = st.integers(1, 6)


@st.composite
def trees(draw: st.DrawFn) -> list[Level]:
    count = draw(cells)
    numbers = st.floats(0, 100)
    asked = draw(st.lists(numbers, min_size=count, max_size=count))
    feeder = draw(st.lists(st.integers(0, 1), min_size=count, max_size=count))
    return [
        level(list(range(count)), draw(st.lists(numbers, min_size=count, max_size=count)), asked),
        level(feeder, draw(st.lists(numbers, min_size=2, max_size=2)), [0.7 * x for x in asked]),
        level([0] * count, [draw(numbers)], [0.5 * x for x in asked]),
    ]


def worst_share(levels: list[Level]) -> float:
    """The largest share that all can be given at once, by linear programming."""
    count = len(levels[0].element)
    rows, room = [], []
    for one in levels:
        for element in np.unique(one.element):
            rows.append(np.append(np.where(one.element == element, one.asked_kva, 0.0), 0.0))
            room.append(float(one.headroom_kva[element]))
    least = np.hstack([-np.eye(count), np.ones((count, 1))])
    found = linprog(
        np.append(np.zeros(count), -1.0),
        A_ub=np.vstack([rows, least]),
        b_ub=np.append(room, np.zeros(count)),
        bounds=[(0, 1)] * (count + 1),
    )
    assert found.success
    return float(-found.fun)


@given(trees())
def test_no_element_gives_more_than_it_has(levels: list[Level]) -> None:
    share = grant(levels).share
    for one in levels:
        given_kva = np.bincount(one.element, share * one.asked_kva, len(one.headroom_kva))
        assert (given_kva <= one.headroom_kva + 1e-9).all()


@given(trees())
def test_the_worst_off_gets_as_much_as_is_possible(levels: list[Level]) -> None:
    asked = levels[0].asked_kva > 1e-6
    if asked.any():
        least = float(grant(levels).share[asked].min())
        assert least >= worst_share(levels) - 1e-6


@given(trees(), st.randoms(use_true_random=False))
def test_order_of_cells_does_not_matter(levels: list[Level], random: object) -> None:
    count = len(levels[0].element)
    order = np.arange(count)
    random.shuffle(order)  # type: ignore[attr-defined]
    turned = [
        Level(
            element=one.element[order],
            headroom_kva=one.headroom_kva,
            asked_kva=one.asked_kva[order],
        )
        for one in levels
    ]
    assert np.allclose(grant(turned).share, grant(levels).share[order], atol=1e-9)


def seasons(headroom: float, asked: float, growth: list[float]) -> int:
    return int(runs_out(np.array([headroom]), np.array([asked]), np.array([growth]))[0])


def test_seasons_by_hand() -> None:
    assert seasons(100, 101, [0, 0]) == NOW
    assert seasons(100, 90, [5, 10, 15]) == 3
    assert seasons(100, 90, [5, 10]) == 3  # lasts: one more than there are
    assert seasons(NAN, 90, [5]) == UNKNOWN
    assert seasons(np.inf, 90, [5]) == 2
    assert seasons(100, 90, []) == 1


kva = st.floats(0, 100)


@given(kva, kva, kva, st.lists(kva, min_size=3, max_size=3), st.lists(kva, min_size=3, max_size=3))
def test_more_demand_never_moves_the_season_later(
    headroom: float, asked: float, more: float, growth: list[float], faster: list[float]
) -> None:
    base = np.cumsum(growth)
    assert seasons(headroom, asked + more, list(base + np.cumsum(faster))) <= seasons(
        headroom, asked, list(base)
    )


def test_cell_runs_out_with_the_first_of_its_elements() -> None:
    found = seasons_of_cells(
        [np.array([0, 1, -1, -1]), np.array([0, 0, 0, -1])],
        [np.array([3, 9]), np.array([5])],
        lasts=9,
    )
    assert found.season.tolist() == [3, 5, 5, UNKNOWN]
    assert found.level.tolist() == [0, 1, 1, -1]


def test_unknown_element_leaves_open_what_the_others_last() -> None:
    found = seasons_of_cells(
        [np.array([0, 1, 2]), np.array([0, 0, 0])],
        [np.array([UNKNOWN, 9, 2]), np.array([UNKNOWN])],
        lasts=9,
    )
    assert found.season.tolist() == [UNKNOWN, UNKNOWN, 2]


@pytest.mark.parametrize(
    "levels",
    [
        [],
        [level([0, 1], [1], [1, 1])],
        [level([0], [1], [1, 1])],
        [level([0], [1], [-1])],
        [level([0], [1], [NAN])],
        [level([0], [1], [1]), level([0, 0], [1], [1, 1])],
    ],
)
def test_arrays_that_do_not_fit_are_refused(levels: list[Level]) -> None:
    with pytest.raises(InputError):
        grant(levels)
