"""The ledger's running number and the record of who changed what.

Whatever may change an answer takes the next number first: that row lock puts writers in a queue.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gisplan.errors import ConflictError
from gisplan.store.sql import query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import Connection


def next_sequence(connection: Connection, expected_sequence: int | None) -> int:
    """Take the ledger's next number: until the transaction ends, other writers wait.

    Raises
    ------
    ConflictError
        If the ledger has moved on from ``expected_sequence``.
    """
    sequence = read_number(connection, "application_next_sequence")
    if expected_sequence is not None and sequence != expected_sequence + 1:
        message = (
            f"the ledger stands at {sequence - 1}, the plan was made on {expected_sequence}: "
            "capacity has changed since; plan again"
        )
        raise ConflictError(message)
    return sequence


def record_event(
    connection: Connection, actor: str, action: str, subject: str, detail: Mapping[str, object]
) -> None:
    """Record who did what to what."""
    values = {"actor": actor, "action": action, "subject": subject, "detail": json.dumps(detail)}
    connection.execute(query("application_record_event"), values)


def read_number(
    connection: Connection, name: str, values: Mapping[str, object] | None = None
) -> int:
    """The only number that a query gives back."""
    return int(connection.execute(query(name), values).fetchall()[0][0])
