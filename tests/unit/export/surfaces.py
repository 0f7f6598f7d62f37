"""Surfaces by hand: a hill, a hill in a study area, nothing."""

from __future__ import annotations

import numpy as np
import shapely

from gisplan.density.bandwidth import given_bandwidth
from gisplan.density.surface import density_surface
from gisplan.model.density import DensitySurface, Extent

X_M, Y_M = 417_700.0, 5_367_600.0
WINDOW = Extent(x_min_m=X_M - 600, y_min_m=Y_M - 400, x_max_m=X_M + 600, y_max_m=Y_M + 400)


def surface(count: int = 40, **more) -> DensitySurface:
    random = np.random.default_rng(5)
    return density_surface(
        X_M + random.normal(0, 150, count),
        Y_M + random.normal(0, 100, count),
        random.choice([9.0, 22.0, 630.0], count),
        cell_m=10.0,
        bandwidth=given_bandwidth(80.0),
        srid=25832,
        weight_unit="kVA",
        **more,
    )


def masked_surface() -> DensitySurface:
    return surface(study_area=shapely.Point(X_M, Y_M).buffer(400))


def empty_surface() -> DensitySurface:
    return surface(0, extent=WINDOW)
