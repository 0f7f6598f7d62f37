"""Rasters of classes as a browser's map lays them: in Web Mercator, no cell mixed with another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from rasterio import Affine
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.warp import reproject, transform_bounds

from gisplan.model.projection import LON_LAT_SRID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gisplan.model.grid import Codes

WEB_SRID = 3857
EARTH_RADIUS_M = 6_378_137.0
TILE_PIXELS = 256
PIXELS_MAX = 2400
FINER = 2  # pixels a cell each way, so that turned cells keep their shape

Rgba = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricClasses:
    """Classes of cells in a metric CRS, north first; outside them lies the class ``beyond``."""

    classes: Codes
    transform: Affine
    srid: int
    beyond: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebRaster:
    """Classes of cells in Web Mercator, and the corners that they span in degrees."""

    classes: Codes
    bounds: tuple[tuple[float, float], tuple[float, float]]


def web_classes(source: MetricClasses) -> WebRaster:
    """Return the classes of a raster in Web Mercator."""
    rows, columns = source.classes.shape
    left, top = source.transform @ (0, 0)
    right, bottom = source.transform @ (columns, rows)
    web = CRS.from_epsg(WEB_SRID)
    west_m, south_m, east_m, north_m = transform_bounds(
        CRS.from_epsg(source.srid), web, left, bottom, right, top
    )
    side_m = (east_m - west_m) / min(columns * FINER, PIXELS_MAX)
    side_m = max(side_m, (north_m - south_m) / PIXELS_MAX)
    width = math.ceil((east_m - west_m) / side_m)
    height = math.ceil((north_m - south_m) / side_m)
    classes = _moved(source, Affine(side_m, 0, west_m, 0, -side_m, north_m), (height, width))
    corners = west_m, north_m - height * side_m, west_m + width * side_m, north_m
    west, south, east, north = transform_bounds(web, CRS.from_epsg(LON_LAT_SRID), *corners)
    return WebRaster(classes=classes, bounds=((south, west), (north, east)))


def tile_classes(source: MetricClasses, *, zoom: int, column: int, row: int) -> Codes:
    """Return the classes of a raster on one tile of the Web Mercator pyramid.

    References
    ----------
    OGC 17-083r4, Two dimensional tile matrix set: WebMercatorQuad.
    """
    half_m = math.pi * EARTH_RADIUS_M
    side_m = 2 * half_m / 2**zoom / TILE_PIXELS
    west_m = -half_m + column * side_m * TILE_PIXELS
    north_m = half_m - row * side_m * TILE_PIXELS
    target = Affine(side_m, 0, west_m, 0, -side_m, north_m)
    return _moved(source, target, (TILE_PIXELS, TILE_PIXELS))


def palette_png(classes: Codes, palette: Sequence[Rgba]) -> bytes:
    """Return classes as a PNG picture of one byte a pixel, with their colours and opacities."""
    picture = Image.fromarray(classes).convert("P")
    picture.putpalette(bytes(channel for colour in palette for channel in colour[:3]))
    file = BytesIO()
    picture.save(file, "PNG", transparency=bytes(colour[3] for colour in palette))
    return file.getvalue()


def rgba(colour: str, opacity: float) -> Rgba:
    """Return a colour ``#rrggbb`` with its opacity as four bytes."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue, round(255 * opacity)


def _moved(source: MetricClasses, target: Affine, shape: tuple[int, int]) -> Codes:
    moved = np.full(shape, source.beyond, dtype=np.uint8)
    reproject(
        source.classes,
        moved,
        src_transform=source.transform,
        src_crs=CRS.from_epsg(source.srid),
        dst_transform=target,
        dst_crs=CRS.from_epsg(WEB_SRID),
        init_dest_nodata=False,
        resampling=Resampling.nearest,
    )
    return moved
