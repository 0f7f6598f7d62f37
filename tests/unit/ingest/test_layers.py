"""Layers: what is read, and what is refused to be read."""

from __future__ import annotations

import warnings
from pathlib import Path

import pyogrio
import pytest

from gisplan.errors import MappingError, SourceError
from gisplan.ingest.layers import SourceLayers, VectorSource
from gisplan.ingest.mapping_parts import LayerReference
from tests.small_source import write_mapping, write_source
from tests.unit.ingest.reading import read


def test_a_layer_is_read_once(tmp_path: Path) -> None:
    layers = SourceLayers({"main": write_source(tmp_path)})
    reference = LayerReference(layer="kabel")
    assert layers.read(reference) is layers.read(reference)
    assert layers.find_unsupported() == {}


def test_the_only_layer_needs_no_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("nr;kv\n1;20\n")
    rows = SourceLayers({"main": tmp_path / "a.csv"}).read(LayerReference())
    assert rows.column("kv").tolist() == ["20"]
    assert rows.geometry.tolist() == [None]
    assert rows.crs is None


def test_a_file_that_is_no_vector_source_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.gpkg").write_bytes(b"nothing")
    with pytest.raises(SourceError, match="no vector source"):
        _ = VectorSource(tmp_path / "a.gpkg").names


def test_a_file_that_refers_to_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    path.write_text("<OGRVRTDataSource><OGRVRTLayer name='x'/></OGRVRTDataSource>")
    with pytest.raises(SourceError, match="only refers to other sources"):
        SourceLayers({"main": path})


def test_an_encoding_that_does_not_fit_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("nr;name\n1;Stra\xdfe\n".encode("latin-1"))
    source = VectorSource(tmp_path / "a.csv")
    rows = source.read("a", LayerReference(encoding="latin-1"))
    assert rows.column("name").tolist() == ["Straße"]
    with pytest.raises(MappingError, match=r"a\.csv"):
        source.read("a", LayerReference(encoding="utf-8"))


def test_a_layer_without_columns_is_only_geometry(tmp_path: Path) -> None:
    (tmp_path / "a.geojson").write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, '
        '"geometry": {"type": "Point", "coordinates": [7.9, 48.4]}}]}'
    )
    rows = SourceLayers({"main": tmp_path / "a.geojson"}).read(LayerReference())
    assert len(rows) == 1
    assert rows.geometry[0].x == 7.9


def test_what_the_reader_doubts_becomes_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_source(tmp_path)
    original = pyogrio.raw.read

    def doubt(*given: object, **named: object) -> object:
        warnings.warn("half of a value was lost", RuntimeWarning, stacklevel=1)
        return original(*given, **named)

    monkeypatch.setattr(pyogrio.raw, "read", doubt)
    grid = read(source, write_mapping(tmp_path))
    assert {issue.found for issue in grid.issues} == {"half of a value was lost"}
    assert {issue.rule for issue in grid.issues} == {"source_doubtful"}
