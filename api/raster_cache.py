"""Rasters in classes and their tiles, kept for as long as a planner looks at one map."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from api.density_layer import ShownRaster

RASTERS_MAX = 8
TILES_MAX = 512
AGE_MAX_S = 30.0

TileKey = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRaster:
    """A layer, when it was made, and the tiles that were drawn of it (zoom, column, row)."""

    shown: ShownRaster
    made_s: float
    tiles: dict[TileKey, bytes] = field(default_factory=dict)


class RasterCache:
    """The rasters asked for last; one that is older than half a minute is made anew.

    Applications come and go without a new grid version, so a raster ages by time.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[Hashable, KeptRaster] = OrderedDict()
        self._lock, self._drawing = Lock(), Lock()

    def raster(
        self, key: Hashable, build: Callable[[], ShownRaster], *, age_max_s: float = AGE_MAX_S
    ) -> KeptRaster:
        """Return the raster of a question; one request builds it and the others wait."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or self._clock() - kept.made_s > age_max_s:
                kept = KeptRaster(shown=build(), made_s=self._clock())
                self._kept[key] = kept
            self._kept.move_to_end(key)
            while len(self._kept) > RASTERS_MAX:
                self._kept.popitem(last=False)
            return kept

    def tile(self, kept: KeptRaster, key: TileKey, draw: Callable[[], bytes]) -> bytes:
        """Return a tile of a raster, drawn once; one is drawn at a time.

        Rasterio hushes its own warnings in a way that threads disturb.
        """
        with self._drawing:
            if (tile := kept.tiles.get(key)) is None:
                tile = draw()
                if len(kept.tiles) < TILES_MAX:
                    kept.tiles[key] = tile
            return tile
