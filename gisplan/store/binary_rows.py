"""Rows in PostgreSQL's binary COPY format, encoded column by column instead of value by value.

A row is its number of fields and then, for each field, its length in bytes and its bytes; the
length -1 is null. Numbers are big-endian, geometry is EWKB. Here every column becomes one block of
bytes with the length of each value, and numpy puts the blocks where their rows want them.

References
----------
PostgreSQL documentation, "COPY", section "Binary Format".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
import shapely

from gisplan.errors import StoreError
from gisplan.store.row_kernel import put_field

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gisplan.model.grid import Flags, Integers

    Bytes = npt.NDArray[np.uint8]

HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
TRAILER = struct.pack(">h", -1)
ROWS_AT_ONCE = 8192  # a chunk and the positions of its bytes stay in the processor's cache

_LENGTH_BYTES = 4
_COUNT_BYTES = 2
_NULL = -1
_NUMBER_TYPES = {"double precision": ">f8", "integer": ">i4", "bigint": ">i8", "boolean": "u1"}
_DATE_EPOCH = date(2000, 1, 1).toordinal()  # days are counted from here

# EWKB is WKB with a flag in the type and the SRID behind it: byte order, type, SRID.
_WKB_HEAD_BYTES = 5
_SRID_FLAG = 0x20000000
_EWKB_HEAD = np.dtype([("order", "u1"), ("kind", "<u4"), ("srid", "<u4")])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fields:
    """One column of a chunk: for each row its length (-1: null), and the bytes of all rows.

    ``head`` (shape (rows, n)) stands before the bytes of each row and counts in its length.
    """

    length: Integers
    body: Bytes
    head: Bytes | None = None

    @property
    def size(self) -> Integers:
        """Bytes that the field takes in each row, with its length."""
        return np.asarray(np.maximum(self.length, 0) + _LENGTH_BYTES)


def encode_chunks(columns: Sequence[tuple[str, np.ndarray]], *, srid: int) -> Iterator[bytes]:
    """Encode columns, given as (type of the database, values), as one COPY stream in chunks.

    Texts are objects with ``None`` for null, numbers and flags floats with NaN for null, dates
    floats of proleptic Gregorian ordinals likewise, geometry shapely objects in the CRS ``srid``.
    """
    count = len(columns[0][1])
    yield HEADER
    for start in range(0, count, ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        yield _join([_encode_column(kind, values[rows], srid) for kind, values in columns])
    yield TRAILER


def _join(fields: Sequence[_Fields]) -> bytes:
    """Put the fields of each row side by side."""
    sizes = np.stack([field.size for field in fields])
    row_size = sizes.sum(axis=0) + _COUNT_BYTES
    row_start = np.cumsum(row_size) - row_size
    buffer = np.empty(int(row_size.sum()), dtype=np.uint8)
    _put_fixed(buffer, row_start, _as_bytes(np.full(len(row_start), len(fields), dtype=">i2")))
    field_start = row_start + _COUNT_BYTES + np.cumsum(sizes, axis=0) - sizes
    for field, start in zip(fields, field_start, strict=True):
        head = np.empty((len(start), 0), np.uint8) if field.head is None else field.head
        put_field(buffer, start, field.length.astype(np.int64), head, field.body)
    return buffer.tobytes()


def _put_fixed(buffer: Bytes, start: Integers, values: Bytes) -> None:
    """Write values of one width, shape (rows, width)."""
    for offset in range(values.shape[1]):
        buffer[start + offset] = values[:, offset]


def _encode_column(kind: str, values: np.ndarray, srid: int) -> _Fields:
    if kind == "text":
        return _encode_texts(values)
    if kind == "geometry":
        return _encode_geometry(values, srid)
    if kind == "date":
        return _encode_numbers(np.asarray(values, np.float64) - _DATE_EPOCH, np.dtype(">i4"))
    if kind in _NUMBER_TYPES:
        return _encode_numbers(values, np.dtype(_NUMBER_TYPES[kind]))
    raise StoreError(f"columns of type {kind} cannot be copied; expected text, number or geometry")


def _encode_numbers(values: np.ndarray, form: np.dtype[Any]) -> _Fields:
    numbers = np.asarray(values, dtype=np.float64)
    known = ~np.isnan(numbers)
    packed = _as_bytes(numbers[known].astype(form))
    length = np.where(known, form.itemsize, _NULL)
    if known.all():  # the usual case: one width, no positions to compute
        return _Fields(length=length, body=np.empty(0, np.uint8), head=packed)
    return _Fields(length=length, body=packed.ravel())


def _encode_texts(values: np.ndarray) -> _Fields:
    known = np.asarray(values != None, dtype=np.bool_)  # noqa: E711 (compares every value)
    texts = values[known].tolist()
    joined = "".join(texts)
    if joined.isascii():
        body, sizes = joined.encode("ascii"), map(len, texts)
    else:
        encoded = [text.encode() for text in texts]
        body, sizes = b"".join(encoded), map(len, encoded)
    return _fill_lengths(known, np.fromiter(sizes, np.int64, len(texts)), body)


def _encode_geometry(values: np.ndarray, srid: int) -> _Fields:
    """Encode as EWKB; the SRID is written here, as setting it would copy every geometry."""
    known = ~shapely.is_missing(values)
    binaries = cast("list[bytes]", shapely.to_wkb(values[known], byte_order=1).tolist())
    sizes = np.fromiter(map(len, binaries), np.int64, len(binaries))
    wkb = np.frombuffer(b"".join(binaries), np.uint8)
    start = np.cumsum(sizes) - sizes
    head = np.empty(len(values), dtype=_EWKB_HEAD)
    head["order"], head["srid"] = 1, srid
    kind = np.stack([wkb[start + 1 + byte] for byte in range(4)], axis=1)
    head["kind"][known] = np.ascontiguousarray(kind).view("<u4").ravel() | _SRID_FLAG
    in_head = np.zeros(len(wkb), dtype=bool)
    for byte in range(_WKB_HEAD_BYTES):
        in_head[start + byte] = True
    fields = _fill_lengths(known, sizes + _EWKB_HEAD.itemsize - _WKB_HEAD_BYTES, b"")
    return _Fields(length=fields.length, body=wkb[~in_head], head=_as_bytes(head))


def _fill_lengths(known: Flags, sizes: Integers, body: bytes) -> _Fields:
    length = np.full(len(known), _NULL)
    length[known] = sizes
    return _Fields(length=length, body=np.frombuffer(body, np.uint8))


def _as_bytes(values: np.ndarray) -> Bytes:
    """Bytes of values of one width, shape (rows, width)."""
    return np.ascontiguousarray(values).view(np.uint8).reshape(len(values), values.dtype.itemsize)
