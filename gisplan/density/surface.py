"""Weighted Gaussian density on a metric grid.

Points are spread over cells by quadratic splines, then the cells are blurred. Spreading adds a
variance of cell**2 / 4 on each axis wherever in its cell a point lies, so the blur is given that
much less and the sum has the asked bandwidth.

References
----------
M. P. Wand, Fast computation of multivariate kernel estimators, Journal of Computational and
Graphical Statistics 3 (1994) 433-445: binning before blurring.
R. W. Hockney and J. W. Eastwood, Computer simulation using particles, 1988, section 5-3: quadratic
shares.
P. Diggle, A kernel method for smoothing point process data, Applied Statistics 34 (1985) 138-147:
each point weighted by one over the mass of its kernel inside the study area.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
import shapely.geometry.base
from rasterio import Affine
from rasterio.features import rasterize
from scipy.ndimage import gaussian_filter

from gisplan.density.binning_kernel import SPREAD_VARIANCE_CELLS2
from gisplan.density.frame import Frame, build_frame
from gisplan.density.points import Points, build_points
from gisplan.errors import InputError
from gisplan.model.density import Bandwidth, DensitySurface, Extent
from gisplan.model.grid import Flags, Floats

StudyArea = shapely.Polygon | shapely.MultiPolygon
_Area = shapely.geometry.base.BaseGeometry

REACH_SIGMAS = 5.0
"""The Gaussian is cut here and scaled to the mass that is cut off, 6e-7 on an axis."""

FFT_FROM_SIGMA_CELLS = 24.0
"""From here on convolution by FFT is the faster way to the same numbers."""

MINIMUM_MASS = 1e-6
"""A point with less of its kernel inside the study area counts as outside."""

SQUARE_METRES_PER_KM2 = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raster:
    """Density in weight per square metre, and the points that it holds."""

    frame: Frame
    per_m2: Floats
    points: Points


def density_surface(
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
    """Density of weighted points, in weight per square kilometre.

    Without ``extent`` and ``study_area`` the raster reaches as far as any kernel does and
    integrates to the total exactly. ``extent`` is a window: points outside it still shine in, and
    kernels leave through its edge. ``study_area`` (with ``extent``: the part inside it) is all
    there is: points outside are left out, nothing leaves, the total is kept, and cells outside
    are no data.

    Where no point lies inside, all cells are no data: an empty picture, not a green one.

    Parameters
    ----------
    x_m, y_m, weight
        One number a point; coordinates in the CRS ``srid``, which counts in metres.
    cell_m
        Side of a cell, at most the bandwidth.
    weight_unit
        Unit of ``weight``, for example kVA; 1 for counts.

    Raises
    ------
    InputError
        If points, cell size, bandwidth or area cannot be used.
    """
    points = build_points(x_m, y_m, weight)
    _check_bandwidth(bandwidth.bandwidth_m, cell_m)
    if study_area is not None:
        raster = _raster_inside(points, study_area, extent, cell_m, bandwidth.bandwidth_m)
    else:
        raster = _raster_of_window(points, extent, cell_m, bandwidth.bandwidth_m)
    return DensitySurface(
        values=raster.per_m2 * SQUARE_METRES_PER_KM2,
        x_min_m=raster.frame.x_min_m,
        y_max_m=raster.frame.y_max_m,
        cell_m=cell_m,
        srid=srid,
        unit=f"{weight_unit}/km2",
        total=math.fsum(raster.points.weight),
        total_unit=weight_unit,
        point_count=len(raster.points),
        outside_count=len(points) - len(raster.points),
        bandwidth=bandwidth,
    )


def _check_bandwidth(bandwidth_m: float, cell_m: float) -> None:
    """Refuse a kernel that the cells cannot show."""
    if cell_m > bandwidth_m:
        raise InputError(
            f"cells of {cell_m:g} m are larger than the bandwidth of {bandwidth_m:g} m and would "
            f"show the cells, not the density: take cells of {bandwidth_m / 2:g} m, "
            "or a larger bandwidth"
        )


def _raster_of_window(
    points: Points, extent: Extent | None, cell_m: float, bandwidth_m: float
) -> _Raster:
    """Density of all points, seen through a window or as far as it reaches."""
    reach_cells = math.ceil(REACH_SIGMAS * bandwidth_m / cell_m) + 1
    if extent is None and len(points) == 0:
        extent = Extent(x_min_m=0.0, y_min_m=0.0, x_max_m=cell_m, y_max_m=cell_m)
    if extent is None:
        frame = build_frame(points.extent, cell_m=cell_m, margin_cells=reach_cells)
        return _Raster(frame=frame, per_m2=_blurred(frame, points, bandwidth_m), points=points)
    window = build_frame(extent, cell_m=cell_m, margin_cells=0)
    inside = points.take(_within(window, points, margin_m=0.0))
    reaching = points.take(_within(window, points, margin_m=reach_cells * cell_m))
    if len(reaching) == 0:
        return _Raster(frame=window, per_m2=_no_data(window), points=inside)
    padded = build_frame(extent, cell_m=cell_m, margin_cells=reach_cells)
    crop = slice(reach_cells, -reach_cells)
    per_m2 = _blurred(padded, reaching, bandwidth_m)[crop, crop]
    return _Raster(frame=window, per_m2=np.ascontiguousarray(per_m2), points=inside)


def _raster_inside(
    points: Points, area: _Area, extent: Extent | None, cell_m: float, bandwidth_m: float
) -> _Raster:
    """Density of the points inside an area, of which nothing leaves it."""
    if extent is not None:
        area = shapely.intersection(
            area, shapely.box(extent.x_min_m, extent.y_min_m, extent.x_max_m, extent.y_max_m)
        )
    frame, mask = rasterized_area(area, cell_m)
    sigma_cells = _sigma_cells(bandwidth_m, cell_m)
    mass = frame.interpolate(points, _blur(mask.astype(np.float64), sigma_cells))
    is_inside = shapely.contains_xy(area, points.x_m, points.y_m) & (mass > MINIMUM_MASS)
    inside = points.take(is_inside)
    if len(inside) == 0:
        return _Raster(frame=frame, per_m2=_no_data(frame), points=inside)
    cells = _blur(frame.bin(inside, inside.weight / mass[is_inside]), sigma_cells)
    per_m2 = np.where(mask, cells / cell_m**2, np.nan)
    return _Raster(frame=frame, per_m2=per_m2, points=inside)


def rasterized_area(area: _Area, cell_m: float) -> tuple[Frame, Flags]:
    """Frame around an area with a margin of one cell, and which cells have their centre in it.

    Raises
    ------
    InputError
        If the area covers nothing, or no centre of a cell.
    """
    if area.is_empty or not area.area > 0:
        raise InputError("study area covers nothing; expected a polygon in metres that does")
    x_min_m, y_min_m, x_max_m, y_max_m = area.bounds
    extent = Extent(x_min_m=x_min_m, y_min_m=y_min_m, x_max_m=x_max_m, y_max_m=y_max_m)
    frame = build_frame(extent, cell_m=cell_m, margin_cells=1)
    corner = Affine(cell_m, 0, frame.x_min_m, 0, -cell_m, frame.y_max_m)
    shape = (frame.rows, frame.columns)
    mask = rasterize([area], out_shape=shape, transform=corner, dtype="uint8") == 1
    if not mask.any():
        raise InputError(
            f"study area of {area.area:.4g} m2 holds no centre of a cell of {cell_m:g} m: "
            "take smaller cells"
        )
    return frame, mask


def _within(frame: Frame, points: Points, *, margin_m: float) -> Flags:
    """Which points lie in a frame widened by a margin."""
    right_m = frame.x_min_m + frame.columns * frame.cell_m + margin_m
    bottom_m = frame.y_max_m - frame.rows * frame.cell_m - margin_m
    x_inside = (points.x_m >= frame.x_min_m - margin_m) & (points.x_m <= right_m)
    y_inside = (points.y_m <= frame.y_max_m + margin_m) & (points.y_m >= bottom_m)
    inside: Flags = x_inside & y_inside
    return inside


def _no_data(frame: Frame) -> Floats:
    return np.full((frame.rows, frame.columns), np.nan)


def _blurred(frame: Frame, points: Points, bandwidth_m: float) -> Floats:
    """Density of the points in weight per square metre."""
    cells = frame.bin(points, points.weight)
    per_m2: Floats = _blur(cells, _sigma_cells(bandwidth_m, frame.cell_m)) / frame.cell_m**2
    return per_m2


def _sigma_cells(bandwidth_m: float, cell_m: float) -> float:
    """Blur in cells that gives the bandwidth after spreading."""
    return math.sqrt((bandwidth_m / cell_m) ** 2 - SPREAD_VARIANCE_CELLS2)


def _blur(cells: Floats, sigma_cells: float) -> Floats:
    """Gaussian of the cells; beyond the raster lies nothing."""
    if sigma_cells < FFT_FROM_SIGMA_CELLS:
        blurred: Floats = gaussian_filter(
            cells, sigma_cells, mode="constant", truncate=REACH_SIGMAS
        )
        return blurred
    from scipy.signal import oaconvolve  # noqa: PLC0415 (a second of import, for few surfaces)

    reach = math.ceil(REACH_SIGMAS * sigma_cells)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_cells) ** 2)
    kernel /= kernel.sum()
    down = oaconvolve(cells, kernel[:, np.newaxis], mode="same", axes=0)
    both = oaconvolve(down, kernel[np.newaxis, :], mode="same", axes=1)
    # The FFT leaves rounding noise of both signs where nothing is.
    return np.maximum(both, 0.0)
