"""Peaks that were measured at transformers and where feeders begin.

A peak belongs to the asset and survives a reload. Recording one changes answers, so the ledger
moves on with it. Every function works in the caller's transaction, or in one of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from gisplan.errors import InputError, UnknownElementError
from gisplan.store.ledger import next_sequence, record_event
from gisplan.store.sql import query, refused_values

if TYPE_CHECKING:
    from psycopg import Connection


def set_measured_peak(
    connection: Connection,
    *,
    transformer_id: str,
    measured_on: date,
    peak_kva: float,
    actor: str = "planner",
) -> int:
    """Record a transformer's measured peak; the new sequence comes back, for answers may change.

    Raises
    ------
    UnknownElementError
        If the active grid version has no such transformer.
    InputError
        If the day has not come yet: it would outlast every later measurement.
    """
    place = _PeakPlace(kind="transformer", element_id=transformer_id)
    return _set_peak(connection, place, measured_on, peak_kva, actor)


def set_feeder_peak(
    connection: Connection,
    *,
    line_id: str,
    measured_on: date,
    peak_kva: float,
    actor: str = "planner",
) -> int:
    """Record the peak measured at a feeder's first line; the new sequence comes back.

    That a feeder begins with the line is the caller's word.

    Raises
    ------
    UnknownElementError
        If the active grid version has no such line.
    InputError
        If the day has not come yet.
    """
    place = _PeakPlace(kind="line", element_id=line_id)
    return _set_peak(connection, place, measured_on, peak_kva, actor)


def forget_measured_peak(
    connection: Connection, *, transformer_id: str, measured_on: date, actor: str = "planner"
) -> int:
    """Remove a peak that was recorded by mistake; the new sequence comes back.

    Raises
    ------
    UnknownElementError
        If no peak of that transformer and day is recorded.
    """
    place = _PeakPlace(kind="transformer", element_id=transformer_id)
    return _forget_peak(connection, place, measured_on, actor)


def forget_feeder_peak(
    connection: Connection, *, line_id: str, measured_on: date, actor: str = "planner"
) -> int:
    """Remove a feeder's peak that was recorded by mistake; the new sequence comes back.

    Raises
    ------
    UnknownElementError
        If no peak of that line and day is recorded.
    """
    place = _PeakPlace(kind="line", element_id=line_id)
    return _forget_peak(connection, place, measured_on, actor)


@dataclass(frozen=True, slots=True, kw_only=True)
class _PeakPlace:
    """Where a peak was measured; ``kind`` is "transformer" or "line"."""

    kind: str
    element_id: str

    def __str__(self) -> str:
        return f"{self.kind} {self.element_id}"

    def values(self, measured_on: date) -> dict[str, object]:
        return {
            "element_kind": self.kind,
            "element_id": self.element_id,
            "measured_on": measured_on,
        }


def _set_peak(
    connection: Connection, place: _PeakPlace, measured_on: date, peak_kva: float, actor: str
) -> int:
    if measured_on > date.today():
        raise InputError(
            f"peak of {place} is measured on {measured_on}, which has not come yet; give the day "
            "of the measurement"
        )
    values = place.values(measured_on) | {"peak_kva": peak_kva}
    with refused_values("recording a measured peak"), connection.transaction():
        sequence = next_sequence(connection, None)
        if connection.execute(query("application_set_peak"), values).fetchone() is None:
            raise UnknownElementError(f"{place} is not in the active grid version")
        detail = {"measured_on": str(measured_on), "peak_kva": peak_kva, "sequence": sequence}
        record_event(connection, actor, "measure", str(place), detail)
    return sequence


def _forget_peak(connection: Connection, place: _PeakPlace, measured_on: date, actor: str) -> int:
    with refused_values("forgetting a measured peak"), connection.transaction():
        sequence = next_sequence(connection, None)
        values = place.values(measured_on)
        if connection.execute(query("application_forget_peak"), values).rowcount == 0:
            raise UnknownElementError(f"{place} has no peak measured on {measured_on}")
        detail = {"measured_on": str(measured_on), "sequence": sequence}
        record_event(connection, actor, "forget peak", str(place), detail)
    return sequence
