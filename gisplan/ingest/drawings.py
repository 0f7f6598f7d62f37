"""What a planner draws in any GIS: areas to avoid, a line to check; in lon/lat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.errors import SourceError
from gisplan.ingest.crs import LONLAT, transform_geometry
from gisplan.ingest.vector_file import read_vector_file

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

SHAPES_MAX = 10_000
VERTICES_MAX = 1_000_000
FILE_BYTES_MAX = 64 * 1024 * 1024


def read_areas(path: Path) -> npt.NDArray[np.object_]:
    """Return the polygons of a file in lon/lat; those that cross themselves are made valid.

    Raises
    ------
    SourceError
        If the file cannot be read, names no CRS, is too large or holds anything but areas.
    """
    kinds = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
    valid: npt.NDArray[np.object_] = np.asarray(shapely.make_valid(_read(path, kinds, "Polygon")))
    return valid


def read_line(path: Path) -> tuple[tuple[float, float], ...]:
    """Return the vertices of the one line that a file holds, in lon/lat.

    Raises
    ------
    SourceError
        If the file cannot be read, names no CRS, is too large or holds anything but one line.
    """
    lines = _read(path, (shapely.GeometryType.LINESTRING,), "LineString")
    if len(lines) != 1:
        raise SourceError(f"{path} holds {len(lines)} lines; expected one")
    xy = shapely.get_coordinates(lines[0])
    return tuple((float(lon), float(lat)) for lon, lat in xy)


def _read(
    path: Path, kinds: tuple[shapely.GeometryType, ...], expected: str
) -> npt.NDArray[np.object_]:
    """Return the shapes of a file in lon/lat, all of the kinds expected."""
    if path.is_file() and path.stat().st_size > FILE_BYTES_MAX:
        raise SourceError(f"{path} is larger than {FILE_BYTES_MAX // 2**20} MiB; draw less")
    source = read_vector_file(path, expected=f"a {expected}", features_max=SHAPES_MAX + 1)
    _check(path, source.shape, kinds, expected)
    moved, _ = transform_geometry(
        np.asarray(shapely.force_2d(source.shape)), crs=source.crs, working=LONLAT, layer=path.name
    )
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise SourceError(
            f"{path} has a vertex that is nowhere on earth; is its CRS {source.crs.name} right?"
        )
    return moved


def _check(
    path: Path,
    shapes: npt.NDArray[np.object_],
    kinds: tuple[shapely.GeometryType, ...],
    expected: str,
) -> None:
    if len(shapes) == 0:
        raise SourceError(f"{path} holds nothing; expected a {expected}")
    if len(shapes) > SHAPES_MAX or int(shapely.get_num_coordinates(shapes).sum()) > VERTICES_MAX:
        raise SourceError(
            f"{path} holds too much; expected at most {SHAPES_MAX} shapes, {VERTICES_MAX} vertices"
        )
    wrong = np.flatnonzero(~np.isin(shapely.get_type_id(shapes), kinds))
    if len(wrong):
        kind = "nothing" if shapes[wrong[0]] is None else shapes[wrong[0]].geom_type
        raise SourceError(f"{path}: feature {int(wrong[0]) + 1} is {kind}; expected a {expected}")
    if not np.isfinite(shapely.get_coordinates(shapes)).all():
        raise SourceError(f"{path} has a vertex that is no finite number; expected coordinates")
