"""Peaks that are measured where a feeder begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import InputError, UnknownElementError
from gisplan.services.snapshot import load_snapshot
from gisplan.store.peaks import set_feeder_peak

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from psycopg import Connection

    from gisplan.network.snapshot import Snapshot


def record_feeder_peak(
    connection: Connection,
    cache_root: Path,
    *,
    line_id: str,
    measured_on: date,
    peak_kva: float,
) -> int:
    """Record the peak of the feeder that begins with a line; the ledger's new number comes back.

    Raises
    ------
    UnknownElementError
        If the active grid version has no such line.
    InputError
        If no feeder begins with the line, or the day has not come yet.
    """
    check_feeder_head(load_snapshot(connection, cache_root), line_id)
    return set_feeder_peak(connection, line_id=line_id, measured_on=measured_on, peak_kva=peak_kva)


def check_feeder_head(snapshot: Snapshot, line_id: str) -> None:
    """Refuse a line that no feeder begins with; the line that its feeder begins with is named.

    Raises
    ------
    UnknownElementError
        If the snapshot has no such line.
    InputError
        If no feeder begins with the line.
    """
    lines, topology = snapshot.grid.lines, snapshot.topology
    rows = np.flatnonzero(lines.line_id == line_id)
    if len(rows) == 0:
        raise UnknownElementError(f"line {line_id} is not in the active grid version")
    row = int(rows[0])
    if row in topology.feeder_head:
        return
    feeders = topology.feeder[[lines.from_bus[row], lines.to_bus[row]]]
    heads = lines.line_id[topology.feeder_head[np.unique(feeders[feeders >= 0])]]
    known = f"; its feeder begins with line {' or '.join(heads)}" if len(heads) else ""
    raise InputError(
        f"line {line_id} is not where a feeder begins, at the busbar of a substation{known}"
    )
