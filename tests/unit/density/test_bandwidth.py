from __future__ import annotations

import numpy as np
import pytest

from gisplan.density.bandwidth import (
    MAX_VALIDATION_CELLS,
    candidate_bandwidths_m,
    cross_validated_bandwidth,
    cross_validation_scores,
    given_bandwidth,
    rule_bandwidth,
)
from gisplan.density.points import Points, build_points
from gisplan.errors import InputError
from gisplan.model.density import BandwidthMethod


def town(count: int, seed: int = 0) -> Points:
    """Villages of 250 m spread over some kilometres, a few heavy customers among them."""
    random = np.random.default_rng(seed)
    centres = random.normal(0, 2000, (6, 2))
    xy_m = centres[random.integers(0, 6, count)] + random.normal(0, 250, (count, 2))
    weight = random.choice([9.0, 22.0, 110.0], count, p=[0.7, 0.25, 0.05])
    return build_points(xy_m[:, 0] + 417_700, xy_m[:, 1] + 5_367_600, weight)


def naive_score(points: Points, bandwidth_m: float) -> float:
    """Least-squares cross-validation as its definition says, each point left out in turn."""
    squared = (points.x_m[:, None] - points.x_m) ** 2 + (points.y_m[:, None] - points.y_m) ** 2
    weight, total = points.weight, points.weight.sum()

    def gauss(variance_m2):
        return np.exp(-squared / 2 / variance_m2) / (2 * np.pi * variance_m2)

    square = weight @ gauss(2 * bandwidth_m**2) @ weight / total**2
    foretold = 0.0
    for i in range(len(points)):
        others = np.arange(len(points)) != i
        density = gauss(bandwidth_m**2)[i, others] @ weight[others] / weight[others].sum()
        foretold += weight[i] / total * density
    return float(square - 2 * foretold)


def cross_validated(points: Points, cell_m: float):
    return cross_validated_bandwidth(points.x_m, points.y_m, points.weight, cell_m=cell_m)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_choice_equals_the_naive_search(seed):
    points = town(150, seed)
    candidates_m = candidate_bandwidths_m(points, cell_m=25.0)
    naive = [naive_score(points, bandwidth_m) for bandwidth_m in candidates_m]
    assert cross_validated(points, 25.0).bandwidth_m == candidates_m[np.argmin(naive)]


def test_scores_agree_with_their_definition():
    points = town(150)
    candidates_m = candidate_bandwidths_m(points, cell_m=25.0)[6::6]
    scores = cross_validation_scores(points, candidates_m, cell_m=25.0)
    naive = np.array([naive_score(points, bandwidth_m) for bandwidth_m in candidates_m])
    assert np.allclose(scores, naive, atol=5e-3 * np.abs(naive).max())


def test_villages_get_a_bandwidth_of_villages():
    found = cross_validated(town(400), 25.0)
    assert 50 < found.bandwidth_m < 350
    assert found.warnings == ()


def test_points_in_one_place_get_a_visible_fallback():
    found = cross_validated_bandwidth(np.full(9, 5.0), np.zeros(9), np.ones(9), cell_m=25.0)
    assert found.bandwidth_m == 100.0
    assert "fewer than two places" in found.warnings[0]


def test_weights_of_zero_say_nothing_about_the_bandwidth():
    x_m = np.array([0.0, 500.0, 900.0])
    found = cross_validated_bandwidth(x_m, x_m, np.zeros(3), cell_m=25.0)
    assert found.bandwidth_m == 100.0


def test_no_points_get_the_fallback():
    none = np.empty(0)
    assert (
        rule_bandwidth(none, none, none, cell_m=10.0, method=BandwidthMethod.SCOTT).bandwidth_m
        == 40.0
    )


def test_shared_places_are_a_warning():
    random = np.random.default_rng(4)
    x_m = np.repeat(random.uniform(0, 5000, 20), 10)
    y_m = np.repeat(random.uniform(0, 5000, 20), 10)
    found = cross_validated_bandwidth(x_m, y_m, np.ones(200), cell_m=25.0)
    assert found.bandwidth_m == 50.0
    assert "smallest candidate" in found.warnings[0]


def test_points_without_clusters_are_a_warning():
    corners = np.array([[0.0, 0.0], [1000.0, 0.0], [0.0, 1000.0], [1000.0, 1000.0]])
    found = cross_validated_bandwidth(corners[:, 0], corners[:, 1], np.ones(4), cell_m=25.0)
    assert "largest candidate" in found.warnings[0]


def test_cells_are_coarsened_where_the_region_is_large():
    points = town(50)
    far = build_points(points.x_m * 50, points.y_m, points.weight)
    found = cross_validated(far, 1.0)
    assert found.bandwidth_m > 2 * 1.0
    assert MAX_VALIDATION_CELLS < 50_000_000


def test_scott_is_the_spread_over_the_sixth_root_and_warns():
    # four points, each coordinate +-100 m: spread 100 m; 4 ** (-1 / 6) = 0.7937
    x_m, y_m = np.array([100.0, 100, -100, -100]), np.array([100.0, -100, 100, -100])
    found = rule_bandwidth(x_m, y_m, np.ones(4), cell_m=5.0, method=BandwidthMethod.SCOTT)
    assert found.bandwidth_m == pytest.approx(79.37, abs=0.01)
    assert found.method is BandwidthMethod.SCOTT
    assert "blurs towns" in found.warnings[0]


def test_scott_counts_weighted_points_by_their_effective_number():
    # weights 3, 1 at +-100 on x: mean 50, variance 0.75 * 50**2 + 0.25 * 150**2 = 7500 on x, 0 on y
    # effective number 16 / 10 = 1.6: sqrt(3750) * 1.6 ** (-1 / 6) = 56.62
    found = rule_bandwidth(
        np.array([100.0, -100.0]),
        np.zeros(2),
        np.array([3.0, 1.0]),
        cell_m=5.0,
        method=BandwidthMethod.SCOTT,
    )
    assert found.bandwidth_m == pytest.approx(56.62, abs=0.01)


def test_silverman_equals_scott_in_two_dimensions_and_is_called_by_its_name():
    x_m, y_m = np.array([100.0, 100, -100, -100]), np.array([100.0, -100, 100, -100])
    found = rule_bandwidth(x_m, y_m, np.ones(4), cell_m=5.0, method=BandwidthMethod.SILVERMAN)
    assert found.bandwidth_m == pytest.approx(79.37, abs=0.01)
    assert found.warnings[0].startswith("Silverman's rule")


@pytest.mark.parametrize("bandwidth_m", [0.0, -5.0, float("nan"), float("inf")])
def test_given_bandwidth_must_be_positive(bandwidth_m):
    with pytest.raises(InputError, match="bandwidth is"):
        given_bandwidth(bandwidth_m)
