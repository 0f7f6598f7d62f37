"""Geometry from the well-known binary form that readers of vector files give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt


def read_wkb(
    wkb: npt.NDArray[np.object_] | Sequence[bytes] | None,
) -> npt.NDArray[np.object_]:
    """Return the shapes of a file, ``None`` where a row has none or one that cannot be read.

    Vertices that are no numbers are kept for the checks that name them, without a warning here.
    """
    with np.errstate(invalid="ignore"):
        rows = np.asarray([] if wkb is None else wkb, dtype=object)
        return np.asarray(shapely.from_wkb(rows, on_invalid="ignore"), dtype=object)
