"""Capacity that is held for an application, element by element."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationRow:
    """What one application holds at one element, level and load case.

    ``p_kw`` and ``q_kvar`` are the new demand in full (its own cable); the coincident figures are
    what its own class leaves of it at ``level``. Levels are service, main, transformer, feeder,
    substation; load cases are load and feed_in. ``offset_m`` counts from the first bus of a line
    that is tapped between its buses; ``phase`` is empty for three phases. A row on a transformer
    may hold nothing but the ``tap_position`` that an accepted option rests on, one on a switch
    nothing but how it stands: ``tap_position`` 1 is closed, 0 open.
    """

    element_id: str
    element_kind: str
    level: str
    load_case: str
    offset_m: float | None = None
    phase: str | None = None
    p_kw: float
    q_kvar: float
    coincident_p_kw: float
    coincident_q_kvar: float
    bays: int = 0
    tap_position: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldReservation:
    """A reservation with what the ledger needs to work out coincidence again."""

    application_id: int
    reference: str
    kind: str
    customer_class: str
    row: ReservationRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """All capacity that is held, as of one sequence number; ordered by reservation."""

    sequence: int
    reservations: tuple[HeldReservation, ...]
