"""What a check of the corridors tells: connected parts, and what is wrong at which place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gisplan.model.grid import Floats, Integers


class FaultKind(StrEnum):
    """What may be wrong at a place."""

    SEPARATE_PART = "separate_part"
    BRIDGED_GAP = "bridged_gap"
    NEAR_MISS = "near_miss"
    ACCESS_OFF_CORRIDOR = "access_off_corridor"
    ZERO_LENGTH = "zero_length"
    DUPLICATE = "duplicate"
    PARALLEL_EDGES = "parallel_edges"
    FULL_DUCTS = "full_ducts"
    DEAD_END = "dead_end"


class FaultSeverity(StrEnum):
    """A warning says that the network is broken there, a note that one should know."""

    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSettings:
    """Distances of the check; each is a visible default.

    An end that misses another corridor by at most ``near_miss_m`` is told. A customer belongs to
    the part whose corridor is nearest, at most ``connector_reach_m`` away; a station serves every
    part that is as near.
    """

    near_miss_m: float = 15.0
    connector_reach_m: float = 150.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFault:
    """One thing that a planner may want to mend; ``other`` is empty where only one is concerned."""

    kind: FaultKind
    severity: FaultSeverity
    element: str
    other: str
    distance_m: float
    x_m: float
    y_m: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkParts:
    """Connected parts of the corridors, the longest first; arrays of shape (parts,).

    ``edge_part`` gives the part of every edge. ``access_count`` counts buses and mains that offer
    access points, ``customer_count`` customers that live beside the part. ``x_m`` and ``y_m`` lie
    on it.
    """

    edge_part: Integers
    length_m: Floats
    edge_count: Integers
    access_count: Integers
    customer_count: Integers
    x_m: Floats
    y_m: Floats

    def __len__(self) -> int:
        return len(self.length_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkReport:
    """Parts and faults of the corridors; faults in the order of their kinds, then by place."""

    parts: NetworkParts
    faults: tuple[NetworkFault, ...]
    customers_unreached: int

    @property
    def is_broken(self) -> bool:
        """Whether there is any warning."""
        return any(fault.severity is FaultSeverity.WARNING for fault in self.faults)
