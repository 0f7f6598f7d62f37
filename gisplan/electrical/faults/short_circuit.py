"""Initial symmetrical short-circuit currents by IEC 60909-0, largest and smallest, everywhere.

Closed form on the supply tree, nodal equations where there are loops. Balanced three-phase faults
without arc resistance, transformers in main position, line charging and loads left out, generators
and motors not counted. Nothing is guessed: behind a source of unknown power every current is NaN.

References
----------
IEC 60909-0:2016, Short-circuit currents in three-phase a.c. systems, clauses 5, 6 and 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.faults.earth_fault import EarthFaults, find_earth_faults
from gisplan.electrical.faults.fault_data import (
    Complexes,
    FaultCase,
    name_unknown,
    resistance_ratio,
    voltage_factors,
)
from gisplan.electrical.faults.fault_impedance import FaultImpedances, find_impedances
from gisplan.electrical.faults.fault_network import positive_network, zero_network
from gisplan.electrical.faults.protection_zones import ProtectionZones, find_zones
from gisplan.electrical.flow.segments import line_span_m
from gisplan.model.grid import Flags, Floats, Grid, Integers
from gisplan.rules.catalogue import Catalogue

if TYPE_CHECKING:
    from gisplan.electrical.proof.proposal import Proposal
    from gisplan.network.snapshot import Snapshot

NAMED_AT_MOST = 10
"""Reasons that are written out; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortCircuits:
    """Currents of every bus (kA, NaN where unknown) with all that faults elsewhere are found from.

    ``unknown`` says which data are missing, ``assumed`` what the catalogue stands in for or what
    is left out. ``maximum_kv`` and ``minimum_kv`` are the equivalent phase voltage c Un / sqrt(3)
    of each bus, ``hot_ratio`` the resistance of lines at the smallest current over that at 20 degC,
    ``line_span_m`` the length along which offsets count.
    """

    maximum_ka: Floats
    minimum_ka: Floats
    unknown: tuple[str, ...]
    assumed: tuple[str, ...]
    maximum: FaultImpedances
    minimum: FaultImpedances
    zero: FaultImpedances
    maximum_kv: Floats
    minimum_kv: Floats
    hot_ratio: float
    line_span_m: Floats
    zones: ProtectionZones
    earth: EarthFaults


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlaces:
    """Places of faults, one row each: behind a new cable from a bus or from a point on a line.

    ``bus`` is -1 where the point lies on ``line`` at ``offset_m`` along its shape. The cable is
    given by the totals of its parallel systems at 20 degC, zero without one; of a loop-in by one
    leg.
    """

    bus: Integers
    line: Integers
    offset_m: Floats
    resistance_ohm: Floats
    reactance_ohm: Floats
    is_loop_in: Flags

    def __len__(self) -> int:
        return len(self.bus)

    def rows(self, rows: Integers) -> FaultPlaces:
        """Some of the places."""
        return FaultPlaces(
            bus=self.bus[rows],
            line=self.line[rows],
            offset_m=self.offset_m[rows],
            resistance_ohm=self.resistance_ohm[rows],
            reactance_ohm=self.reactance_ohm[rows],
            is_loop_in=self.is_loop_in[rows],
        )


def short_circuit_currents(snapshot: Snapshot, catalogue: Catalogue) -> ShortCircuits:
    """Find the short-circuit currents of all buses of one switching state."""
    grid, topology = snapshot.grid, snapshot.topology
    maximum, minimum = (
        find_impedances(grid, topology, positive_network(grid, topology, catalogue, case))
        for case in (FaultCase.MAXIMUM, FaultCase.MINIMUM)
    )
    phase_kv = grid.buses.nominal_voltage_v / np.sqrt(3) / 1e3
    maximum_kv = phase_kv * voltage_factors(grid, catalogue, FaultCase.MAXIMUM)
    minimum_kv = phase_kv * voltage_factors(grid, catalogue, FaultCase.MINIMUM)
    return ShortCircuits(
        maximum_ka=maximum_kv / np.abs(maximum.bus_ohm),
        minimum_ka=minimum_kv / np.abs(minimum.bus_ohm),
        unknown=(
            *_reasons(grid, maximum, "largest"),
            *_reasons(grid, minimum, "smallest"),
        ),
        assumed=_assumptions(grid, catalogue),
        maximum=maximum,
        minimum=minimum,
        zero=find_impedances(grid, topology, zero_network(grid, topology, catalogue)),
        maximum_kv=maximum_kv,
        minimum_kv=minimum_kv,
        hot_ratio=resistance_ratio(catalogue, FaultCase.MINIMUM),
        line_span_m=line_span_m(grid.lines),
        zones=find_zones(grid, topology),
        earth=find_earth_faults(grid, topology, catalogue),
    )


def currents_at(
    snapshot: Snapshot, currents: ShortCircuits, places: FaultPlaces
) -> tuple[Floats, Floats]:
    """Largest and smallest current in kA at each place; NaN where unknown."""
    bus = voltage_bus(snapshot.grid, places)
    cold, hot = cable_ohm(places, 1.0), cable_ohm(places, currents.hot_ratio)
    maximum = impedance_at(currents, currents.maximum, places, cold)
    minimum = impedance_at(currents, currents.minimum, places, hot)
    return currents.maximum_kv[bus] / np.abs(maximum), currents.minimum_kv[bus] / np.abs(minimum)


def option_short_circuit(
    snapshot: Snapshot, currents: ShortCircuits, proposal: Proposal
) -> tuple[float, float]:
    """Largest and smallest current in kA at the customer's end of an option; NaN where unknown."""
    maximum, minimum = currents_at(snapshot, currents, place_of(proposal))
    return float(maximum[0]), float(minimum[0])


def access_short_circuit(
    snapshot: Snapshot, currents: ShortCircuits, proposal: Proposal
) -> tuple[float, float]:
    """Largest and smallest current in kA where the new cable begins; NaN where unknown."""
    maximum, minimum = currents_at(snapshot, currents, place_of(proposal, with_cable=False))
    return float(maximum[0]), float(minimum[0])


def access_short_circuit_angle_deg(currents: ShortCircuits, proposal: Proposal) -> float:
    """Angle of the network impedance where the new cable begins; NaN where it is unknown."""
    place = place_of(proposal, with_cable=False)
    nothing = np.zeros(1, np.complex128)
    impedance = complex(impedance_at(currents, currents.minimum, place, nothing)[0])
    return float(np.degrees(np.angle(impedance)))


def place_of(proposal: Proposal, *, with_cable: bool = True) -> FaultPlaces:
    """Place at the customer's end of a proposal, or at its access point."""
    cable = proposal.cable if with_cable else None
    return FaultPlaces(
        bus=np.array([proposal.bus]),
        line=np.array([proposal.line]),
        offset_m=np.array([proposal.offset_m]),
        resistance_ohm=np.array([cable.resistance_ohm if cable else 0.0]),
        reactance_ohm=np.array([cable.reactance_ohm if cable else 0.0]),
        is_loop_in=np.array([proposal.is_loop_in and cable is not None]),
    )


def join_places(first: FaultPlaces, second: FaultPlaces) -> FaultPlaces:
    """Places of two tables, in their order."""
    return FaultPlaces(
        bus=np.concatenate([first.bus, second.bus]),
        line=np.concatenate([first.line, second.line]),
        offset_m=np.concatenate([first.offset_m, second.offset_m]),
        resistance_ohm=np.concatenate([first.resistance_ohm, second.resistance_ohm]),
        reactance_ohm=np.concatenate([first.reactance_ohm, second.reactance_ohm]),
        is_loop_in=np.concatenate([first.is_loop_in, second.is_loop_in]),
    )


def why_current_unknown(snapshot: Snapshot, currents: ShortCircuits, places: FaultPlaces) -> str:
    """Say which datum the smallest three-phase current of the first place lacks."""
    element = int(element_at(currents.minimum, places)[0])
    return name_unknown(snapshot.grid, currents.minimum.unknown, element)


def voltage_bus(grid: Grid, places: FaultPlaces) -> Integers:
    """A bus of the same nominal voltage as each place."""
    bus = places.bus.copy()
    on_line = places.bus < 0
    bus[on_line] = grid.lines.from_bus[places.line[on_line]]
    return bus


def cable_ohm(places: FaultPlaces, hot_ratio: float) -> Complexes:
    """Impedance of the new cables (one leg of a loop-in) at a conductor temperature."""
    impedance: Complexes = places.resistance_ohm * hot_ratio + 1j * places.reactance_ohm
    return impedance


def impedance_at(
    currents: ShortCircuits, network: FaultImpedances, places: FaultPlaces, new_ohm: Complexes
) -> Complexes:
    """Impedance behind each place in one sequence, the new cable included."""
    impedance = np.full(len(places), complex(np.nan, np.nan))
    at_bus = np.flatnonzero(places.bus >= 0)
    impedance[at_bus] = network.bus_ohm[places.bus[at_bus]] + new_ohm[at_bus]
    on_line = np.flatnonzero((places.bus < 0) & ~places.is_loop_in)
    line, share = places.line[on_line], _share(currents, places, on_line)
    impedance[on_line] = network.at_line(line, share) + new_ohm[on_line]
    looped = np.flatnonzero((places.bus < 0) & places.is_loop_in)
    line, share = places.line[looped], _share(currents, places, looped)
    impedance[looped] = network.at_loop_in(line, share, new_ohm[looped])
    return impedance


def element_at(network: FaultImpedances, places: FaultPlaces) -> Integers:
    """Element whose data are missing for each place; -1 where none are."""
    element = np.full(len(places), -1)
    at_bus = places.bus >= 0
    element[at_bus] = network.bus_element[places.bus[at_bus]]
    element[~at_bus] = network.line_element[places.line[~at_bus]]
    return element


def _share(currents: ShortCircuits, places: FaultPlaces, rows: Integers) -> Floats:
    """Share of each line before its place; an offset beyond an end is held at that end."""
    span_m = currents.line_span_m[places.line[rows]]
    is_drawn = span_m > 0
    share = places.offset_m[rows] / np.where(is_drawn, span_m, 1.0)
    held: Floats = np.where(is_drawn, np.clip(share, 0.0, 1.0), 0.0)
    return held


def _reasons(grid: Grid, network: FaultImpedances, which: str) -> tuple[str, ...]:
    """Say which missing data leave how many buses without a current."""
    missing = network.bus_element[network.bus_element >= 0]
    element, count = np.unique(missing, return_counts=True)
    first = np.argsort(-count, kind="stable")
    named = tuple(
        f"the {which} short-circuit current of {count[row]} buses is unknown: "
        + name_unknown(grid, network.unknown, int(element[row]))
        for row in first[:NAMED_AT_MOST]
    )
    rest = first[NAMED_AT_MOST:]
    if not len(rest):
        return named
    return (*named, f"and that of {count[rest].sum()} buses for {len(rest)} more missing data")


def _assumptions(grid: Grid, catalogue: Catalogue) -> tuple[str, ...]:
    """Say what stands in for missing data, and what is left out."""
    rule = catalogue.rule("short_circuit.source_rx_ratio")
    unknown = np.flatnonzero((grid.sources.bus >= 0) & ~np.isfinite(grid.sources.rx_ratio))
    told = [
        f"R/X of source {grid.sources.source_id[row]} is unknown and taken as {rule.value:g} "
        f"({rule.confidence})"
        for row in unknown
    ]
    if count := len(grid.generators.generator_id):
        told.append(f"generators of the grid ({count}) are not counted")
    return tuple(told)
