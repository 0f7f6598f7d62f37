"""Issues as a GeoPackage."""

from __future__ import annotations

from pathlib import Path

import pyogrio
import pytest

from gisplan.errors import InputError
from gisplan.ingest.issue_file import save_issues
from gisplan.model.issue import Issue, IssueSeverity


def issue(x_m: float | None, y_m: float | None) -> Issue:
    return Issue(
        rule="id_missing",
        severity=IssueSeverity.ERROR,
        element="line row 2",
        found="has no line_id",
        expected="an id",
        x_m=x_m,
        y_m=y_m,
    )


def test_issues_are_points_and_placeless_ones_are_listed_too(tmp_path: Path) -> None:
    path = tmp_path / "issues.gpkg"
    save_issues(path, [issue(1.0, 2.0), issue(None, None)], srid=25832)
    frame = pyogrio.read_dataframe(path)
    assert frame.crs.to_epsg() == 25832
    assert frame["severity"].tolist() == ["error", "error"]
    assert (frame.geometry[0].x, frame.geometry[0].y) == (1, 2)
    assert frame.geometry[1] is None


def test_no_issues_are_an_empty_layer_that_replaces_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "issues.gpkg"
    save_issues(path, [issue(1.0, 2.0)], srid=25832)
    save_issues(path, [], srid=25832)
    assert len(pyogrio.read_dataframe(path)) == 0
    assert [file.name for file in tmp_path.iterdir()] == ["issues.gpkg"]


def test_only_a_geopackage_in_a_folder_that_exists_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"must end in \.gpkg"):
        save_issues(tmp_path / "issues.csv", [], srid=25832)
    with pytest.raises(InputError, match="folder does not exist"):
        save_issues(tmp_path / "none" / "issues.gpkg", [], srid=25832)
