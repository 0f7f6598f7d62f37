"""Plan documents as files, their form chosen by the file's ending."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gisplan.errors import InputError
from gisplan.export.plan_document import all_options, plan_to_geojson, plan_to_json

if TYPE_CHECKING:
    from pathlib import Path

    from gisplan.model.grid import Grid
    from gisplan.model.option import Plan

ENDINGS = (".json", ".geojson", ".html")


def write_plan(plan: Plan, file: Path, grid: Grid) -> None:
    """Write one plan as .json, .geojson or .html (one self-contained file).

    Raises
    ------
    InputError
        If the ending is none of these.
    """
    if file.suffix not in ENDINGS:
        raise InputError(f"{file} ends in {file.suffix!r}; expected one of {', '.join(ENDINGS)}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_document(plan, file.suffix, grid))


def _document(plan: Plan, ending: str, grid: Grid) -> bytes:
    if ending == ".json":
        return plan_to_json(plan)
    if ending == ".geojson":
        return plan_to_geojson(plan)
    return _map(plan, grid)


def _map(plan: Plan, grid: Grid) -> bytes:
    # folium takes more than a second to import
    from gisplan.export.grid_features import build_grid_features  # noqa: PLC0415
    from maps.plan_map import render_plan  # noqa: PLC0415

    site = plan.application
    access = [(one.access_point.lon, one.access_point.lat) for one in all_options(plan)]
    around = [(site.lon, site.lat), *access]
    return render_plan(plan, build_grid_features(grid, around=around)).encode()
