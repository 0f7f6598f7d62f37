"""The sample region as a grid, read from its files without a database; geometry is left out."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from gisplan.model.grid import (
    Barriers,
    Buses,
    BusKind,
    CorridorSources,
    CustomerClass,
    Generators,
    Grid,
    Installation,
    LineRole,
    Lines,
    Loads,
    Obstacles,
    Phases,
    Polylines,
    Protection,
    Sources,
    SwitchedKind,
    Switches,
    Transformers,
)
from tests.unit.ingest.reading import read

FOLDER = Path(__file__).parents[3] / "data" / "grid"
CODES: dict[str, type[Any]] = {
    "kind": BusKind,
    "element_kind": SwitchedKind,
    "installation": Installation,
    "role": LineRole,
    "protection": Protection,
    "phases": Phases,
    "customer_class": CustomerClass,
}
SIDES = {"hv": 0, "lv": 1}
FLAGS = {"in_service", "closed", "remote"}
COUNTS = {"bays_total", "bays_spare", "clock_number", "customer_count", "parallel_count"}


@cache
def sample_grid() -> Grid:
    """The sample region; rows stand in the order of their ids."""
    tables = {name: dict(table.columns) for name, table in read(FOLDER).tables.items()}
    tables["bus"]["kind"] = tables["bus"].pop("bus_kind")
    for name, columns in tables.items():
        order = np.argsort(columns[f"{name}_id"].astype(str), kind="stable")
        tables[name] = {key: column[order] for key, column in columns.items()}
    rows = {
        name: {str(one): row for row, one in enumerate(tables[name][f"{name}_id"])}
        for name in ("bus", "line", "transformer")
    }

    def build(kind: Any, name: str) -> Any:
        columns = tables[name]
        count = len(columns[f"{name}_id"])
        return kind(**{f.name: _column(f.name, columns, rows, count) for f in fields(kind)})

    return Grid(
        version_id=1,
        working_srid=25832,
        profile="eu",
        fingerprint="sample",
        buses=build(Buses, "bus"),
        lines=build(Lines, "line"),
        transformers=build(Transformers, "transformer"),
        switches=build(Switches, "switch"),
        sources=build(Sources, "source"),
        loads=build(Loads, "load"),
        generators=build(Generators, "generator"),
        corridors=CorridorSources(
            corridor_id=np.empty(0, "U1"),
            kind=np.empty(0, np.uint8),
            surface=np.empty(0, np.uint8),
            evidence=np.empty(0, "U1"),
            free_ducts=np.empty(0, np.int64),
            laying=np.empty(0, np.uint8),
            owner=np.empty(0, "U1"),
            permit_lead_time_days=np.empty(0),
            excavation_ban_until=np.empty(0),
            shape=_no_shapes(0),
        ),
        obstacles=Obstacles(
            obstacle_id=np.empty(0, "U1"),
            kind=np.empty(0, "U1"),
            cost_factor=np.empty(0),
            wayleave=np.empty(0, np.bool_),
            shape=_no_shapes(0),
        ),
        barriers=Barriers(
            barrier_id=np.empty(0, "U1"),
            kind=np.empty(0, np.uint8),
            owner=np.empty(0, "U1"),
            permit_lead_time_days=np.empty(0),
            shape=_no_shapes(0),
        ),
    )


def _no_shapes(count: int) -> Polylines:
    return Polylines(offset=np.zeros(count + 1, np.int64), xy_m=np.empty((0, 2)))


def _column(name: str, columns: dict[str, Any], rows: dict[str, Any], count: int) -> Any:
    """One column as the model wants it, whatever the reader calls it."""
    if name == "shape":
        return _no_shapes(count)
    if name in {"x_m", "y_m"}:
        return np.zeros(count)
    if name == "element":
        of = {"line": "line", "transformer": "transformer", "bus": "bus"}
        pairs = zip(columns["element_kind"], columns["element_id"], strict=True)
        return np.array([rows[of[kind]][one] for kind, one in pairs], np.int64)
    if name in {"bus", "from_bus", "to_bus", "hv_bus", "lv_bus"}:
        return np.array([rows["bus"][one] for one in columns[f"{name}_id"]], np.int64)
    values = columns[name]
    if name == "tap_side":
        return np.array([SIDES[one] for one in values], np.uint8)
    if name in CODES:
        return np.array([CODES[name][one.upper()] if one else 0 for one in values], np.uint8)
    if name in FLAGS:
        return values.astype(float).astype(np.bool_)
    if name in COUNTS or name.startswith("tap_po") or name in {"tap_min", "tap_max", "tap_neutral"}:
        return np.nan_to_num(values.astype(float), nan=-1).astype(np.int64)
    if values.dtype == object or values.dtype.kind == "U":
        return np.array(["" if one is None else one for one in values], np.str_)
    return values.astype(np.float64)
