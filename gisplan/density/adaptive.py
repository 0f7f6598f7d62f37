"""Density whose kernel is narrow where points gather and wide where they are few.

The bandwidth of a point goes with one over the root of the density of places there. Points are
blurred class by class; one between two classes is shared by both so that its variance is its own.

References
----------
I. S. Abramson, On bandwidth variation in kernel estimates, Annals of Statistics 10 (1982)
1217-1223.
T. M. Davies and A. Baddeley, Fast computation of spatially adaptive kernel estimates, Statistics
and Computing 28 (2018) 937-956: classes of bandwidths.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from gisplan.density.frame import Frame
from gisplan.density.points import Points, build_points
from gisplan.density.surface import REACH_SIGMAS, StudyArea, density_surface
from gisplan.model.density import Bandwidth, DensitySurface, Extent
from gisplan.model.grid import Floats, Integers

MOST = 4.0
"""No kernel is wider than the bandwidth times this, or narrower than it divided by this."""

CLASS_STEP = 1.1
"""Ratio of neighbouring classes; a shared point is then off by less than 1 % at its own place."""


def adaptive_surface(
    x_m: Floats,
    y_m: Floats,
    weight: Floats,
    *,
    cell_m: float,
    bandwidth: Bandwidth,
    srid: int,
    weight_unit: str,
    extent: Extent | None = None,
    study_area: StudyArea | None = None,
) -> DensitySurface:
    """Density as ``density_surface`` gives it, ``bandwidth`` being the geometric mean of all.

    The density that bandwidths follow is that of the places, whatever their weight, and has no
    edge correction: at the edge of a study area a kernel may be wider by the root of two.

    Raises
    ------
    InputError
        If points, cell size, bandwidth or area cannot be used.
    """
    points = build_points(x_m, y_m, weight)
    own_m = _own_bandwidths_m(points, cell_m=cell_m, bandwidth=bandwidth, srid=srid)
    range_m = (float(own_m.min()), float(own_m.max())) if len(own_m) else None
    if extent is None and study_area is None and range_m is not None:
        extent = _widened(points.extent, REACH_SIGMAS * CLASS_STEP * range_m[1] + cell_m)

    def blurred(weights: Floats, chosen: Integers, by: Bandwidth) -> DensitySurface:
        return density_surface(
            points.x_m[chosen],
            points.y_m[chosen],
            weights[chosen],
            cell_m=cell_m,
            bandwidth=by,
            srid=srid,
            weight_unit=weight_unit,
            extent=extent,
            study_area=study_area,
        )

    plain = blurred(points.weight, np.arange(len(points)), bandwidth)
    values = np.full(plain.values.shape, np.nan)
    for class_m, chosen, share in _classes(own_m):
        shared = np.zeros(len(points))
        shared[chosen] = share * points.weight[chosen]
        part = blurred(shared, chosen, replace(bandwidth, bandwidth_m=class_m)).values
        values = np.where(np.isnan(values), part, values + np.nan_to_num(part))
    return replace(plain, values=values, bandwidth=replace(bandwidth, range_m=range_m))


def _own_bandwidths_m(points: Points, *, cell_m: float, bandwidth: Bandwidth, srid: int) -> Floats:
    """Bandwidth of each point: that of all, times the root of mean density over its own."""
    if len(points) == 0:
        return np.empty(0)
    places = np.ones(len(points))
    pilot = density_surface(
        points.x_m,
        points.y_m,
        places,
        cell_m=cell_m,
        bandwidth=bandwidth,
        srid=srid,
        weight_unit="1",
    )
    rows, columns = pilot.values.shape
    frame = Frame(
        x_min_m=pilot.x_min_m, y_max_m=pilot.y_max_m, cell_m=cell_m, rows=rows, columns=columns
    )
    density = frame.interpolate(points, pilot.values)
    mean = math.exp(float(np.mean(np.log(density))))
    all_m = bandwidth.bandwidth_m
    own_m: Floats = np.clip(
        all_m * np.sqrt(mean / density), max(all_m / MOST, cell_m), all_m * MOST
    )
    return own_m


def _classes(own_m: Floats) -> list[tuple[float, Integers, Floats]]:
    """Bandwidth, points and their shares of each class that has any."""
    if len(own_m) == 0:
        return []
    smallest_m = float(own_m.min())
    place = np.log(own_m / smallest_m) / math.log(CLASS_STEP)
    below = np.floor(place).astype(np.int64)
    lower_m = smallest_m * CLASS_STEP**below
    upper = np.clip((own_m**2 - lower_m**2) / (lower_m**2 * (CLASS_STEP**2 - 1)), 0.0, 1.0)
    found: list[tuple[float, Integers, Floats]] = []
    for index in range(int(below.max()) + 2):
        share = np.where(below == index, 1 - upper, np.where(below == index - 1, upper, 0.0))
        chosen = np.flatnonzero(share > 0)
        if len(chosen):
            found.append((smallest_m * CLASS_STEP**index, chosen, share[chosen]))
    return found


def _widened(extent: Extent, margin_m: float) -> Extent:
    return Extent(
        x_min_m=extent.x_min_m - margin_m,
        y_min_m=extent.y_min_m - margin_m,
        x_max_m=extent.x_max_m + margin_m,
        y_max_m=extent.y_max_m + margin_m,
    )
