"""Polygons that somebody sent as cells, kept for a while so that tiles can be asked for of them."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

import shapely
from pydantic import BaseModel

from gisplan.errors import UnknownElementError
from gisplan.ingest.area_upload import read_area_upload

if TYPE_CHECKING:
    from gisplan.density.cells import Cells

SETS_MAX = 16
CORNERS_MAX = 2_000_000


class KeptAreas(BaseModel):
    """Under which name polygons are kept, and how many they are."""

    areas: str
    count: int


class AreaStore:
    """Sets of polygons by the digest of what was sent; those not asked for longest make room."""

    def __init__(self, *, sets_max: int = SETS_MAX, corners_max: int = CORNERS_MAX) -> None:
        self._sets_max, self._corners_max = sets_max, corners_max
        self._kept: OrderedDict[tuple[str, int], Cells] = OrderedDict()
        self._lock = Lock()

    def keep(self, content: bytes, *, srid: int) -> KeptAreas:
        """Read polygons into a CRS and keep them.

        Raises
        ------
        InputError
            If they cannot be used.
        """
        name = hashlib.sha256(content).hexdigest()
        cells = read_area_upload(content, srid=srid)
        with self._lock:
            self._kept[name, srid] = cells
            self._kept.move_to_end((name, srid))
            while len(self._kept) > 1 and self._is_full():
                self._kept.popitem(last=False)
        return KeptAreas(areas=name, count=len(cells))

    def get(self, name: str, *, srid: int) -> Cells:
        """Return polygons that were sent, in the CRS that serves.

        Raises
        ------
        UnknownElementError
            If they are not kept, or not any more.
        """
        with self._lock:
            found = self._kept.get((name, srid))
            if found is None:
                raise UnknownElementError(
                    f"areas {name[:12]} are not kept, or not any more; send them again"
                )
            self._kept.move_to_end((name, srid))
            return found

    def _is_full(self) -> bool:
        corners = sum(
            int(shapely.get_num_coordinates(one.shape).sum()) for one in self._kept.values()
        )
        return len(self._kept) > self._sets_max or corners > self._corners_max
