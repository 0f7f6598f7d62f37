from __future__ import annotations

import numpy as np
import pytest
import shapely

from gisplan.density.adaptive import MOST, adaptive_surface
from gisplan.density.bandwidth import given_bandwidth
from gisplan.density.surface import density_surface
from gisplan.model.density import Extent

HOW = {"cell_m": 50.0, "srid": 25832, "weight_unit": "kVA"}
BANDWIDTH = given_bandwidth(200.0)


def town_and_farms(seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two hundred customers in a town of 200 m, twenty on farms over 8 km."""
    random = np.random.default_rng(seed)
    town = random.normal(0, 200, (200, 2))
    farms = random.uniform(-4000, 4000, (20, 2))
    xy_m = np.vstack([town, farms]) + np.array([417_700, 5_367_600])
    return xy_m[:, 0], xy_m[:, 1], random.uniform(5, 50, 220)


def integral(surface) -> float:
    return float(np.nansum(surface.values)) * (surface.cell_m / 1000) ** 2


def own_bandwidths_m(x_m, y_m):
    """Abramson's bandwidths from the exact density of places."""
    squared = (x_m[:, None] - x_m) ** 2 + (y_m[:, None] - y_m) ** 2
    density = np.exp(-squared / (2 * 200.0**2)).sum(axis=1)
    mean = np.exp(np.mean(np.log(density)))
    return np.clip(200 * np.sqrt(mean / density), 200 / MOST, 200 * MOST)


def test_surface_equals_the_exact_sum_of_kernels_of_their_own_width():
    x_m, y_m, weight = town_and_farms()
    surface = adaptive_surface(x_m, y_m, weight, bandwidth=BANDWIDTH, **HOW)
    own_m = own_bandwidths_m(x_m, y_m)
    rows, columns = surface.values.shape
    x = surface.x_min_m + (np.arange(columns) + 0.5) * 50
    y = surface.y_max_m - (np.arange(rows) + 0.5) * 50
    squared = (x[None, :, None] - x_m) ** 2 + (y[::4, None, None] - y_m) ** 2
    kernels = np.exp(-squared / (2 * own_m**2)) / (2 * np.pi * own_m**2)
    exact = kernels @ weight * 1e6
    assert np.abs(surface.values[::4] - exact).max() < 0.01 * exact.max()


def test_total_is_kept():
    x_m, y_m, weight = town_and_farms()
    surface = adaptive_surface(x_m, y_m, weight, bandwidth=BANDWIDTH, **HOW)
    assert integral(surface) == pytest.approx(weight.sum(), rel=1e-9)
    assert surface.total == pytest.approx(weight.sum())


def test_town_is_sharper_and_farms_are_broader_than_with_one_width():
    x_m, y_m, weight = town_and_farms()
    adaptive = adaptive_surface(x_m, y_m, weight, bandwidth=BANDWIDTH, **HOW)
    fixed = density_surface(x_m, y_m, weight, bandwidth=BANDWIDTH, **HOW)
    assert adaptive.peak > fixed.peak
    smallest_m, largest_m = adaptive.bandwidth.range_m
    assert smallest_m < 200 < largest_m


def test_evenly_spread_points_keep_their_one_width():
    x_m, y_m = (part.ravel().astype(float) for part in np.meshgrid(*[np.arange(0, 5000, 5000)] * 2))
    surface = adaptive_surface(x_m, y_m, np.ones(1), bandwidth=BANDWIDTH, **HOW)
    assert surface.bandwidth.range_m == pytest.approx((200.0, 200.0))
    assert integral(surface) == pytest.approx(1.0, rel=1e-9)


def test_study_area_keeps_the_total_of_its_points():
    x_m, y_m, weight = town_and_farms()
    area = shapely.box(417_500, 5_367_300, 418_000, 5_368_500)
    surface = adaptive_surface(x_m, y_m, weight, bandwidth=BANDWIDTH, study_area=area, **HOW)
    inside = shapely.contains_xy(area, x_m, y_m)
    assert integral(surface) == pytest.approx(weight[inside].sum(), rel=1e-6)
    assert np.isnan(surface.values).any()


def test_window_is_cut_out_of_the_whole():
    x_m, y_m, weight = town_and_farms()
    window = Extent(x_min_m=417_000, y_min_m=5_367_000, x_max_m=418_000, y_max_m=5_368_000)
    seen = adaptive_surface(x_m, y_m, weight, bandwidth=BANDWIDTH, extent=window, **HOW)
    whole = adaptive_surface(x_m, y_m, weight, bandwidth=BANDWIDTH, **HOW)
    row = round((whole.y_max_m - seen.y_max_m) / 50)
    column = round((seen.x_min_m - whole.x_min_m) / 50)
    part = whole.values[row : row + 20, column : column + 20]
    assert np.allclose(seen.values, part, rtol=1e-9, atol=1e-9 * whole.peak)


def test_no_points_give_no_data():
    none = np.empty(0)
    surface = adaptive_surface(none, none, none, bandwidth=BANDWIDTH, **HOW)
    assert np.isnan(surface.values).all()
    assert surface.bandwidth.range_m is None
