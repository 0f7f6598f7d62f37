"""What conducts in a grid that is being loaded, before it is a grid."""

from __future__ import annotations

from dataclasses import dataclass

from gisplan.model.grid import Flags, Floats, Integers, Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedTopology:
    """Buses, and the branches that conduct between them (rows of buses; -1 is unknown)."""

    bus_id: Texts
    nominal_voltage_v: Floats
    is_source: Flags
    x_m: Floats
    y_m: Floats
    branch_name: Texts
    branch_from: Integers
    branch_to: Integers
