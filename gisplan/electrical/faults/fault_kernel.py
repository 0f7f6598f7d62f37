"""Kernel that sums short-circuit impedances down the supply tree.

Invariants
- ``order`` lists every supplied bus after its parent; roots have parent -1 and hold the impedance
  of their infeed in ``series_ohm``.
- ``scale`` takes an impedance from the parent's voltage to the bus's own, squared ratio included.
- An unknown impedance is NaN and stays so for everything below; buses without supply are NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from gisplan.electrical.faults.fault_data import Complexes
    from gisplan.model.grid import Integers


@numba.njit(cache=True, nogil=True)
def walk_down(
    order: Integers, parent: Integers, scale: Complexes, series_ohm: Complexes
) -> Complexes:
    """Return the impedance between each bus and the ideal voltage behind all infeeds."""
    impedance_ohm = np.full(parent.size, complex(np.nan, np.nan))
    for bus in order:
        above = parent[bus]
        impedance_ohm[bus] = series_ohm[bus]
        if above >= 0:
            impedance_ohm[bus] += impedance_ohm[above] * scale[bus]
    return impedance_ohm
