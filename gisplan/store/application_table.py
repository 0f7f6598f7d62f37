"""All applications at once, as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.model.application_table import ApplicationTable
from gisplan.store.sql import query

if TYPE_CHECKING:
    from psycopg import Connection

    from gisplan.model.grid import Floats, Texts

TEXT_COLUMNS, NUMBER_COLUMNS = 5, 6

ApplicationsMark = tuple[int, int]


def read_application_table(connection: Connection) -> ApplicationTable:
    """Read every application, in the order of their references."""
    with connection.cursor(binary=True) as cursor:
        chunks = cursor.execute(query("application_table")).fetchall()
    columns = list(zip(*chunks, strict=True)) or [()] * (TEXT_COLUMNS + NUMBER_COLUMNS)
    texts = [_texts(column) for column in columns[:TEXT_COLUMNS]]
    numbers = [_floats(column) for column in columns[TEXT_COLUMNS:]]
    return ApplicationTable(
        reference=texts[0],
        kind=texts[1],
        customer_class=texts[2],
        status=texts[3],
        existing_bus_id=texts[4],
        lon=numbers[0],
        lat=numbers[1],
        demand_kva=numbers[2],
        maximum_kw=numbers[3],
        power_factor=numbers[4],
        applied_on=numbers[5],
    )


def applications_mark(connection: Connection) -> ApplicationsMark:
    """Return a mark of all applications: while it stays, so do they."""
    row = connection.execute(query("application_mark")).fetchone()
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


def _texts(chunks: tuple[list[str], ...]) -> Texts:
    return np.array([one for chunk in chunks for one in chunk], np.str_)


def _floats(chunks: tuple[bytes, ...]) -> Floats:
    return np.frombuffer(b"".join(chunks), ">f8").astype(np.float64)
