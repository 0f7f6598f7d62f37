"""Plan documents as files, their form chosen by the file's ending."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gisplan.errors import InputError
from gisplan.export.grid_features import build_grid_features
from gisplan.export.plan_document import plan_to_geojson, plan_to_json
from maps.plan_map import render_plan

if TYPE_CHECKING:
    from pathlib import Path

    from gisplan.model.grid import Grid
    from gisplan.model.option import LonLat, Plan


def write_plan(plan: Plan, file: Path, grid: Grid) -> None:
    """Write one plan as .json, .geojson or .html (one self-contained file).

    Raises
    ------
    InputError
        If the ending is none of these.
    """
    endings = {
        ".json": lambda: plan_to_json(plan),
        ".geojson": lambda: plan_to_geojson(plan),
        ".html": lambda: render_plan(
            plan, build_grid_features(grid, around=_places(plan))
        ).encode(),
    }
    if file.suffix not in endings:
        raise InputError(f"{file} ends in {file.suffix!r}; expected one of {sorted(endings)}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(endings[file.suffix]())


def _places(plan: Plan) -> list[LonLat]:
    """Return the site and the access points of a plan."""
    site = plan.application
    points = [option.access_point for option in plan.options]
    return [(site.lon, site.lat), *((point.lon, point.lat) for point in points)]
