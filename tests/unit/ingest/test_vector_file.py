"""Files of shapes that a user hands over."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas
import pytest
import shapely

from gisplan.errors import SourceError
from gisplan.ingest import vector_file
from gisplan.ingest.vector_file import read_vector_file

SQUARE = shapely.box(417_000, 5_367_000, 417_010, 5_367_010)
VIRTUAL = """<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>{target}</SrcDataSource>
</OGRVRTLayer></OGRVRTDataSource>"""


def written(folder: Path, name: str = "a.gpkg") -> Path:
    path = folder / name
    geopandas.GeoDataFrame({"name": ["one"], "kva": [3]}, geometry=[SQUARE], crs=25832).to_file(
        path
    )
    return path


def test_shapes_come_with_their_crs_and_the_columns_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path)
    found = read_vector_file(path, expected="areas", columns=("kva", "missing"))
    assert found.shape[0].equals(SQUARE)
    assert found.crs.to_epsg() == 25832
    assert {name: values.tolist() for name, values in found.columns.items()} == {"kva": [3]}
    assert sorted(read_vector_file(path, expected="areas", columns=None).columns) == ["kva", "name"]
    assert dict(read_vector_file(path, expected="areas").columns) == {}


def test_no_more_rows_than_asked_for_are_read(tmp_path: Path) -> None:
    path = tmp_path / "many.gpkg"
    geopandas.GeoDataFrame(geometry=[SQUARE] * 5, crs=25832).to_file(path)
    assert len(read_vector_file(path, expected="areas", features_max=2).shape) == 2


@pytest.mark.parametrize("name", ["areas.vrt", "areas.geojson"])
def test_a_file_that_only_names_others_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(VIRTUAL.format(target=written(tmp_path)))
    with pytest.raises(SourceError, match="only refers to other sources"):
        read_vector_file(path, expected="areas")


def test_an_archive_is_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    with zipfile.ZipFile(good, "w") as archive:
        archive.write(written(tmp_path), "a.gpkg")
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("a.vrt", VIRTUAL.format(target=tmp_path / "a.gpkg"))
    assert len(read_vector_file(good, expected="areas").shape) == 1
    with pytest.raises(SourceError, match="only refers to other sources"):
        read_vector_file(bad, expected="areas")
    monkeypatch.setattr(vector_file, "MEMBERS_MAX", 0)
    with pytest.raises(SourceError, match="only refers to other sources"):
        read_vector_file(good, expected="areas")


def test_a_broken_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.geojson", "{}" * 100)
    whole = bytearray(path.read_bytes())
    whole[:4] = b"oops"
    path.write_bytes(whole)
    with pytest.raises(SourceError):
        read_vector_file(path, expected="areas")


def test_what_is_missing_or_no_map_is_told_with_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is not there; expected a file with areas"):
        read_vector_file(tmp_path / "none.gpkg", expected="areas")
    (tmp_path / "note.gpkg").write_text("no map")
    with pytest.raises(SourceError, match=r"no vector source .* expected a file with areas"):
        read_vector_file(tmp_path / "note.gpkg", expected="areas")
