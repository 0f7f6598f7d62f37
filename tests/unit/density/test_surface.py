from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.density.bandwidth import given_bandwidth
from gisplan.density.surface import density_surface
from gisplan.errors import InputError
from gisplan.model.density import DensitySurface, Extent

X_M, Y_M = 417_700.0, 5_367_600.0
TOWN = shapely.Polygon(
    [
        (X_M, Y_M),
        (X_M + 1200, Y_M),
        (X_M + 1200, Y_M + 300),
        (X_M + 400, Y_M + 1000),
        (X_M, Y_M + 900),
    ]
)


def surface(x_m, y_m, weight, *, cell_m=25.0, bandwidth_m=100.0, **more) -> DensitySurface:
    return density_surface(
        np.asarray(x_m, dtype=float),
        np.asarray(y_m, dtype=float),
        np.asarray(weight, dtype=float),
        cell_m=cell_m,
        bandwidth=given_bandwidth(bandwidth_m),
        srid=25832,
        weight_unit="kVA",
        **more,
    )


def integral(drawn: DensitySurface) -> float:
    return float(np.nansum(drawn.values)) * (drawn.cell_m / 1000) ** 2


def points(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x_m, y_m = X_M + random.uniform(0, 1200, count), Y_M + random.uniform(0, 1000, count)
    return x_m, y_m, random.uniform(1, 50, count)


def test_peak_of_one_point_is_its_weight_over_two_pi_sigma_squared():
    # 100 kVA, sigma 0.1 km: 100 / (2 pi 0.01) = 1591.55 kVA/km2, at the centre of its cell
    drawn = surface([12.5], [12.5], [100.0], cell_m=5.0)
    assert drawn.unit == "kVA/km2"
    assert drawn.peak == pytest.approx(1591.55, rel=1e-3)


def test_one_sigma_away_density_has_fallen_by_the_root_of_e():
    drawn = surface([12.5], [12.5], [100.0], cell_m=5.0)
    row, column = np.unravel_index(np.argmax(drawn.values), drawn.values.shape)
    assert drawn.values[row, column + 20] == pytest.approx(drawn.peak / math.sqrt(math.e), rel=1e-3)


def test_surface_integrates_to_the_total():
    drawn = surface(*points(200))
    assert integral(drawn) == pytest.approx(drawn.total, rel=1e-12)
    assert drawn.point_count == 200


def test_many_points_agree_with_exact_sums():
    x_m, y_m, weight = points(50_000)
    drawn = surface(x_m, y_m, weight)
    random = np.random.default_rng(3)
    rows, columns = np.nonzero(drawn.values > 1e-3 * drawn.peak)
    chosen = random.choice(len(rows), 200, replace=False)
    east = drawn.x_min_m + (columns[chosen] + 0.5) * 25.0
    north = drawn.y_max_m - (rows[chosen] + 0.5) * 25.0
    squared = (east[:, None] - x_m) ** 2 + (north[:, None] - y_m) ** 2
    exact = (np.exp(-squared / 2 / 100.0**2) @ weight) / (2 * np.pi * 0.1**2)
    error = np.abs(drawn.values[rows[chosen], columns[chosen]] - exact) / exact
    assert error.max() < 3e-3
    assert np.median(error) < 2e-4


def test_first_row_lies_in_the_north():
    drawn = surface([0.0, 0.0], [0.0, 1000.0], [1.0, 9.0])
    row = int(np.argmax(drawn.values.max(axis=1)))
    assert drawn.y_max_m - (row + 0.5) * drawn.cell_m == pytest.approx(1000.0, abs=25.0)


def test_wide_kernels_by_fft_agree_with_narrow_cells_by_sums(monkeypatch):
    by_fft = surface(*points(20), cell_m=5.0, bandwidth_m=150.0)
    monkeypatch.setattr("gisplan.density.surface.FFT_FROM_SIGMA_CELLS", math.inf)
    by_sums = surface(*points(20), cell_m=5.0, bandwidth_m=150.0)
    assert np.allclose(by_fft.values, by_sums.values, atol=1e-9 * by_sums.peak)
    assert by_fft.values.min() >= 0.0
    assert integral(by_fft) == pytest.approx(by_fft.total, rel=1e-9)


def test_all_points_in_one_place_are_one_heavy_point():
    together = surface([X_M] * 50, [Y_M] * 50, [2.0] * 50)
    alone = surface([X_M], [Y_M], [100.0])
    assert np.allclose(together.values, alone.values)


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(12)))
def test_order_of_points_does_not_matter(order):
    x_m, y_m, weight = points(12)
    chosen = list(order)
    shuffled = surface(x_m[chosen], y_m[chosen], weight[chosen])
    assert np.allclose(shuffled.values, surface(x_m, y_m, weight).values, rtol=1e-9, atol=1e-9)


def test_no_points_at_all_are_no_data():
    drawn = surface([], [], [])
    assert drawn.values.shape == (1, 1)
    assert np.isnan(drawn.values).all()
    assert drawn.peak is None
    assert drawn.total == 0.0


def test_empty_window_is_no_data_not_zero():
    window = Extent(x_min_m=X_M, y_min_m=Y_M, x_max_m=X_M + 500, y_max_m=Y_M + 250)
    drawn = surface([0.0], [0.0], [5.0], extent=window)
    assert drawn.values.shape == (10, 20)
    assert np.isnan(drawn.values).all()
    assert (drawn.point_count, drawn.outside_count) == (0, 1)


def test_window_shows_the_same_density_as_the_whole():
    x_m, y_m, weight = points(100)
    window = Extent(x_min_m=X_M + 300, y_min_m=Y_M + 300, x_max_m=X_M + 600, y_max_m=Y_M + 500)
    seen = surface(x_m, y_m, weight, extent=window)
    whole = surface(x_m, y_m, weight)
    top = round((whole.y_max_m - seen.y_max_m) / 25)
    left = round((seen.x_min_m - whole.x_min_m) / 25)
    rows, columns = seen.values.shape
    assert np.allclose(seen.values, whole.values[top : top + rows, left : left + columns])
    assert seen.point_count + seen.outside_count == 100


def test_nothing_leaves_a_study_area():
    x_m, y_m, weight = points(300)
    inside = shapely.contains_xy(TOWN, x_m, y_m)
    drawn = surface(x_m, y_m, weight, bandwidth_m=200.0, study_area=TOWN)
    assert drawn.total == pytest.approx(weight[inside].sum(), rel=1e-12)
    assert integral(drawn) == pytest.approx(drawn.total, rel=1e-12)
    assert drawn.outside_count == np.sum(~inside)


def test_outside_a_study_area_is_no_data():
    drawn = surface(*points(50), study_area=TOWN)
    area_km2 = np.isfinite(drawn.values).sum() * 0.025**2
    assert area_km2 == pytest.approx(TOWN.area / 1e6, rel=0.03)
    assert np.isnan(drawn.values[[0, -1], :]).all()


def test_extent_cuts_a_study_area():
    half = Extent(x_min_m=X_M, y_min_m=Y_M, x_max_m=X_M + 500, y_max_m=Y_M + 300)
    x_m, y_m, weight = points(300)
    drawn = surface(x_m, y_m, weight, study_area=TOWN, extent=half)
    assert integral(drawn) == pytest.approx(
        weight[(x_m < X_M + 500) & (y_m < Y_M + 300)].sum(), rel=1e-12
    )


def test_points_of_another_crs_leave_a_study_area_without_data():
    drawn = surface([7.88], [48.45], [9.0], study_area=TOWN)
    assert np.isnan(drawn.values).all()
    assert drawn.outside_count == 1


def test_study_area_without_extent_is_refused():
    with pytest.raises(InputError, match="covers nothing"):
        surface(*points(3), study_area=shapely.Polygon())


def test_study_area_smaller_than_a_cell_is_refused():
    speck = shapely.box(X_M + 1, Y_M + 1, X_M + 2, Y_M + 2)
    with pytest.raises(InputError, match="smaller cells"):
        surface(*points(3), study_area=speck)


def test_cells_larger_than_the_bandwidth_are_refused():
    with pytest.raises(InputError, match="take cells of 20 m"):
        surface(*points(3), cell_m=50.0, bandwidth_m=40.0)


def test_extent_of_a_surface_is_its_outer_edge():
    window = Extent(x_min_m=0.0, y_min_m=0.0, x_max_m=500.0, y_max_m=250.0)
    assert surface([10.0], [10.0], [1.0], extent=window).extent == window
