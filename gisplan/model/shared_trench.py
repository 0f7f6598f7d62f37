"""What a question about several applications at once answers: who shares which trench."""

from __future__ import annotations

from dataclasses import dataclass

from gisplan.model.option import LonLat, Option, Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class JointConnection:
    """What becomes of one application.

    ``option`` is its connection with its whole way, priced as if nobody shared it, the first of
    several sources; ``None`` where nothing is feasible. ``alone_cost`` is what it pays, all its
    sources included, if all are planned one after another in the order of their references,
    ``cost`` its part of the joint plan; ``None`` where it is not connected. ``reason`` says why it
    shares nothing or is not connected, empty where it shares.
    """

    reference: str
    site: LonLat
    demand_kva: float
    option: Option | None
    shared_with: tuple[str, ...]
    shared_length_m: float
    cost: float | None
    alone_cost: float | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrenchStretch:
    """A stretch of trench or duct and the applications whose cables lie in it, by reference.

    ``cost`` is that of its civil works and crossings, paid once; ``saved`` what paying them for
    each of its users would have added.
    """

    references: tuple[str, ...]
    length_m: float
    corridor: str
    surface: str
    laying: str
    cost: float
    saved: float
    coordinates: tuple[LonLat, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPair:
    """Metres of trench that two applications share."""

    references: tuple[str, str]
    length_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedTrenchAnswer:
    """Applications planned together, by reference.

    ``separate_cost`` is what all pay if they are planned one after another, ``saving`` how much of
    it joint planning spares. ``lower_bound`` is a cost below which no joint plan exists, with the
    access points that screening lets pass and one kind of cable for each application; ``gap`` is
    the distance to it, 0 to 1. Who cannot be connected is in none of these sums. ``notes`` say on
    what the answer rests.
    """

    connections: tuple[JointConnection, ...]
    trenches: tuple[TrenchStretch, ...]
    pairs: tuple[SharedPair, ...]
    shared_length_m: float
    total_cost: float
    separate_cost: float
    saving: float
    lower_bound: float
    gap: float
    currency: str
    notes: tuple[str, ...]
    provenance: Provenance
