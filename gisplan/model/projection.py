"""Between the working CRS (metres) inside and lon/lat (EPSG:4326) at the edges."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyproj

from gisplan.model.grid import Floats

LON_LAT_SRID = 4326
DECIMALS = 7  # a centimetre


@lru_cache(maxsize=8)
def _transformer(from_srid: int, to_srid: int) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(from_srid, to_srid, always_xy=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """The working CRS of a grid version."""

    srid: int

    def to_metres(self, lon: float, lat: float) -> tuple[float, float]:
        """Return x and y in metres; infinite where the place lies outside the CRS."""
        x_m, y_m = _transformer(LON_LAT_SRID, self.srid).transform(lon, lat)
        return float(x_m), float(y_m)

    def all_to_metres(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Return x and y of many places in metres; infinite where one lies outside the CRS."""
        x_m, y_m = _transformer(LON_LAT_SRID, self.srid).transform(lon, lat)
        return np.asarray(x_m, np.float64), np.asarray(y_m, np.float64)

    def all_to_degrees(self, x_m: Floats, y_m: Floats) -> tuple[Floats, Floats]:
        """Return lon and lat of many places in degrees, as exact as they are."""
        lon, lat = _transformer(self.srid, LON_LAT_SRID).transform(x_m, y_m)
        return np.asarray(lon, np.float64), np.asarray(lat, np.float64)

    def to_lon_lat(self, xy_m: Floats) -> tuple[tuple[float, float], ...]:
        """Return places of shape (points, 2) as (lon, lat), rounded to a centimetre."""
        lon, lat = _transformer(self.srid, LON_LAT_SRID).transform(xy_m[:, 0], xy_m[:, 1])
        pairs = zip(np.round(lon, DECIMALS), np.round(lat, DECIMALS), strict=True)
        return tuple((float(one), float(other)) for one, other in pairs)
