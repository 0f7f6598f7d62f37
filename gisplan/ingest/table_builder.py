"""One table of the grid from the layers that a mapping names for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from gisplan.errors import MappingError
from gisplan.ingest.crs import find_allowed_bounds, get_crs, transform_geometry
from gisplan.ingest.faults import RowFault
from gisplan.ingest.selection import find_rows
from gisplan.ingest.shapes import check_coordinates, flatten
from gisplan.ingest.texts import as_number, as_text, read_decimal_commas
from gisplan.ingest.values import ValueContext, build_values
from gisplan.model.issue import Issue
from gisplan.model.issue_rules import ISSUE_RULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gisplan.ingest.layers import LayerRows, SourceLayers
    from gisplan.ingest.mapping import Layer
    from gisplan.ingest.mapping_parts import Value
    from gisplan.ingest.tables import Column, Table

IDS_SHOWN_MAX = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """Rows of one table as mapped: raw values, geometry in the working CRS, faults by row.

    ``origin`` says of every row which layer it comes from and its number there.
    """

    frame: pd.DataFrame
    geometry: np.ndarray
    origin: np.ndarray
    faults: list[RowFault]
    issues: list[Issue]


def read_layer(layer: Layer, layers: SourceLayers) -> LayerRows:
    """Read one layer, its places (``xy`` columns or geometry, without heights) and its CRS."""
    rows = layers.read(layer)
    if layer.decimal_comma:
        rows = replace(rows, frame=read_decimal_commas(rows.frame))
    geometry = rows.geometry if layer.xy is None else _read_xy(rows, layer.xy)
    return rows.with_geometry(geometry, get_crs(layer.crs) if layer.crs else rows.crs)


def build_layer(table: Table, layer: Layer, *, working: CRS, context: ValueContext) -> RawTable:
    """Read, place and map the rows of one layer, and leave out those that it says to."""
    rows = read_layer(layer, context.layers)
    placed, faults, issues = _place(rows, working)
    ids = as_text(build_values(layer.columns[table.id_column], placed, context))
    kept, skipped = _skip(layer, placed, ids, context)
    placed = placed.keep(kept)
    columns = {
        column.name: _build_column(column, layer.columns.get(column.name), placed, context)
        for column in table.known_columns.values()
    }
    numbers = np.flatnonzero(kept)
    position = {int(number): row for row, number in enumerate(numbers)}
    return RawTable(
        frame=pd.DataFrame(columns, index=range(len(placed))),
        geometry=placed.geometry,
        origin=np.array([f"row {number + 1} of layer {rows.title}" for number in numbers], object),
        faults=[replace(fault, row=position[fault.row]) for fault in faults if kept[fault.row]],
        issues=[
            *issues,
            *skipped,
            *_tell_remark(table, layer, len(placed)),
            *_tell_cases(layer, placed, ids[kept], context),
        ],
    )


def join_tables(table: Table, parts: Sequence[RawTable]) -> RawTable:
    """Put the rows of several layers into one table."""
    if not parts:
        nothing = np.array([], dtype=object)
        frame = pd.DataFrame(dict.fromkeys(table.known_columns, nothing))
        return RawTable(frame=frame, geometry=nothing, origin=nothing, faults=[], issues=[])
    if len(parts) == 1:
        return parts[0]
    starts = np.cumsum([0, *(len(part.frame) for part in parts)])
    frames = [part.frame.astype(object) for part in parts]
    return RawTable(
        frame=pd.concat(frames, ignore_index=True).infer_objects(),
        geometry=np.concatenate([part.geometry for part in parts]),
        origin=np.concatenate([part.origin for part in parts]),
        faults=[
            replace(fault, row=fault.row + int(start))
            for start, part in zip(starts, parts, strict=False)
            for fault in part.faults
        ],
        issues=[issue for part in parts for issue in part.issues],
    )


def tell(rule: str, element: str, *, found: str, expected: str) -> Issue:
    """Build an issue that has no place."""
    return Issue(
        rule=rule,
        severity=ISSUE_RULES[rule].severity,
        element=element,
        found=found,
        expected=expected,
    )


def _build_column(
    column: Column, value: Value | None, rows: LayerRows, context: ValueContext
) -> pd.Series[Any]:
    if value is None:
        return pd.Series([column.default] * len(rows), dtype=object)
    return build_values(value, rows, context).reset_index(drop=True)


def _place(rows: LayerRows, working: CRS) -> tuple[LayerRows, list[RowFault], list[Issue]]:
    """Check coordinates where they are and bring what is sound into the working CRS."""
    flat, raised = flatten(rows.geometry)
    issues = [
        tell("source_doubtful", f"layer {rows.title}", found=doubt, expected="nothing odd")
        for doubt in rows.doubts
    ]
    if raised:
        text = f"{raised} geometries with heights or measures"
        issues.append(
            tell("geometry_flattened", f"layer {rows.title}", found=text, expected="plane geometry")
        )
    if shapely.is_missing(flat).all():
        return rows.with_geometry(flat, working), [], issues
    if rows.crs is None:
        raise MappingError(
            f'layer {rows.title} states no CRS; say which, for example crs = "EPSG:25832"'
        )
    checked = check_coordinates(flat, find_allowed_bounds(rows.crs))
    moved, told = transform_geometry(
        checked.geometry, crs=rows.crs, working=working, layer=rows.title
    )
    again = check_coordinates(moved, None)  # what a projection cannot show becomes infinite
    # A row without any geometry may take its place from a bus; the table decides about it later.
    faults = [fault for fault in checked.faults + again.faults if fault.rule != "geometry_missing"]
    return rows.with_geometry(again.geometry, working), faults, issues + told


def _skip(
    layer: Layer, rows: LayerRows, ids: pd.Series[Any], context: ValueContext
) -> tuple[np.ndarray, list[Issue]]:
    """Find the rows to keep, and tell for each reason which rows were left out."""
    kept = np.ones(len(rows), dtype=bool)
    issues = []
    for skip in layer.skip:
        chosen = find_rows(skip, rows, context.sets) & kept
        kept &= ~chosen
        if chosen.any():
            issues.append(
                tell(
                    "rows_left_out",
                    f"layer {layer.title}",
                    found=f"{chosen.sum()} rows left out, because {skip.because}:"
                    f" {_list_ids(ids[chosen])}",
                    expected="every row",
                )
            )
    return kept, issues


def _tell_remark(table: Table, layer: Layer, count: int) -> list[Issue]:
    if layer.remark is None:
        return []
    found = f"{count} rows of table {table.name}: {layer.remark}"
    return [
        tell("mapping_remark", f"layer {layer.title}", found=found, expected="nothing to remark")
    ]


def _tell_cases(
    layer: Layer, rows: LayerRows, ids: pd.Series[Any], context: ValueContext
) -> list[Issue]:
    """Tell which rows a case gave another value, where the case says why."""
    issues = []
    for column, value in layer.columns.items():
        undecided = np.ones(len(rows), dtype=bool)
        for case in value.cases or ():
            chosen = undecided & find_rows(case, rows, context.sets)
            undecided &= ~chosen
            if case.because and chosen.any():
                found = (
                    f"{column} of {chosen.sum()} rows replaced, because {case.because}:"
                    f" {_list_ids(ids[chosen])}"
                )
                title, expected = f"layer {layer.title}", "the value of the source"
                issues.append(tell("value_replaced", title, found=found, expected=expected))
    return issues


def _list_ids(ids: pd.Series[Any]) -> str:
    names = [str(name) for name in ids]
    more = len(names) - IDS_SHOWN_MAX
    return ", ".join(names[:IDS_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")


def _read_xy(rows: LayerRows, names: tuple[str, str]) -> np.ndarray:
    x, y = (as_number(rows.column(name))[0] for name in names)
    known = ~(np.isnan(x) | np.isnan(y))
    points = np.full(len(rows), None, dtype=object)
    points[known] = shapely.points(x[known], y[known])
    return points
