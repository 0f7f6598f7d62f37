"""The use case "check the corridors": what is broken in the network of the active grid."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from gisplan.export.electrical_table import ElectricalAnswer, ElementTable
from gisplan.network.network_check import check_network
from gisplan.network.network_report import FaultSeverity, NetworkReport
from gisplan.network.strands import line_shapes, place_points
from gisplan.services.snapshot import load_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from psycopg import Connection

    from gisplan.export.feature import Value
    from gisplan.network.network_report import CheckSettings
    from gisplan.network.snapshot import Snapshot

PART, FAULT, CORRIDOR = "part", "fault", "corridor"


def check_corridors(
    connection: Connection, cache_root: Path, settings: CheckSettings
) -> ElectricalAnswer:
    """Return parts, faults and corridors of the grid version that serves.

    Raises
    ------
    NoGridError
        If nothing has been loaded yet.
    """
    snapshot = load_snapshot(connection, cache_root)
    return describe_report(snapshot, check_network(snapshot.grid, snapshot.corridors, settings))


def describe_report(snapshot: Snapshot, report: NetworkReport) -> ElectricalAnswer:
    """Return a report as tables of places and lines."""
    return ElectricalAnswer(
        facts=_facts(snapshot, report),
        notes=_notes(snapshot, report),
        tables=(_parts(snapshot, report), _faults(snapshot, report), _edges(snapshot, report)),
    )


def _facts(snapshot: Snapshot, report: NetworkReport) -> dict[str, Value]:
    counted = Counter(str(fault.kind) for fault in report.faults)
    warnings = sum(fault.severity is FaultSeverity.WARNING for fault in report.faults)
    return {
        "grid_version": snapshot.grid.version_id,
        "profile": snapshot.grid.profile,
        "is_broken": report.is_broken,
        "part_count": len(report.parts),
        "length_m": round(float(report.parts.length_m.sum()), 1),
        "warning_count": warnings,
        "note_count": len(report.faults) - warnings,
        "customers_unreached": report.customers_unreached,
        **{f"{kind}_count": counted[kind] for kind in sorted(counted)},
    }


def _notes(snapshot: Snapshot, report: NetworkReport) -> tuple[str, ...]:
    notes = []
    if not len(report.parts):
        notes.append("there are no corridors at all; load some, for example from OpenStreetMap")
    if report.customers_unreached:
        notes.append(
            f"{report.customers_unreached} customers live beside no corridor; they cannot be "
            "reached by a new cable"
        )
    joined = len(snapshot.corridors.joined_end_xy_m)
    if joined:
        notes.append(f"{joined} ends that missed another corridor by a little were joined to it")
    return tuple(notes)


def _parts(snapshot: Snapshot, report: NetworkReport) -> ElementTable:
    parts = report.parts
    return ElementTable(
        element_kind=PART,
        columns={
            "part": np.arange(1, len(parts) + 1),
            "length_m": parts.length_m.round(1),
            "edge_count": parts.edge_count,
            "access_count": parts.access_count,
            "customer_count": parts.customer_count,
        },
        shape=place_points(np.column_stack([parts.x_m, parts.y_m])),
        srid=snapshot.grid.working_srid,
    )


def _faults(snapshot: Snapshot, report: NetworkReport) -> ElementTable:
    faults = report.faults
    texts = {
        name: np.array([str(getattr(fault, name)) for fault in faults], dtype=np.str_)
        for name in ("kind", "severity", "element", "other", "text")
    }
    xy_m = np.array([(fault.x_m, fault.y_m) for fault in faults], dtype=np.float64)
    return ElementTable(
        element_kind=FAULT,
        columns={**texts, "distance_m": np.array([fault.distance_m for fault in faults])},
        shape=place_points(xy_m.reshape(-1, 2)),
        srid=snapshot.grid.working_srid,
    )


def _edges(snapshot: Snapshot, report: NetworkReport) -> ElementTable:
    corridors = snapshot.corridors
    return ElementTable(
        element_kind=CORRIDOR,
        columns={
            "edge": np.arange(len(corridors.edge_from)),
            "corridor": corridors.corridor_id[corridors.edge_corridor],
            "part": report.parts.edge_part + 1,
            "length_m": corridors.edge_length_m.round(2),
        },
        shape=line_shapes(corridors.shape),
        srid=snapshot.grid.working_srid,
    )
