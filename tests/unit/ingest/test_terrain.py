"""Files of open ground: what is read, and what is refused with what to do."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
from rasterio import Affine

from gisplan.errors import InputError, SourceError
from gisplan.ingest import terrain
from gisplan.ingest.terrain import read_terrain
from gisplan.planning.terrain.ground import LandUse
from gisplan.routing.terrain.raster import CostRaster

SRID = 25832
SQUARE = shapely.box(417_000, 5_367_000, 417_100, 5_367_100)


def written(
    folder: Path, rows: dict[str, list[object]], *, name: str = "land.gpkg", crs: str | None = None
) -> Path:
    path = folder / name
    count = len(next(iter(rows.values())))
    shapes = rows.pop("geometry", [SQUARE] * count)
    frame = geopandas.GeoDataFrame(rows, geometry=shapes, crs=crs or f"EPSG:{SRID}")
    frame.to_file(path)
    return path


def land_use(path: Path) -> LandUse:
    found = read_terrain(path, srid=SRID)
    assert found.name == path.name
    assert isinstance(found.ground, LandUse)
    return found.ground


def test_land_use_has_a_cost_or_a_surface(tmp_path: Path) -> None:
    rows = {"cost_per_m": [12.5, None, None], "surface": [None, "Verge", "forbidden"]}
    found = land_use(written(tmp_path, rows))
    assert found.cost_per_m[0] == 12.5
    assert np.isnan(found.cost_per_m[1])
    assert found.cost_per_m[2] == np.inf
    assert found.surface[:2] == ("", "verge")
    assert found.shape[0].equals(SQUARE)


def test_another_crs_is_brought_to_the_working_one(tmp_path: Path) -> None:
    lon_lat = geopandas.GeoSeries([SQUARE], crs=SRID).to_crs(4326)[0]
    rows: dict[str, list[object]] = {"surface": ["verge"], "geometry": [lon_lat]}
    found = land_use(written(tmp_path, rows, name="land.geojson", crs="EPSG:4326"))
    assert shapely.hausdorff_distance(found.shape[0], SQUARE) < 0.1


def test_a_geotiff_is_a_raster(tmp_path: Path) -> None:
    path = tmp_path / "ground.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=2, width=2, count=1, dtype="float32",
        crs=f"EPSG:{SRID}", transform=Affine(2, 0, 417_000, 0, -2, 5_367_000),
    ) as target:  # fmt: skip
        target.write(np.full((1, 2, 2), 3.0, dtype="float32"))
    ground = read_terrain(path, srid=SRID).ground
    assert isinstance(ground, CostRaster)
    assert ground.cost_cents_per_m.tolist() == [[300, 300], [300, 300]]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ({"cost_per_m": [0.0]}, r"cost_per_m of row 1 \(0.0\).*expected money a metre above 0"),
        ({"cost_per_m": [-3.0]}, r"row 1 \(-3.0\)"),
        ({"cost_per_m": ["dear"]}, "cost_per_m holds text"),
        ({"surface": ["meadow"]}, r"row 1 \(meadow\).*asphalt, paving, verge, open_ground"),
        ({"surface": ["meadow"] * 5}, "and 2 more"),
        ({"cost_per_m": [None, 1.0]}, r"surface of row 1 \(empty\)"),
        ({"height": [1.0]}, "neither a column cost_per_m"),
        ({"surface": ["verge"], "geometry": [shapely.Point(0, 0)]}, "row 1 is Point"),
        ({"surface": ["verge"], "geometry": [shapely.Polygon()]}, "row 1 is empty or not finite"),
    ],
)
def test_what_cannot_be_used_is_named(
    tmp_path: Path, rows: dict[str, list[object]], told: str
) -> None:
    with pytest.raises(InputError, match=told):
        read_terrain(written(tmp_path, dict(rows)), srid=SRID)


def test_a_file_without_crs_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "land.shp"
    geopandas.GeoDataFrame({"surface": ["verge"]}, geometry=[SQUARE], crs=SRID).to_file(path)
    path.with_suffix(".prj").unlink()
    with pytest.raises(InputError, match="states no CRS; write it"):
        read_terrain(path, srid=SRID)


def test_a_file_that_is_missing_or_no_map_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is not there"):
        read_terrain(tmp_path / "none.gpkg", srid=SRID)
    path = tmp_path / "note.gpkg"
    path.write_text("no map")
    with pytest.raises(SourceError, match="cannot be read"):
        read_terrain(path, srid=SRID)


def test_a_file_without_areas_or_with_too_many_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty.geojson"
    empty.write_text('{"type": "FeatureCollection", "features": []}')
    with pytest.raises(InputError, match="holds nothing"):
        read_terrain(empty, srid=SRID)
    path = written(tmp_path, {"surface": ["verge", "verge"]})
    monkeypatch.setattr(terrain, "AREAS_MAX", 1)
    with pytest.raises(InputError, match="holds too much"):
        read_terrain(path, srid=SRID)
