"""Areas from outside: study areas, supply areas, parcels, as polygons in the working CRS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import shapely
from pyproj import CRS

from gisplan.density.cells import Cells
from gisplan.errors import InputError, MappingError
from gisplan.ingest.crs import find_allowed_bounds, transform_geometry
from gisplan.ingest.shapes import find_finite
from gisplan.ingest.vector_file import read_vector_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from gisplan.density.surface import StudyArea

    Shapes = npt.NDArray[np.object_]
    Names = Sequence[object] | npt.NDArray[Any]

AREAS_MAX = 200_000
VERTICES_MAX = 5_000_000
NAME_COLUMNS = ("name", "id", "fid")
_POLYGONS = frozenset({shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON})


def read_areas(path: Path, *, srid: int) -> Cells:
    """Read the polygons of the first layer of a file, named by a column name or id, else by row.

    Raises
    ------
    SourceError
        If the file cannot be read, or states no CRS.
    InputError
        If it holds no polygons, too many, or one that is broken or outside the CRS.
    """
    source = read_vector_file(path, expected="polygons", columns=None, features_max=AREAS_MAX + 1)
    columns = {name.lower(): values for name, values in source.columns.items()}
    return areas_of(source.shape, crs=source.crs, columns=columns, srid=srid, what=path.name)


def areas_of(
    shapes: Shapes, *, crs: CRS, columns: Mapping[str, Names], srid: int, what: str
) -> Cells:
    """Return polygons of any CRS in the working one, named by a column name or id, else by row.

    Raises
    ------
    InputError
        If there are none, too many, or one that is broken or outside the CRS; it names ``what``.
    """
    flat, working = shapely.force_2d(shapes), CRS.from_epsg(srid)
    _check(flat, what)
    try:
        moved, _ = transform_geometry(flat, crs=crs, working=working, layer=what)
    except (MappingError, shapely.errors.GEOSException) as error:
        raise InputError(f"{what}: {error}") from error
    _check_place(moved, working, what)
    return Cells(name=_names(columns, len(moved)), shape=moved)


def parse_area(text: str, *, srid: int) -> StudyArea:
    """Return a study area given as WKT in lon/lat, in the working CRS.

    Raises
    ------
    InputError
        If it is no polygon, broken, or outside the CRS.
    """
    try:
        shapes = np.array([shapely.force_2d(shapely.from_wkt(text))], dtype=np.object_)
        _check(shapes, "area")
        working = CRS.from_epsg(srid)
        moved, _ = transform_geometry(
            shapes, crs=CRS.from_epsg(4326), working=working, layer="area"
        )
    except shapely.errors.GEOSException as error:
        raise InputError(f"area is {text[:60]!r}; expected a polygon as WKT: {error}") from error
    _check_place(moved, working, "area")
    return cast("StudyArea", moved[0])


def joined_area(areas: Cells) -> StudyArea:
    """All areas as one, for a study area."""
    return cast("StudyArea", shapely.union_all(areas.shape))


def _check(shapes: Shapes, what: str) -> None:
    """Refuse what is no set of sound polygons."""
    if not 0 < len(shapes) <= AREAS_MAX:
        raise InputError(f"{what} holds {len(shapes):,} areas; expected 1 to {AREAS_MAX:,}")
    kinds = shapely.get_type_id(shapes)
    if (wrong := _first(~np.isin(kinds, list(_POLYGONS)) | shapely.is_empty(shapes))) is not None:
        shape = shapes[wrong]
        kind = "nothing" if shape is None or shapely.is_empty(shape) else shape.geom_type
        raise InputError(f"{what}, feature {wrong + 1} is {kind}; expected a polygon")
    if shapely.get_num_coordinates(shapes).sum() > VERTICES_MAX:
        raise InputError(f"{what} has more than {VERTICES_MAX:,} corners; simplify it")
    if (wrong := _first(~find_finite(shapes))) is not None:
        raise InputError(f"{what}, feature {wrong + 1} has a corner that is not finite")
    if (wrong := _first(~shapely.is_valid(shapes))) is not None:
        reason = shapely.is_valid_reason(shapes[wrong])
        raise InputError(f"{what}, feature {wrong + 1} is broken: {reason}; mend it in a GIS")


def _check_place(shapes: Shapes, working: CRS, what: str) -> None:
    """Refuse areas of which the working CRS knows nothing."""
    bounds = shapely.bounds(shapes)
    allowed = find_allowed_bounds(working)
    outside = ~np.isfinite(bounds).all(axis=1)
    if allowed is not None:
        outside |= (bounds[:, 0] < allowed.west) | (bounds[:, 2] > allowed.east)
        outside |= (bounds[:, 1] < allowed.south) | (bounds[:, 3] > allowed.north)
    if (wrong := _first(outside)) is not None:
        raise InputError(
            f"{what}, feature {wrong + 1} lies outside the area of {working.name}: is the CRS that "
            "it states the right one, and are longitude and latitude in this order?"
        )


def _first(flags: np.bool_ | npt.NDArray[np.bool_]) -> int | None:
    found = np.flatnonzero(flags)
    return int(found[0]) if len(found) else None


def _names(columns: Mapping[str, Names], count: int) -> npt.NDArray[np.str_]:
    """Texts of the first column that has names, which need not differ; else running numbers."""
    chosen: Sequence[object] = range(1, count + 1)
    for name in NAME_COLUMNS:
        if name in columns:
            chosen = list(columns[name])
            break
    return np.array(["" if one is None else str(one) for one in chosen], dtype=np.str_)
