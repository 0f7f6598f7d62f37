"""Open ground as a user gives it: a raster of prices, or areas of land use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import CRS

from gisplan.errors import InputError, SourceError
from gisplan.ingest.cost_raster import read_cost_raster
from gisplan.ingest.crs import transform_geometry
from gisplan.ingest.shapes import find_finite
from gisplan.ingest.vector_file import read_vector_file
from gisplan.model.grid import Surface
from gisplan.planning.terrain.ground import LandUse, Terrain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    from gisplan.model.grid import Floats

RASTER_ENDINGS = (".tif", ".tiff")
COST, SURFACE, FORBIDDEN = "cost_per_m", "surface", "forbidden"
SURFACES = tuple(one.name.lower() for one in Surface)
AREAS_MAX = 500_000
VERTICES_MAX = 20_000_000
NAMED_MAX = 3


def read_terrain(path: Path, *, srid: int) -> Terrain:
    """Read a GeoTIFF of money a metre of trench, or polygons of land use, into the working CRS.

    Polygons have a column ``cost_per_m`` (money) or ``surface`` (a class of the catalogue, or
    ``forbidden``), or both: the cost counts where it is given. Later ones lie over earlier ones.

    Raises
    ------
    SourceError
        If the file cannot be read.
    InputError
        If it has no CRS, or a price or area that cannot be used.
    """
    if not path.is_file():
        raise SourceError(f"{path} is not there; expected a GeoTIFF or polygons of land use")
    if path.suffix.lower() in RASTER_ENDINGS:
        return Terrain(name=path.name, ground=read_cost_raster(path, srid=srid))
    return Terrain(name=path.name, ground=_read_land_use(path, srid))


def _read_land_use(path: Path, srid: int) -> LandUse:
    source = read_vector_file(
        path,
        expected="polygons of land use, or a GeoTIFF",
        columns=(COST, SURFACE),
        features_max=AREAS_MAX + 1,
    )
    shape, fields, crs = _polygons(path, source.shape), source.columns, source.crs
    if not fields:
        raise InputError(
            f"{path} has neither a column {COST} (money a metre) nor {SURFACE} "
            f"({', '.join(SURFACES)} or {FORBIDDEN}); add one of them"
        )
    cost, surface = _prices(path, fields, len(shape))
    moved, _ = transform_geometry(shape, crs=crs, working=CRS.from_epsg(srid), layer=path.name)
    if not find_finite(moved).all():
        raise InputError(
            f"{path}: an area has no place in EPSG:{srid}; is its CRS {crs.name} right?"
        )
    return LandUse(
        shape=moved,
        cost_per_m=cost,
        surface=surface,
        name=tuple(f"area {row + 1} of {path.name}" for row in range(len(moved))),
    )


def _polygons(path: Path, given: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return the areas of a file, without heights; refuse what is none."""
    shape = np.asarray(shapely.force_2d(given), dtype=object)
    if not len(shape):
        raise InputError(f"{path} holds nothing; expected polygons of land use")
    if len(shape) > AREAS_MAX or int(shapely.get_num_coordinates(shape).sum()) > VERTICES_MAX:
        raise InputError(
            f"{path} holds too much; expected at most {AREAS_MAX:,} areas and {VERTICES_MAX:,} "
            "vertices: cut out the part that is planned"
        )
    kinds = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
    wrong = np.flatnonzero(~np.isin(shapely.get_type_id(shape), [int(kind) for kind in kinds]))
    if len(wrong):
        found = getattr(shape[wrong[0]], "geom_type", "nothing")
        raise InputError(f"{path}: row {wrong[0] + 1} is {found}; expected polygons of land use")
    finite = find_finite(shape) & ~shapely.is_empty(shape)
    if not finite.all():
        row = int(np.flatnonzero(~finite)[0])
        raise InputError(f"{path}: row {row + 1} is empty or not finite; mend it or leave it out")
    return shape


def _prices(
    path: Path, fields: Mapping[str, npt.NDArray[Any]], count: int
) -> tuple[Floats, tuple[str, ...]]:
    """Return the cost of each area (NaN where its surface says it), and the surfaces."""
    cost = np.full(count, np.nan)
    surface = np.full(count, "", dtype=object)
    if COST in fields:
        try:
            cost = np.array(fields[COST], dtype=np.float64)
        except (TypeError, ValueError):
            raise InputError(f"{path}: {COST} holds text; expected money a metre") from None
        _refuse(path, ~(np.isnan(cost) | ((cost > 0) & np.isfinite(cost))), COST, cost)
    if SURFACE in fields:
        given = [str(value or "").strip().lower() for value in fields[SURFACE]]
        surface = np.array(given, dtype=object)
    known = np.isin(surface.astype(str), [*SURFACES, FORBIDDEN])
    _refuse(path, np.isnan(cost) & ~known, SURFACE, surface)
    cost[np.isnan(cost) & (surface == FORBIDDEN)] = np.inf
    return cost, tuple("" if np.isfinite(c) else str(s) for c, s in zip(cost, surface, strict=True))


def _refuse(path: Path, wrong: npt.NDArray[np.bool_], column: str, values: npt.ArrayLike) -> None:
    rows = np.flatnonzero(wrong)
    if not len(rows):
        return
    found = [str(np.asarray(values)[row]) or "empty" for row in rows[:NAMED_MAX]]
    named = ", ".join(f"row {row + 1} ({one})" for row, one in zip(rows, found, strict=False))
    more = f" and {len(rows) - NAMED_MAX} more" if len(rows) > NAMED_MAX else ""
    expected = (
        "money a metre above 0"
        if column == COST
        else f"{', '.join(SURFACES)} or {FORBIDDEN}, or a {COST}"
    )
    raise InputError(f"{path}: {column} of {named}{more} cannot be used; expected {expected}")
