"""Kernels that decode many short texts at once.

Invariants
- Packed texts are valid UTF-8 (the server vouches for it) with a zero byte, which no text can hold,
  between two of them: n zero bytes make n + 1 texts, empty ones included.
- Decoded texts are rows of code points, zero behind their end: so does numpy store texts of fixed
  width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from gisplan.model.grid import Codes, Integers


@numba.njit(cache=True, nogil=True)
def measure_texts(packed: Codes) -> tuple[int, int]:
    """Return how many texts there are and how many code points the longest of them has."""
    count, width, longest = 1, 0, 0
    for byte in packed:
        if byte == 0:
            count += 1
            width = 0
        elif byte & 0xC0 != 0x80:  # continuation bytes begin with the bits 10
            width += 1
            longest = max(longest, width)
    return count, longest


@numba.njit(cache=True, nogil=True)
def decode_texts(packed: Codes, rows: Integers, texts: npt.NDArray[np.uint32]) -> None:
    """Write the code points of the i-th text into the row ``rows[i]``."""
    number, place = 0, -1
    row = rows[0]
    for byte in packed:
        if byte == 0:
            number += 1
            row = rows[number]
            place = -1
        elif byte & 0xC0 == 0x80:
            texts[row, place] = (texts[row, place] << 6) | (byte & 0x3F)
        else:
            place += 1
            if byte < 0x80:
                texts[row, place] = byte
            elif byte < 0xE0:
                texts[row, place] = byte & 0x1F
            elif byte < 0xF0:
                texts[row, place] = byte & 0x0F
            else:
                texts[row, place] = byte & 0x07
