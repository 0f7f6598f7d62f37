"""Tiles that were drawn before, newest use last, bounded by their bytes."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from gisplan.store.tiles import TileLayer

TileKey = tuple[int, TileLayer, int, int, int]


class TileCache:
    """A least-recently-used cache of tiles by version, layer, zoom, column and row."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        self._tiles: OrderedDict[TileKey, bytes] = OrderedDict()
        self._lock = Lock()

    def find(self, key: TileKey) -> bytes | None:
        """Tile that was kept, if it still is."""
        with self._lock:
            if key in self._tiles:
                self._tiles.move_to_end(key)
            return self._tiles.get(key)

    def keep(self, key: TileKey, tile: bytes) -> None:
        """Keep a tile; those not used for longest make room."""
        with self._lock:
            self._size_bytes += len(tile) - len(self._tiles.pop(key, b""))
            self._tiles[key] = tile
            while self._size_bytes > self._limit_bytes:
                _, dropped = self._tiles.popitem(last=False)
                self._size_bytes -= len(dropped)
