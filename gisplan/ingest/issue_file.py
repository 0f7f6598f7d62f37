"""Issues as a GeoPackage, to be looked at in a GIS beside the grid."""

from __future__ import annotations

import tempfile
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import shapely

from gisplan.errors import InputError
from gisplan.model.issue import Issue

if TYPE_CHECKING:
    from collections.abc import Sequence


LAYER = "issue"
TEXT_FIELDS = tuple(field.name for field in fields(Issue) if field.name not in {"x_m", "y_m"})


def check_issue_path(path: Path) -> None:
    """Refuse a file name that is no GeoPackage, before a long load and not after it."""
    if path.suffix.lower() != ".gpkg":
        raise InputError(f"issues file {path} must end in .gpkg")
    if not path.resolve().parent.is_dir():
        raise InputError(f"issues file {path}: its folder does not exist; make it first")


def save_issues(path: Path, issues: Sequence[Issue], *, srid: int) -> None:
    """Write issues as points, and without geometry where the element has no place.

    A file of this name is replaced when the new one is whole.
    """
    check_issue_path(path)
    columns = {
        name: pd.Series([str(getattr(issue, name)) for issue in issues], dtype=object)
        for name in TEXT_FIELDS
    }
    frame = gpd.GeoDataFrame(columns, geometry=_build_points(issues), crs=srid)
    with tempfile.TemporaryDirectory(dir=path.resolve().parent) as folder:
        whole = Path(folder) / "issues.gpkg"
        frame.to_file(whole, layer=LAYER, driver="GPKG", geometry_type="Point")
        whole.replace(path)


def _build_points(issues: Sequence[Issue]) -> list[shapely.Point | None]:
    return [
        None if issue.x_m is None or issue.y_m is None else shapely.Point(issue.x_m, issue.y_m)
        for issue in issues
    ]
