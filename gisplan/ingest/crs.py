"""Coordinate reference systems: the working CRS of a grid, and the way of a layer into it.

References
----------
PROJ documentation, "Operations computation": a transformation between datums is one of several
candidates; which are usable depends on the grid files that are installed.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import AreaOfInterest, TransformerGroup

from gisplan.errors import MappingError
from gisplan.model.issue import Issue
from gisplan.model.issue_rules import ISSUE_RULES

if TYPE_CHECKING:
    from gisplan.model.grid import Floats

LONLAT = CRS.from_epsg(4326)
EUROPE_LON, EUROPE_LAT = (-16.0, 40.0), (34.0, 72.0)
ETRS89_ZONES = range(28, 39)
# Metres on paper only: at 60 degrees these are half a metre long.
DISTORTED = frozenset({3857, 3395, 3785, 900913})
CRS_MARGIN = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """A rectangle in the units of some CRS."""

    west: float
    south: float
    east: float
    north: float


def get_crs(text: str) -> CRS:
    """Return the CRS of an EPSG code, as ``EPSG:25832``."""
    try:
        return CRS.from_user_input(text)
    except CRSError:
        raise MappingError(f"{text} is no CRS that PROJ knows; write it as EPSG:25832") from None


def get_working_crs(text: str) -> CRS:
    """Return a CRS that lengths can be measured in, or ``MappingError``."""
    crs = get_crs(text)
    if not _is_metric(crs):
        raise MappingError(f"{text} cannot be the working CRS: expected a projected CRS in metres")
    return crs


def choose_working_crs(crs: CRS, middle: tuple[float, float]) -> CRS:
    """Choose the data's own CRS where it is metric, else the UTM zone of its middle.

    ``middle`` is a coordinate pair in ``crs``. In Europe the zone is of ETRS89, elsewhere WGS 84.
    """
    if _is_metric(crs):
        return crs
    lon, lat = Transformer.from_crs(crs, LONLAT, always_xy=True).transform(*middle)
    if not (np.isfinite(lon) and np.isfinite(lat)):
        raise MappingError(
            f"the data's middle {middle} has no place in {crs.name}; is the CRS right?"
        )
    zone = min(int((lon + 180) // 6) + 1, 60)
    in_europe = EUROPE_LON[0] <= lon <= EUROPE_LON[1] and EUROPE_LAT[0] <= lat <= EUROPE_LAT[1]
    if in_europe and zone in ETRS89_ZONES:
        return CRS.from_epsg(25800 + zone)
    return CRS.from_epsg((32600 if lat >= 0 else 32700) + zone)


@cache
def find_allowed_bounds(crs: CRS) -> Bounds | None:
    """Where coordinates can lie: the CRS's area of use and a quarter more; ``None`` if unknown."""
    area = crs.area_of_use
    if crs.is_geographic:
        return Bounds(west=-180, south=-90, east=180, north=90)
    if area is None or area.west > area.east:
        return None
    to_crs = Transformer.from_crs(LONLAT, crs, always_xy=True)
    west, south, east, north = to_crs.transform_bounds(*area.bounds)
    if not np.isfinite([west, south, east, north]).all():
        return None
    margin_x, margin_y = CRS_MARGIN * (east - west), CRS_MARGIN * (north - south)
    return Bounds(
        west=west - margin_x, south=south - margin_y, east=east + margin_x, north=north + margin_y
    )


def transform_geometry(
    geometry: np.ndarray, *, crs: CRS, working: CRS, layer: str
) -> tuple[np.ndarray, list[Issue]]:
    """Bring geometry into the working CRS by the best operation there is.

    Where a better one needs a grid file that is not installed, the issue states both accuracies.
    """
    if crs == working or not len(geometry):
        return geometry, []
    transformer, issues = _choose_operation(crs, working, _lonlat_area(geometry, crs), layer)

    def move(coordinates: Floats) -> Floats:
        x, y = transformer.transform(coordinates[:, 0], coordinates[:, 1])
        return np.column_stack([x, y])

    return shapely.transform(geometry, move), issues


def _choose_operation(
    crs: CRS, working: CRS, area: AreaOfInterest | None, layer: str
) -> tuple[Transformer, list[Issue]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the missing grid is told as an issue
        group = TransformerGroup(crs, working, always_xy=True, area_of_interest=area)
    if not group.transformers:
        raise MappingError(f"layer {layer}: PROJ knows no way from {crs.name} to {working.name}")
    used = group.transformers[0]
    if group.best_available:
        return used, []
    best = group.unavailable_operations[0]
    grids = ", ".join(grid.short_name for grid in best.grids if not grid.available)
    issue = Issue(
        rule="crs_grid_missing",
        severity=ISSUE_RULES["crs_grid_missing"].severity,
        element=f"layer {layer}",
        found=f"{crs.name} to {working.name} with an accuracy of {used.accuracy:g} m",
        expected=f"{best.accuracy:g} m, which needs the datum grid {grids}",
    )
    return used, [issue]


def _lonlat_area(geometry: np.ndarray, crs: CRS) -> AreaOfInterest | None:
    """Area of the data, so that an operation is chosen that suits the place."""
    bounds = shapely.total_bounds(geometry)
    try:
        lonlat = Transformer.from_crs(crs, LONLAT, always_xy=True).transform_bounds(*bounds)
    except ProjError:
        return None
    return AreaOfInterest(*lonlat) if np.isfinite(lonlat).all() else None


def _is_metric(crs: CRS) -> bool:
    in_metres = all(axis.unit_name in {"metre", "meter"} for axis in crs.axis_info[:2])
    code = crs.to_epsg()
    return crs.is_projected and in_metres and code is not None and code not in DISTORTED
