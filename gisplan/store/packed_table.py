"""Tables read from PostGIS as packed columns: a few wide rows instead of a million narrow ones.

The server packs each column of a range of blocks into one value (``string_agg`` of the type's
binary form); here the ranges are joined and decoded by numpy. The server gives rows in the order in
which they lie on disk; they are sorted by id here.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from psycopg.rows import dict_row

from gisplan.errors import StoreError
from gisplan.model.grid import Codes, Flags, Floats, Integers, Polylines, Texts
from gisplan.store.sql import query
from gisplan.store.text_kernel import decode_texts, measure_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy.typing as npt
    from psycopg import Connection, Cursor

BLOCKS_AT_ONCE = 256  # 2 MB of rows; no packed value comes near the 1 GB that a value may have

Parameters = dict[str, int | str | list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedTable:
    """One table of a grid version: for each column its packed ranges, in the order as read.

    ``place`` is the row of the table, sorted by id, that a row as read belongs to.
    """

    name: str
    place: Integers
    packed: Mapping[str, Sequence[bytes]]

    def texts(self, column: str) -> Texts:
        """Decode a column of texts."""
        packed = self.packed.get(column, ())
        self._check_count(column, sum(map(count_texts, packed)))
        return unpack_texts(packed, self.place)

    def floats(self, column: str) -> Floats:
        """Decode a column of double precision."""
        return self._numbers(column, ">f8", np.float64)

    def integers(self, column: str) -> Integers:
        """Decode a column of integers."""
        return self._numbers(column, ">i4", np.int64)

    def codes(self, column: str) -> Codes:
        """Decode a column of positions in an enumeration."""
        return self._numbers(column, ">i4", np.uint8)

    def flags(self, column: str) -> Flags:
        """Decode a column of booleans."""
        return self._numbers(column, "?", np.bool_)

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
        count = self.integers("point_count")
        end = np.cumsum(count)
        first = (end - count)[self.place]  # where the vertices of a row as read belong
        count_as_read = count[self.place]
        start_as_read = np.cumsum(count_as_read) - count_as_read
        target = np.repeat(first - start_as_read, count_as_read) + np.arange(count.sum())
        xy_m = np.empty((len(target), 2))
        xy_m[target] = np.frombuffer(b"".join(self.packed.get("points", ())), "<f8").reshape(-1, 2)
        return Polylines(offset=np.concatenate((np.zeros(1, dtype=np.int64), end)), xy_m=xy_m)

    def _numbers(self, column: str, packed: str, dtype: type) -> npt.NDArray[Any]:
        """Decode numbers straight into their rows: no copy is made on the way."""
        ranges = [np.frombuffer(chunk, packed) for chunk in self.packed.get(column, ())]
        self._check_count(column, sum(map(len, ranges)))
        numbers: npt.NDArray[Any] = np.empty(len(self.place), dtype=dtype)
        start = 0
        for values in ranges:
            numbers[self.place[start : start + len(values)]] = values
            start += len(values)
        return numbers

    def _check_count(self, column: str, found: int) -> None:
        if found != len(self.place):
            message = (
                f"{self.name}: {found} values of {column} in {len(self.place)} rows, every row "
                "should have one that this software knows; load the grid again"
            )
            raise StoreError(message)


@contextmanager
def reading_tables(
    connection: Connection, names: Sequence[str], parameters: Parameters
) -> Iterator[Callable[[str], PackedTable]]:
    """Read tables of the schema ``grid`` in the background, in the order of their names.

    What is given waits for a table and returns it: while one table is decoded, the next is read.
    ``parameters`` are those of the queries ``grid_<table>`` but for the range of blocks. The caller
    holds a transaction, uses the connection for nothing else meanwhile, and sees to it that all
    ranges are read as of the same moment.
    """
    connection.execute(query("grid_encoding"))
    reader = ThreadPoolExecutor(max_workers=1)
    try:
        waiting = {
            name: reader.submit(_read_ranges, connection, name, parameters) for name in names
        }
        yield lambda name: _join(name, waiting.pop(name).result())
    finally:
        reader.shutdown(cancel_futures=True)


def count_texts(packed: bytes) -> int:
    """Return how many texts stand one behind the other."""
    return packed.count(b"\0") + 1


def unpack_texts(packed: Sequence[bytes], place: Integers) -> Texts:
    """Decode texts, each into the row where it belongs; ``text_kernel`` tells how they are packed.

    There must be as many texts as places.
    """
    ranges = [np.frombuffer(chunk, np.uint8) for chunk in packed]
    measures = [measure_texts(characters) for characters in ranges]
    width = max((longest for _, longest in measures), default=0)
    texts = np.zeros((len(place), max(width, 1)), dtype=np.uint32)
    start = 0
    for characters, (count, _) in zip(ranges, measures, strict=True):
        decode_texts(characters, place[start : start + count], texts)
        start += count
    return texts.view(f"U{texts.shape[1]}")[:, 0]


def find_rows(ids: Texts, wanted: Texts) -> Integers:
    """Return the row of each wanted id among sorted, distinct ids; -1 where there is none.

    Sorted together, each wanted id stands behind the id that it equals: one sort in bulk is several
    times quicker than a search, or a look into a dictionary, for each of them.
    """
    if len(ids) == 0:
        return np.full(len(wanted), -1, dtype=np.int64)
    order = np.argsort(np.concatenate((ids, wanted)), kind="stable")
    is_wanted = order >= len(ids)
    row_before = np.cumsum(~is_wanted) - 1
    rows = np.empty(len(wanted), dtype=np.int64)
    rows[order[is_wanted] - len(ids)] = row_before[is_wanted]
    return np.where(ids[rows] == wanted, rows, -1)


def _join(name: str, ranges: Sequence[dict[str, bytes]]) -> PackedTable:
    """Put the ranges of a table together."""
    columns = ranges[0].keys() if ranges else ()
    packed = {column: [part[column] for part in ranges] for column in columns}
    ids = packed.get(f"{name}_id", [])
    row_count = sum(map(count_texts, ids))
    as_read = np.arange(row_count)
    place = np.empty(row_count, dtype=np.int64)
    place[np.argsort(unpack_texts(ids, as_read), kind="stable")] = as_read
    return PackedTable(name=f"grid.{name}", place=place, packed=packed)


def _read_ranges(
    connection: Connection, name: str, parameters: Parameters
) -> list[dict[str, bytes]]:
    """Read the packed columns of one range of blocks after the other.

    All queries are sent at once, so that the server never waits for the next one.
    """
    counted = connection.execute(query("grid_block_count"), {"table": f"grid.{name}"})
    ((block_count,),) = counted.fetchall()
    cursors: list[Cursor[dict[str, Any]]] = []
    with connection.pipeline():
        for first in range(0, block_count, BLOCKS_AT_ONCE):
            blocks = {"first": f"({first},0)", "end": f"({first + BLOCKS_AT_ONCE},0)"}
            cursor = connection.cursor(binary=True, row_factory=dict_row)
            cursors.append(cursor.execute(query(f"grid_{name}"), parameters | blocks))
    ranges = [range_ for cursor in cursors for range_ in cursor.fetchall()]
    return [range_ for range_ in ranges if range_.pop("row_count")]
