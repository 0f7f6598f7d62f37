"""What elements and buses owe each other by place: geometry of a bus, ends snapped to buses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from gisplan.errors import MappingError
from gisplan.ingest.placing import BusIndex, NewJoints, build_joints, snap_ends
from gisplan.ingest.suggestion import describe_choice
from gisplan.ingest.table_builder import RawTable, tell
from gisplan.ingest.tables import TABLES
from gisplan.ingest.texts import as_number, as_text

if TYPE_CHECKING:
    from gisplan.ingest.mapping_parts import Geometry, Snap

ENDS = ("from_bus_id", "to_bus_id")


def build_index(buses: RawTable) -> BusIndex:
    """Index the buses that have an id."""
    ids = as_text(buses.frame["bus_id"]).to_numpy(object)
    known = np.array([bus_id is not None for bus_id in ids], dtype=bool)
    voltage_v, _ = as_number(buses.frame["nominal_voltage_v"])
    return BusIndex(
        bus_id=ids[known], points=buses.geometry[known], nominal_voltage_v=voltage_v[known]
    )


def take_geometry(raw: RawTable, geometry: Geometry, buses: BusIndex) -> RawTable:
    """Place elements at a bus, or lines straight between their buses, where they have no place."""
    if geometry.of is not None:
        found = _points_of(raw, geometry.of, buses)
    else:
        found = _connect(*(_points_of(raw, name, buses) for name in ENDS))
    missing = shapely.is_missing(raw.geometry)
    wanted = missing if geometry.between_buses else np.ones(len(missing), dtype=bool)
    return replace(raw, geometry=np.where(wanted, found, raw.geometry))


def snap_lines(raw: RawTable, snap: Snap, buses: BusIndex) -> tuple[RawTable, NewJoints | None]:
    """Give line ends without a bus the nearest one; and the joints that had to be made."""
    voltage_v, _ = as_number(raw.frame["nominal_voltage_v"])
    points = [shapely.get_point(raw.geometry, position) for position in (0, -1)]
    ids = [
        _snap_end(raw, name, ends, snap=snap, buses=buses)
        for name, ends in zip(ENDS, points, strict=True)
    ]
    joints = None
    open_ends = [
        _is_none(found) & ~shapely.is_missing(end) for found, end in zip(ids, points, strict=True)
    ]
    if snap.create_joints and any(mask.any() for mask in open_ends):
        joints = build_joints(
            np.concatenate([end[mask] for end, mask in zip(points, open_ends, strict=True)]),
            within_m=snap.within_m,
            nominal_voltage_v=np.concatenate([voltage_v[mask] for mask in open_ends]),
        )
        ids[0][open_ends[0]] = joints.end_bus_id[: open_ends[0].sum()]
        ids[1][open_ends[1]] = joints.end_bus_id[open_ends[0].sum() :]
    columns = {name: pd.Series(found, dtype=object) for name, found in zip(ENDS, ids, strict=True)}
    return replace(raw, frame=raw.frame.assign(**columns)), joints


def build_joint_rows(joints: NewJoints) -> RawTable:
    """Rows of the bus table for joints that were made, and the note that says so."""
    count = len(joints.bus_id)
    columns = {
        column.name: pd.Series([column.default] * count, dtype=object)
        for column in TABLES["bus"].known_columns.values()
    }
    columns["bus_id"] = pd.Series(joints.bus_id, dtype=object)
    columns["nominal_voltage_v"] = pd.Series(joints.nominal_voltage_v, dtype=np.float64)
    note = tell(
        "joint_created",
        "table bus",
        found=f"{count} joints made at line ends that had no bus",
        expected="a bus at every line end",
    )
    return RawTable(
        frame=pd.DataFrame(columns),
        geometry=joints.points,
        origin=np.array(["joint made at a line end"] * count, dtype=object),
        faults=[],
        issues=[note],
    )


def _snap_end(
    raw: RawTable, name: str, ends: np.ndarray, *, snap: Snap, buses: BusIndex
) -> np.ndarray:
    given = as_text(raw.frame[name]).to_numpy(object)
    voltage_v, _ = as_number(raw.frame["nominal_voltage_v"])
    near = snap_ends(ends, buses=buses, within_m=snap.within_m, nominal_voltage_v=voltage_v)
    return np.where(_is_none(given), near, given)


def _points_of(raw: RawTable, column: str, buses: BusIndex) -> np.ndarray:
    if column not in raw.frame:
        choice = describe_choice(column, map(str, raw.frame.columns))
        raise MappingError(f"geometry: there is no column {column!r}; {choice}")
    return buses.get_points(as_text(raw.frame[column]).to_numpy(object))


def _connect(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    lines = np.full(len(start), None, dtype=object)
    known = ~(shapely.is_missing(start) | shapely.is_missing(end))
    pairs = np.stack(
        [shapely.get_coordinates(start[known]), shapely.get_coordinates(end[known])], axis=1
    )
    lines[known] = shapely.linestrings(pairs)
    return lines


def _is_none(values: np.ndarray) -> np.ndarray:
    return np.array([value is None for value in values], dtype=bool)
