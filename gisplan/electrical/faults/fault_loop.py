"""Smallest single-phase fault current of low-voltage circuits, the one that must blow the fuse.

Line to neutral or protective conductor in a TN system, far from generators (Z2 = Z1), lines hot,
neutrals of distribution transformers earthed. Zero-sequence values of lines are data of the grid:
where one is missing on the way to the transformer, the current is unknown.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.faults.fault_data import Complexes, name_unknown
from gisplan.electrical.faults.short_circuit import (
    FaultPlaces,
    ShortCircuits,
    cable_ohm,
    element_at,
    impedance_at,
    voltage_bus,
)
from gisplan.model.grid import Floats

if TYPE_CHECKING:
    from gisplan.electrical.proof.proposal import NewCable
    from gisplan.network.snapshot import Snapshot

NEW_CABLE_UNKNOWN = "the zero-sequence resistance or reactance (r0, x0) of the new cable is unknown"


def fault_loop_currents(currents: ShortCircuits) -> Floats:
    """Smallest single-phase fault current of each low-voltage bus in kA; NaN where unknown.

    Ik1 = sqrt(3) c Un / |Z1 + Z2 + Z0|, IEC 60909-0:2016, clause 8.4 (line-to-earth).
    """
    loop_ohm = 2 * currents.minimum.bus_ohm + currents.zero.bus_ohm
    current: Floats = 3 * currents.minimum_kv / np.abs(loop_ohm)
    return current


def fault_loop_at(
    snapshot: Snapshot, currents: ShortCircuits, places: FaultPlaces, new_zero_ohm: Complexes
) -> Floats:
    """Smallest single-phase fault current in kA at each place; NaN where unknown.

    ``new_zero_ohm`` is the hot zero-sequence impedance of the new cables.
    """
    hot = cable_ohm(places, currents.hot_ratio)
    positive = impedance_at(currents, currents.minimum, places, hot)
    zero = impedance_at(currents, currents.zero, places, new_zero_ohm)
    bus = voltage_bus(snapshot.grid, places)
    current: Floats = 3 * currents.minimum_kv[bus] / np.abs(2 * positive + zero)
    return current


def zero_sequence_ohm(cable: NewCable | None, hot_ratio: float) -> Complexes:
    """Zero-sequence impedance of a new cable as one place has it: 0 without one, NaN if unknown."""
    if cable is None:
        return np.zeros(1, np.complex128)
    r0, x0 = cable.zero_resistance_ohm_per_km, cable.zero_reactance_ohm_per_km
    if r0 is None or x0 is None:
        return np.array([complex(math.nan, math.nan)])
    length_km = cable.length_m / 1000 / cable.parallel_count
    return np.array([(r0 * hot_ratio + 1j * x0) * length_km])


def why_loop_unknown(snapshot: Snapshot, currents: ShortCircuits, places: FaultPlaces) -> str:
    """Say which datum the single-phase fault current of the first place lacks."""
    for network in (currents.minimum, currents.zero):
        element = int(element_at(network, places)[0])
        if element >= 0:
            return name_unknown(snapshot.grid, network.unknown, element)
    return NEW_CABLE_UNKNOWN
