"""Rasters in classes and their tiles, kept for as long as a planner looks at one map."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from gisplan.services.electrical import untold

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from api.density_layer import ShownRaster
    from gisplan.services.electrical import Progress

RASTERS_MAX = 8
BYTES_MAX = 512 << 20
TILES_MAX = 512
AGE_MAX_S = 30.0
WAITING_S = 0.5

TileKey = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRaster:
    """A layer, when it was made, and the tiles that were drawn of it (zoom, column, row)."""

    shown: ShownRaster
    made_s: float
    tiles: dict[TileKey, bytes] = field(default_factory=dict)


class RasterCache:
    """The rasters asked for last; one that is older than half a minute is made anew.

    Applications come and go without a new grid version, so a raster ages by time. Those that are
    kept are at hand while another one is made; the newest stays even if it is larger than all may
    be together.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[Hashable, KeptRaster] = OrderedDict()
        self._lock, self._making, self._drawing = Lock(), Lock(), Lock()

    def raster(
        self,
        key: Hashable,
        build: Callable[[], ShownRaster],
        *,
        age_max_s: float = AGE_MAX_S,
        progress: Progress = untold,
    ) -> KeptRaster:
        """Return the raster of a question; one is made at a time, and one request makes it.

        ``progress`` is told while others wait for it, and may raise to give up.
        """
        kept = self._find(key, age_max_s)
        if kept is not None:
            return kept
        while not self._making.acquire(timeout=WAITING_S):
            progress("waiting", 0, 1)
        try:
            kept = self._find(key, age_max_s)  # somebody else may have made it by now
            return kept if kept is not None else self._keep(key, build())
        finally:
            self._making.release()

    def _find(self, key: Hashable, age_max_s: float) -> KeptRaster | None:
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or self._clock() - kept.made_s > age_max_s:
                return None
            self._kept.move_to_end(key)
            return kept

    def _keep(self, key: Hashable, shown: ShownRaster) -> KeptRaster:
        kept = KeptRaster(shown=shown, made_s=self._clock())
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = kept
            while len(self._kept) > 1 and self._is_full():
                self._kept.popitem(last=False)
        return kept

    def _is_full(self) -> bool:
        held = sum(_size_bytes(one.shown) for one in self._kept.values())
        return len(self._kept) > RASTERS_MAX or held > BYTES_MAX

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


def _size_bytes(shown: ShownRaster) -> int:
    return shown.raster.codes.nbytes + sum(values.nbytes for _, values in shown.values.values())
