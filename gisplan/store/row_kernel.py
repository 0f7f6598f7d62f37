"""The kernel that puts the values of one column where the rows of a binary COPY stream want them.

Invariants
- ``start`` holds, for each row, where its field begins; the field takes 4 bytes of length, then
  the row's ``head`` and then its share of ``body``, which stand in the order of the rows.
- A length counts head and body; -1 is null and takes its 4 bytes only, without head or body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from gisplan.model.grid import Integers

    Bytes = npt.NDArray[np.uint8]


@numba.njit(cache=True, nogil=True)
def put_field(buffer: Bytes, start: Integers, length: Integers, head: Bytes, body: Bytes) -> None:
    """Write one column; ``head`` has shape (rows, n), n may be zero."""
    width = head.shape[1]
    taken = 0
    for row in range(len(start)):
        place = start[row]
        size = length[row]
        for byte in range(4):
            buffer[place + byte] = (size >> (24 - 8 * byte)) & 0xFF
        if size < 0:
            continue
        place += 4
        for byte in range(width):
            buffer[place + byte] = head[row, byte]
        place += width
        for byte in range(size - width):
            buffer[place + byte] = body[taken + byte]
        taken += size - width
