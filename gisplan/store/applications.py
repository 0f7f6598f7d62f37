"""Applications, plans, and the ledger of what is held for them.

Every function works in the caller's transaction, or in one of its own where there is none.
Writers of the ledger take its next number first: that row lock puts them in a queue, so that no
two of them ever hold the same capacity on the word of the same reading.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from itertools import chain, groupby
from typing import TYPE_CHECKING

from psycopg.rows import dict_row

from gisplan.errors import ConflictError, UnknownElementError
from gisplan.model.application import Application, ApplicationKind, Importance
from gisplan.model.reservation import HeldReservation, Ledger, ReservationRow
from gisplan.store.ledger import next_sequence, read_number, record_event
from gisplan.store.sql import query, refused_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from psycopg import Connection

    from gisplan.model.option import Option, Plan, Route

RESERVATION_FIELDS = tuple(field.name for field in fields(ReservationRow))
APPLICATION_FIELDS = tuple(field.name for field in fields(Application))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredApplication:
    """An application with its number and where it stands."""

    application_id: int
    status: str
    application: Application


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """A plan as it was stored; ``document`` is JSON text."""

    plan_id: int
    application_id: int
    version_id: int
    ledger_sequence: int
    feasible: bool
    document: str
    created_at: datetime


def save_application(connection: Connection, application: Application) -> int:
    """Insert the application, or update the one of the same reference; its number comes back."""
    doing = f"saving application {application.reference}"
    with refused_values(doing), connection.transaction():
        return read_number(connection, "application_save", _values(application))


def refuse_change_of_held(connection: Connection, application: Application) -> None:
    """Refuse to change an application that holds capacity.

    Raises
    ------
    ConflictError
        If the application of this reference holds capacity for another demand or place.
    """
    held = connection.execute(query("application_held_differs"), _values(application)).fetchone()
    if held is not None:
        raise ConflictError(
            f"application {application.reference} holds capacity for {held[0]:g} kVA at "
            f"{held[1]}, {held[2]}: plan it with reserve, so that what it holds changes too"
        )


def get_application(connection: Connection, application_id: int) -> StoredApplication:
    """Read one application.

    Raises
    ------
    UnknownElementError
        If there is no application of this number.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            query("application_get"), {"application_id": application_id}
        ).fetchone()
    if row is None:
        message = f"application {application_id} is not stored; list the applications first"
        raise UnknownElementError(message)
    return _stored_application(row)


def list_applications(
    connection: Connection, *, limit: int = 100, after: int = 0
) -> tuple[StoredApplication, ...]:
    """One page of applications by number, those after ``after``."""
    values = {"limit": limit, "after": after}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query("application_list"), values).fetchall()
    return tuple(_stored_application(row) for row in rows)


def save_plan(connection: Connection, *, application_id: int, plan: Plan, document: str) -> int:
    """Store a plan, its options with their routes, and ``document``, its JSON text."""
    with refused_values("saving a plan"), connection.transaction():
        plan_id = read_number(
            connection,
            "application_save_plan",
            {
                "application_id": application_id,
                "version_id": plan.provenance.grid_version,
                "ledger_sequence": plan.provenance.ledger_sequence,
                "feasible": plan.feasible,
                "document": document,
            },
        )
        with connection.cursor() as cursor:
            values = [_option_values(plan_id, option) for option in plan.options]
            cursor.executemany(query("application_save_option"), values)
        connection.execute(query("application_mark_planned"), {"application_id": application_id})
    return plan_id


def get_plan(connection: Connection, plan_id: int) -> StoredDocument:
    """Read a stored plan.

    Raises
    ------
    UnknownElementError
        If there is no plan of this number.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(query("application_get_plan"), {"plan_id": plan_id}).fetchone()
    if row is None:
        raise UnknownElementError(f"plan {plan_id} is not stored; save a plan first")
    return StoredDocument(**row)


def reserve(
    connection: Connection,
    *,
    application_id: int,
    plan_id: int,
    rows: Sequence[ReservationRow],
    expected_sequence: int | None = None,
    actor: str = "planner",
) -> int:
    """Hold capacity in place of what the application held before; the new sequence comes back.

    Raises
    ------
    ConflictError
        If the ledger has moved on from ``expected_sequence``, the number that the plan was made on.
    """
    with refused_values("reserving capacity"), connection.transaction():
        sequence = next_sequence(connection, expected_sequence)
        connection.execute(
            query("application_clear_reservations"), {"application_id": application_id}
        )
        keys = {"application_id": application_id, "plan_id": plan_id}
        with connection.cursor() as cursor:
            values = [{**keys, **asdict(row)} for row in rows]
            cursor.executemany(query("application_reserve"), values)
        _set_status(connection, application_id, "accepted" if rows else "planned")
        detail = {"plan_id": plan_id, "sequence": sequence, "rows": len(rows)}
        record_event(connection, actor, "reserve", f"application {application_id}", detail)
    return sequence


def release(connection: Connection, *, application_id: int, actor: str = "planner") -> int:
    """Give back all that an application holds; the new sequence comes back."""
    values = {"application_id": application_id}
    with refused_values("releasing capacity"), connection.transaction():
        sequence = next_sequence(connection, None)
        released = connection.execute(query("application_release"), values).rowcount
        _set_status(connection, application_id, "planned")
        detail = {"sequence": sequence, "rows": released}
        record_event(connection, actor, "release", f"application {application_id}", detail)
    return sequence


def read_reservations(connection: Connection) -> Ledger:
    """Everything that is held, and the ledger's number, both of the same moment."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query("application_read_reservations")).fetchall()
    held = tuple(_held(row) for row in rows if row["application_id"] is not None)
    return Ledger(sequence=rows[0]["sequence"], reservations=held)


def ledger_sequence(connection: Connection) -> int:
    """The ledger's present number: while it stays, so does every answer."""
    return read_number(connection, "application_sequence")


def forget_synthetic(connection: Connection, *, actor: str = "planner") -> int:
    """Remove applications marked synthetic and all they hold; their number comes back."""
    with refused_values("forgetting synthetic applications"), connection.transaction():
        sequence = next_sequence(connection, None)
        count = connection.execute(query("application_forget_synthetic")).rowcount
        detail = {"applications": count, "sequence": sequence}
        record_event(connection, actor, "forget", "synthetic applications", detail)
    return count


def _set_status(connection: Connection, application_id: int, status: str) -> None:
    values = {"application_id": application_id, "status": status}
    if connection.execute(query("application_set_status"), values).rowcount == 0:
        raise UnknownElementError(f"application {application_id} is not stored; save it first")


def _values(application: Application) -> dict[str, object]:
    """Return the fields of an application, its parcel as WKT."""
    ring = application.parcel
    corners = "" if ring is None else ", ".join(f"{lon!r} {lat!r}" for lon, lat in ring)
    return asdict(application) | {"parcel": f"POLYGON (({corners}))" if ring else None}


def _read_ring(text: object) -> tuple[tuple[float, float], ...] | None:
    """Return the outer ring of a polygon given as WKT."""
    if text is None:
        return None
    corners = str(text).removeprefix("POLYGON((").removesuffix("))").split(",")
    pairs = (corner.split() for corner in corners)
    return tuple((float(lon), float(lat)) for lon, lat in pairs)


def _option_values(plan_id: int, option: Option) -> dict[str, object]:
    lons, lats = _vertices(option.route)
    return {
        "plan_id": plan_id,
        "rank": option.rank,
        "feasible": option.feasible,
        "access_kind": option.access_point.kind.value,
        "element_id": option.access_point.element_id,
        "total_cost": option.cost.total,
        "currency": option.cost.currency,
        "route_length_m": option.route.length_m,
        "lons": lons,
        "lats": lats,
    }


def _vertices(route: Route) -> tuple[list[float], list[float]] | tuple[None, None]:
    """Longitudes and latitudes of the whole route, joints once; nothing for a route of 0 m."""
    points = chain.from_iterable(segment.coordinates for segment in route.segments)
    distinct = [point for point, _ in groupby(points)]
    if len(distinct) < 2:
        return None, None
    return [lon for lon, _ in distinct], [lat for _, lat in distinct]


def _stored_application(row: Mapping[str, object]) -> StoredApplication:
    values = {name: row[name] for name in APPLICATION_FIELDS}
    values["kind"] = ApplicationKind(str(row["kind"]))
    values["importance"] = Importance(str(row["importance"]))
    values["parcel"] = _read_ring(row["parcel"])
    return StoredApplication(
        application_id=int(str(row["application_id"])),
        status=str(row["status"]),
        application=Application(**values),  # type: ignore[arg-type]
    )


def _held(row: Mapping[str, object]) -> HeldReservation:
    values = {name: row[name] for name in RESERVATION_FIELDS}
    return HeldReservation(
        application_id=int(str(row["application_id"])),
        reference=str(row["reference"]),
        kind=str(row["kind"]),
        customer_class=str(row["customer_class"]),
        row=ReservationRow(**values),  # type: ignore[arg-type]
    )
