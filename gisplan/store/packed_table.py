"""Tables read from PostGIS as packed columns: a few wide rows instead of a million narrow ones.

The server packs each column of a range of blocks into one value (``string_agg`` of the type's
binary form); here the ranges are joined and decoded by numpy. The server gives rows in the order in
which they lie on disk; they are sorted by id here.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from psycopg.rows import dict_row

from gisplan.errors import StoreError
from gisplan.model.grid import Codes, Flags, Floats, Integers, Polylines, Texts
from gisplan.store.sql import query
from gisplan.store.text_kernel import decode_texts, measure_texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt
    from psycopg import Connection, Cursor

BLOCKS_AT_ONCE = 1024  # 8 MB of rows; no packed value comes near the 1 GB that a value may have
QUERIES_AHEAD = 1

Parameters = dict[str, int | str | list[str]]
Part = tuple[int, dict[str, Texts], dict[str, bytes]]  # rows, texts, the other columns still packed


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedTable:
    """One table of a grid version, its columns as they came, and the order of its rows by id."""

    name: str
    row_count: int
    text_columns: Mapping[str, Texts]
    packed_columns: Mapping[str, bytes]
    order: Integers

    def texts(self, column: str) -> Texts:
        """Return a column of texts."""
        return self._sorted(column, self.text_columns[column])

    def floats(self, column: str) -> Floats:
        """Decode a column of double precision."""
        return self._numbers(column, ">f8").astype(np.float64)

    def integers(self, column: str) -> Integers:
        """Decode a column of integers."""
        return self._numbers(column, ">i4").astype(np.int64)

    def codes(self, column: str) -> Codes:
        """Decode a column of positions in an enumeration."""
        return self._numbers(column, ">i4").astype(np.uint8)

    def flags(self, column: str) -> Flags:
        """Decode a column of booleans."""
        return self._numbers(column, "?")

    def references(self, column: str, ids: Texts) -> Integers:
        """Decode a column of ids of another table as rows of that table.

        Raises
        ------
        StoreError
            If the other table has no row of such an id.
        """
        wanted = self.texts(column)
        rows = find_rows(ids, wanted)
        if len(missing := wanted[rows < 0]):
            message = (
                f"{self.name}: {column} {str(missing[0])!r} is not in the grid ({len(missing)} "
                "such rows), a row should name an element of its version; load the grid again"
            )
            raise StoreError(message)
        return rows

    def polylines(self) -> Polylines:
        """Decode the geometry, packed as ``points`` and ``point_count``."""
        packed = np.frombuffer(self.packed_columns.get("points", b""), "<f8")
        xy_m = packed.astype(np.float64).reshape(-1, 2)
        sorted_count = self.integers("point_count")
        sorted_end = np.cumsum(sorted_count)
        count = np.empty_like(sorted_count)
        count[self.order] = sorted_count
        start = (np.cumsum(count) - count)[self.order]
        shift = np.repeat(start - (sorted_end - sorted_count), sorted_count)
        offset = np.concatenate((np.zeros(1, dtype=np.int64), sorted_end))
        return Polylines(offset=offset, xy_m=xy_m[shift + np.arange(len(shift))])

    def _numbers(self, column: str, dtype: str) -> npt.NDArray[Any]:
        return self._sorted(column, np.frombuffer(self.packed_columns.get(column, b""), dtype))

    def _sorted(self, column: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if len(values) != self.row_count:
            message = (
                f"{self.name}: {len(values)} values of {column} in {self.row_count} rows, every "
                "row should have one that this software knows; load the grid again"
            )
            raise StoreError(message)
        return values[self.order]


def read_tables(
    connection: Connection, text_columns: Mapping[str, Sequence[str]], parameters: Parameters
) -> dict[str, PackedTable]:
    """Read tables of the schema ``grid``, each through the query ``grid_<table>``.

    ``text_columns`` names the tables and which of their columns are texts; ``parameters`` are those
    of the queries but for the range of blocks. The caller sees to it that all ranges are read as of
    the same moment.
    """
    parts: dict[str, list[Part]] = {name: [] for name in text_columns}
    for name, packed in _ranges(connection, list(text_columns), parameters):
        if packed["row_count"]:
            texts = {c: unpack_texts(packed.pop(c)) for c in text_columns[name]}
            parts[name].append((packed.pop("row_count"), texts, packed))
    return {name: _join(name, text_columns[name], found) for name, found in parts.items()}


def unpack_texts(packed: bytes) -> Texts:
    """Decode texts of UTF-8 with a zero byte, which no text can hold, between two of them."""
    characters = np.frombuffer(packed, np.uint8)
    count, width = measure_texts(characters)
    texts = np.zeros((count, max(width, 1)), dtype=np.uint32)
    decode_texts(characters, texts)
    return texts.view(f"U{texts.shape[1]}")[:, 0]


def find_rows(ids: Texts, wanted: Texts) -> Integers:
    """Return the row of each wanted id among sorted, distinct ids; -1 where there is none.

    Sorting the wanted ids first is several times quicker than looking each up on its own, for the
    search then walks through memory in one direction.
    """
    if len(ids) == 0:
        return np.full(len(wanted), -1, dtype=np.int64)
    order = np.argsort(wanted, kind="stable")
    in_order = wanted[order]
    place = np.minimum(np.searchsorted(ids, in_order), len(ids) - 1)
    rows = np.empty(len(wanted), dtype=np.int64)
    rows[order] = np.where(ids[place] == in_order, place, -1)
    return rows


def _join(name: str, text_columns: Sequence[str], parts: Sequence[Part]) -> PackedTable:
    """Put the ranges of a table together."""
    nothing = np.empty(0, dtype="U1")
    texts = {c: np.concatenate([nothing, *(part[1][c] for part in parts)]) for c in text_columns}
    packed = parts[0][2].keys() if parts else ()
    return PackedTable(
        name=f"grid.{name}",
        row_count=sum(part[0] for part in parts),
        text_columns=texts,
        packed_columns={c: b"".join(part[2][c] for part in parts) for c in packed},
        order=np.argsort(texts[f"{name}_id"], kind="stable").astype(np.int64),
    )


def _ranges(
    connection: Connection, names: list[str], parameters: Parameters
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the packed columns of one range of blocks after the other, table by table.

    Each query is sent before the answer to the one before it is used: the server packs a range
    while the caller unpacks another.
    """
    counts = connection.execute(query("grid_block_count"), {"tables": names}).fetchall()
    waiting: deque[tuple[str, Cursor[dict[str, Any]]]] = deque()
    with connection.pipeline():
        for name, block_count in counts:
            for first in range(0, block_count, BLOCKS_AT_ONCE):
                blocks = {"first": f"({first},0)", "end": f"({first + BLOCKS_AT_ONCE},0)"}
                cursor = connection.cursor(binary=True, row_factory=dict_row)
                cursor.execute(query(f"grid_{name}"), parameters | blocks)
                waiting.append((name, cursor))
                if len(waiting) > QUERIES_AHEAD:
                    yield _take(waiting)
        while waiting:
            yield _take(waiting)


def _take(waiting: deque[tuple[str, Cursor[dict[str, Any]]]]) -> tuple[str, dict[str, Any]]:
    name, cursor = waiting.popleft()
    (packed,) = cursor.fetchall()
    return name, packed
