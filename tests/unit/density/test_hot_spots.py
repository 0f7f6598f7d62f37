from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.density.hot_spot_kernel import sum_over_discs
from gisplan.density.hot_spots import HotSpotKind, find_hot_spots, getis_ord_scores
from gisplan.errors import InputError


def naive_scores(cells, is_inside, radius_cells):
    """Gi* as its definition says, cell by cell over all pairs."""
    scores = np.full(cells.shape, np.nan)
    places = np.argwhere(is_inside)
    values = cells[is_inside]
    for place in places:
        near = np.hypot(*(places - place).T) <= radius_cells
        w, n = near.sum(), len(values)
        spread = values.std() * np.sqrt((n * w - w**2) / (n - 1))
        scores[tuple(place)] = (values[near].sum() - values.mean() * w) / spread
    return scores


def find(cells, is_inside=None, radius_cells=1.0, rate=0.05):
    inside = np.ones(cells.shape, dtype=bool) if is_inside is None else is_inside
    return find_hot_spots(cells, inside, radius_cells=radius_cells, false_discovery_rate=rate)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), radius=st.sampled_from([1.0, 1.5, 2.0, 2.9, 3.0]))
def test_scores_equal_their_definition(seed, radius):
    random = np.random.default_rng(seed)
    cells = random.gamma(0.5, 10.0, (12, 15))
    is_inside = random.random(cells.shape) > 0.2
    found = getis_ord_scores(cells, is_inside, radius_cells=radius)
    assert np.allclose(found, naive_scores(cells, is_inside, radius), atol=1e-9, equal_nan=True)


def test_score_by_hand():
    # 3 x 3 cells, 9 in the middle: mean 1, deviation sqrt(81/9 - 1) = 2.8284; disc of 5 cells:
    # (9 - 5) / (2.8284 * sqrt((45 - 25) / 8)) = 0.8944
    cells = np.zeros((3, 3))
    cells[1, 1] = 9.0
    found = getis_ord_scores(cells, np.ones((3, 3), dtype=bool), radius_cells=1.0)
    assert found[1, 1] == pytest.approx(0.894427, abs=1e-6)


def test_a_cluster_is_hot_and_the_rest_is_not():
    random = np.random.default_rng(2)
    cells = random.poisson(5.0, (60, 60)).astype(float)
    cells[20:26, 20:26] += 30.0
    found = find(cells, radius_cells=2.0)
    assert (found.kind[21:25, 21:25] == HotSpotKind.HOT).all()
    assert found.kind[40:, 40:].tolist().count(HotSpotKind.HOT) == 0
    assert found.p_value[23, 23] < 1e-6


def test_a_hole_is_cold():
    random = np.random.default_rng(2)
    cells = random.poisson(50.0, (40, 40)).astype(float)
    cells[10:20, 10:20] = 0.0
    found = find(cells, radius_cells=2.0)
    assert (found.kind[12:18, 12:18] == HotSpotKind.COLD).all()


def test_chance_alone_is_rarely_called_a_spot():
    random = np.random.default_rng(11)
    calls = [
        (find(random.normal(100, 5, (40, 40)), radius_cells=2.0).kind > 1).any() for _ in range(40)
    ]
    assert sum(calls) <= 6  # the rate of 5 % holds for the whole map where nothing is


def test_outside_is_no_data_and_counts_for_nothing():
    cells = np.ones((6, 6))
    cells[0, 0] = 7.0
    is_inside = np.ones((6, 6), dtype=bool)
    is_inside[:, 4:] = False
    cells[:, 4:] = np.nan
    found = find(cells, is_inside)
    assert (found.kind[:, 4:] == HotSpotKind.NO_DATA).all()
    assert np.isnan(found.score[:, 4:]).all()
    assert np.isfinite(found.score[:, :4]).all()


def test_equal_cells_have_no_spot():
    found = find(np.full((5, 5), 3.3))
    assert (found.kind == HotSpotKind.NOT_SIGNIFICANT).all()
    assert (found.score == 0).all()


def test_a_disc_that_holds_everything_says_nothing():
    found = find(np.arange(9.0).reshape(3, 3), radius_cells=5.0)
    assert (found.score == 0).all()


def test_empty_study_area_is_no_data():
    found = find(np.zeros((3, 3)), np.zeros((3, 3), dtype=bool))
    assert (found.kind == HotSpotKind.NO_DATA).all()


def test_kernel_equals_its_plain_twin():
    random = np.random.default_rng(4)
    is_inside = random.random((9, 7)) > 0.3
    cells = np.where(is_inside, random.random((9, 7)), 0.0)
    half = np.array([1, 2, 2, 2, 1])
    for ours, plain in zip(
        sum_over_discs(cells, is_inside, half),
        sum_over_discs.py_func(cells, is_inside, half),
        strict=True,
    ):
        assert np.allclose(ours, plain, atol=1e-13)


@pytest.mark.parametrize(
    ("cells", "radius", "rate", "word"),
    [
        (np.array([[1.0, -1.0]]), 1.0, 0.05, "1 cells of the study area"),
        (np.array([[1.0, np.nan]]), 1.0, 0.05, "not finite"),
        (np.array([[1.0, 2.0]]), 0.5, 0.05, "radius"),
        (np.array([[1.0, 2.0]]), 1.0, 0.0, "false discovery rate"),
        (np.array([1.0, 2.0]), 1.0, 0.05, "one shape"),
    ],
)
def test_what_cannot_be_asked_is_refused(cells, radius, rate, word):
    with pytest.raises(InputError, match=word):
        find(cells, radius_cells=radius, rate=rate)
