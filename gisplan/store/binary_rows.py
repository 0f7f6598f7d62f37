"""Rows in PostgreSQL's binary COPY format, encoded column by column instead of value by value.

A row is its number of fields and then, for each field, its length in bytes and its bytes; the
length -1 is null. Numbers are big-endian, geometry is EWKB. Every encoder here returns the pieces of
one column for all rows; the pieces of a row are then joined in C.

References
----------
PostgreSQL documentation, "COPY", section "Binary Format".
"""

from __future__ import annotations

import struct
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from gisplan.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
TRAILER = struct.pack(">h", -1)
ROWS_AT_ONCE = 50_000

_NULL = struct.pack(">i", -1)
_NUMBER_FORMATS = {
    "double precision": (">f8", 8),
    "integer": (">i4", 4),
    "bigint": (">i8", 8),
    "boolean": ("u1", 1),
}

Pieces = "Sequence[bytes]"


def encode_chunks(columns: Sequence[tuple[str, np.ndarray]], *, srid: int) -> Iterator[bytes]:
    """Encode columns, given as (type of the database, values), as one COPY stream in chunks.

    Texts are objects with ``None`` for null, numbers and flags floats with NaN for null, geometry
    shapely objects in the CRS ``srid``.
    """
    count = len(columns[0][1])
    yield HEADER
    for start in range(0, count, ROWS_AT_ONCE):
        chunk = [(kind, values[start : start + ROWS_AT_ONCE]) for kind, values in columns]
        yield _encode_rows(chunk, srid)
    yield TRAILER


def _encode_rows(columns: Sequence[tuple[str, np.ndarray]], srid: int) -> bytes:
    count = len(columns[0][1])
    field_count = [struct.pack(">h", len(columns))] * count
    pieces = [field_count, *(_encode_column(kind, values, srid) for kind, values in columns)]
    return b"".join(chain.from_iterable(zip(*pieces, strict=True)))


def _encode_column(kind: str, values: np.ndarray, srid: int) -> list[bytes]:
    if kind == "text":
        return _encode_texts(values)
    if kind.startswith("geometry"):
        return _encode_geometry(values, srid)
    if kind in _NUMBER_FORMATS:
        return _encode_numbers(values, *_NUMBER_FORMATS[kind])
    raise StoreError(f"columns of type {kind} cannot be copied; expected text, number or geometry")


def _encode_numbers(values: np.ndarray, form: str, width: int) -> list[bytes]:
    numbers = np.asarray(values, dtype=np.float64)
    missing = np.isnan(numbers)
    fields = np.empty(len(numbers), dtype=[("length", ">i4"), ("value", form)])
    fields["length"] = width
    fields["value"] = np.where(missing, 0, numbers)
    pieces: list[bytes] = fields.view(f"V{width + 4}").tolist()
    for row in np.flatnonzero(missing):
        pieces[row] = _NULL
    return pieces


def _encode_texts(values: np.ndarray) -> list[bytes]:
    """Encode each distinct text once: kinds and types repeat, ids cost little more."""
    fields = {text: _encode_bytes(text.encode()) for text in set(values) if text is not None}
    fields[None] = _NULL
    return [fields[text] for text in values]


def _encode_geometry(values: np.ndarray, srid: int) -> list[bytes]:
    ewkb: np.ndarray[Any, Any] = shapely.to_wkb(shapely.set_srid(values, srid), include_srid=True)
    return [_NULL if binary is None else _encode_bytes(binary) for binary in ewkb]


def _encode_bytes(binary: bytes) -> bytes:
    return len(binary).to_bytes(4) + binary
