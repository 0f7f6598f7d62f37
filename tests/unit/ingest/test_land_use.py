"""Areas with the density that they saturate at: what is read and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gisplan.errors import InputError, SourceError
from gisplan.ingest.land_use import read_land_use

RING = [[7.87, 48.45], [7.88, 48.45], [7.88, 48.46], [7.87, 48.46], [7.87, 48.45]]


def file_of(folder: Path, properties: dict[str, object]) -> Path:
    feature = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [RING]},
        "properties": properties,
    }
    path = folder / "use.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def test_areas_come_in_metres_with_their_density(tmp_path: Path) -> None:
    land = read_land_use(file_of(tmp_path, {"saturation_mva_per_km2": 12}), srid=25832)
    assert land.saturation_mva_per_km2.tolist() == [12.0]
    assert land.shape[0].area == pytest.approx(740 * 1112, rel=0.02)


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"other": 1}, "no column saturation_mva_per_km2"),
        ({"saturation_mva_per_km2": "dense"}, "holds no numbers"),
        ({"saturation_mva_per_km2": -1}, "zero or more"),
        ({"saturation_mva_per_km2": None}, "zero or more|no numbers"),
    ],
)
def test_density_that_is_none_is_refused(
    tmp_path: Path, properties: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read_land_use(file_of(tmp_path, properties), srid=25832)


def test_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is not there"):
        read_land_use(tmp_path / "none.gpkg", srid=25832)
