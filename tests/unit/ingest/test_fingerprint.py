"""Fingerprints: equal for equal loads, different for everything that decides the rows."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd

from gisplan.ingest.fingerprint import compute_fingerprint
from gisplan.ingest.mapping_file import LoadRequest, open_request
from tests.small_source import MAPPING, NODES, write_mapping, write_source


def fingerprint(request: LoadRequest, profile: str = "eu", working_crs: str | None = None) -> str:
    return compute_fingerprint(request, profile=profile, working_crs=working_crs)


def test_profile_crs_mapping_and_rows_change_it(tmp_path: Path) -> None:
    source = write_source(tmp_path)
    request = open_request(source, write_mapping(tmp_path))
    first = fingerprint(request)
    assert fingerprint(request) == first
    assert fingerprint(request, profile="cn") != first
    assert fingerprint(request, working_crs="EPSG:25833") != first
    other = open_request(source, write_mapping(tmp_path, MAPPING + "\n"))
    assert fingerprint(other) != first
    source.write_bytes(source.read_bytes() + b"\0")
    assert fingerprint(request) != first


def test_rows_that_another_program_has_not_written_back_yet_count(tmp_path: Path) -> None:
    source = write_source(tmp_path)
    request = open_request(source, write_mapping(tmp_path))
    first = fingerprint(request)
    source.with_name("netz.gpkg-wal").write_bytes(b"pending")
    assert fingerprint(request) != first


def test_all_files_of_a_shapefile_and_of_a_folder_count(tmp_path: Path) -> None:
    folder = tmp_path / "shapes"
    folder.mkdir()
    gpd.GeoDataFrame(pd.DataFrame(NODES), crs=25832).to_file(folder / "knoten.shp")
    mapping = write_mapping(tmp_path)
    for source in (folder / "knoten.shp", folder):
        request = open_request(source, mapping)
        first = fingerprint(request)
        with (folder / "knoten.dbf").open("ab") as file:
            file.write(b"\0")
        assert fingerprint(request) != first


def test_rules_that_a_caller_lowers_change_it(tmp_path: Path) -> None:
    request = open_request(write_source(tmp_path), write_mapping(tmp_path))

    def lowered(*rules: str) -> str:
        return compute_fingerprint(request, profile="eu", working_crs=None, lowered=rules)

    assert lowered() == fingerprint(request)
    assert lowered("source_doubled") != fingerprint(request)
    assert lowered("source_doubled", "tap_out_of_range") == lowered(
        "tap_out_of_range", "source_doubled"
    )
