"""Named queries: one file a query, bound values only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files

from psycopg import errors as driver_errors

from gisplan.errors import InputError

_BROKEN_RULES = (
    driver_errors.DataError,
    driver_errors.CheckViolation,
    driver_errors.NotNullViolation,
    driver_errors.ForeignKeyViolation,
)


@cache
def query(name: str) -> bytes:
    """Text of the named query ``queries/<name>.sql``."""
    return files("gisplan.store").joinpath("queries", f"{name}.sql").read_bytes()


@contextmanager
def refused_values(doing: str) -> Iterator[None]:
    """Say which rule of the database a value breaks; ``doing`` names what was tried with it.

    The driver's own words stay in the cause: they may quote values.

    Raises
    ------
    InputError
        A value that the database refuses.
    """
    try:
        yield
    except _BROKEN_RULES as error:
        rule = error.diag.constraint_name or error.diag.column_name or "of its column's type"
        raise InputError(f"{doing}: a value breaks the rule {rule}") from error
