# ruff: noqa: PLR0917  (kernels take their arrays by position)
# mypy: disable-error-code="arg-type, no-any-return, return-value, assignment"
# (numba infers what numpy's stubs cannot say)
"""Kernel that chooses the poles of an overhead line by dynamic programming over spans.

Invariants
- ``best[i, s]`` is the least cost of poles and wire from the first place up to place ``i + 1 + s``,
  the pole there not counted, if the last span starts at ``i``; infinity if there is no such line.
  The kind of the pole at ``i`` depends on the two spans that meet there, so spans, not places, are
  what the choice runs over.
- ``before[i, s]`` is the place where the span before that one starts; -1 at the first.
- Equal costs keep the earlier start, so the choice is the same every time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from gisplan.model.grid import Codes, Floats, Integers


@numba.njit(cache=True, nogil=True)
def turn_deg(xy: Floats, a: int, b: int, c: int) -> float:
    """Return by how many degrees a line turns at b on its way from a to c."""
    u, v = xy[b, 0] - xy[a, 0], xy[b, 1] - xy[a, 1]
    w, z = xy[c, 0] - xy[b, 0], xy[c, 1] - xy[b, 1]
    return abs(np.degrees(np.arctan2(u * z - v * w, u * w + v * z)))


@numba.njit(cache=True, nogil=True)
def choose_spans(
    xy: Floats,
    usable: Codes,
    span_m: Floats,
    line_cents: float,
    angle_cents: float,
    terminal_cents: float,
    cents_per_degree: float,
    wire_cents_per_m: float,
    straight_max_deg: float,
    best: Floats,
    before: Integers,
) -> int:
    """Fill ``best`` and ``before``; return where the last span starts, -1 if no line is possible.

    Parameters
    ----------
    xy : float64 (places, 2)
    usable, span_m : (places, reach), whether and how long the span from i to i + 1 + s is
    """
    count, reach = usable.shape
    for i in range(count - 1):
        for s in range(min(reach, count - 1 - i)):
            best[i, s], before[i, s] = np.inf, -1
            if usable[i, s] == 0:
                continue
            wire = wire_cents_per_m * span_m[i, s]
            if i == 0:
                best[i, s] = terminal_cents + wire
                continue
            for p in range(max(i - reach, 0), i):
                arrived = best[p, i - 1 - p]
                if arrived == np.inf or arrived + wire >= best[i, s]:
                    continue
                turn = turn_deg(xy, p, i, i + 1 + s)
                pole = line_cents if turn <= straight_max_deg else angle_cents
                total = arrived + pole + cents_per_degree * turn + wire
                if total < best[i, s]:
                    best[i, s], before[i, s] = total, p
    last, least = -1, np.inf
    for p in range(max(count - 1 - reach, 0), count - 1):
        if best[p, count - 2 - p] < least:
            last, least = p, best[p, count - 2 - p]
    return last
