"""The active grid version, its elements, and what is measured at them."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter

from api.schemas import ElementRecord, FeederPeakRecord, PeakRecord, PeakRequest
from api.state import Database, RunningService
from gisplan.services.peaks import record_feeder_peak
from gisplan.store.peaks import (
    forget_feeder_peak,
    forget_measured_peak,
    set_measured_peak,
)
from gisplan.store.tiles import ElementKind, GridSummary, get_element, get_grid_summary

router = APIRouter(tags=["grid"])


@router.get("/grid")
def read_grid(connection: Database) -> GridSummary:
    """What the active version holds, and where it lies."""
    return get_grid_summary(connection)


@router.get("/elements/{kind}/{element_id:path}")
def read_element(connection: Database, kind: ElementKind, element_id: str) -> ElementRecord:
    """Attributes of one element."""
    attributes = get_element(connection, kind, element_id)
    return ElementRecord(kind=kind, element_id=element_id, attributes=attributes)


@router.put("/transformers/{transformer_id:path}/peaks")
def record_peak(connection: Database, transformer_id: str, peak: PeakRequest) -> PeakRecord:
    """Record the peak measured at a transformer on a day; the newest day counts."""
    sequence = set_measured_peak(
        connection,
        transformer_id=transformer_id,
        measured_on=peak.measured_on,
        peak_kva=peak.peak_kva,
    )
    return PeakRecord(
        transformer_id=transformer_id,
        peak_kva=peak.peak_kva,
        measured_on=peak.measured_on,
        ledger_sequence=sequence,
    )


@router.delete("/transformers/{transformer_id:path}/peaks/{measured_on}", status_code=204)
def forget_peak(connection: Database, transformer_id: str, measured_on: date) -> None:
    """Remove a peak that was recorded by mistake."""
    forget_measured_peak(connection, transformer_id=transformer_id, measured_on=measured_on)


@router.put("/feeders/{line_id:path}/peaks")
def record_peak_of_feeder(
    service: RunningService, connection: Database, line_id: str, peak: PeakRequest
) -> FeederPeakRecord:
    """Record the peak of the feeder that begins with a line; the newest day counts."""
    sequence = record_feeder_peak(
        connection,
        service.planner.cache_root,
        line_id=line_id,
        measured_on=peak.measured_on,
        peak_kva=peak.peak_kva,
    )
    return FeederPeakRecord(
        line_id=line_id,
        peak_kva=peak.peak_kva,
        measured_on=peak.measured_on,
        ledger_sequence=sequence,
    )


@router.delete("/feeders/{line_id:path}/peaks/{measured_on}", status_code=204)
def forget_peak_of_feeder(connection: Database, line_id: str, measured_on: date) -> None:
    """Remove a feeder's peak that was recorded by mistake."""
    forget_feeder_peak(connection, line_id=line_id, measured_on=measured_on)
