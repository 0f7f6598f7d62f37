"""Capacitive earth-fault current of every galvanically connected network, and what a cable adds.

An earth fault on one phase of a network without a directly earthed neutral draws the charging
current of the two others through earth; transformers do not pass it on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gisplan.electrical.demand import MEDIUM_VOLTAGE_V
from gisplan.electrical.proof.proposal import NewCable
from gisplan.model.grid import Floats, Grid, Integers, SwitchedKind
from gisplan.model.option import Finding, Severity
from gisplan.network.snapshot import Topology
from gisplan.rules.catalogue import Catalogue, Rule

NONE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class EarthFaults:
    """Galvanically connected networks from 1 kV on.

    ``network`` of each bus (-1 below 1 kV or without supply). Per network: the current of the
    lines whose capacitance c0 is known, number and length of those where it is not, and the first
    of these (-1 for none).
    """

    network: Integers
    current_a: Floats
    unknown_count: Integers
    unknown_length_m: Floats
    unknown_line: Integers


def earth_fault_current_a(
    *, nominal_voltage_v: Floats, capacitance_f: Floats, frequency_hz: float
) -> Floats:
    """Capacitive earth-fault current sqrt(3) U omega C0 of lines, C0 per phase.

    References
    ----------
    IEC 60909-3:2009, clause 4 (line-to-earth short circuits in networks with isolated neutral).
    """
    current: Floats = math.sqrt(3) * nominal_voltage_v * 2 * math.pi * frequency_hz * capacitance_f
    return current


def find_earth_faults(grid: Grid, topology: Topology, catalogue: Catalogue) -> EarthFaults:
    """Add up the capacitive earth-fault current of every network; lines that end open count."""
    lines = grid.lines
    network = _networks(grid, topology)
    is_on = (topology.line_from_closed | topology.line_to_closed) & lines.in_service
    feeding = np.where(topology.line_from_closed, lines.from_bus, lines.to_bus)
    row = np.flatnonzero(is_on & (network[feeding] >= 0))
    label, count = network[feeding[row]], int(network.max(initial=NONE)) + 1
    length_m = lines.length_m[row] * lines.parallel_count[row]
    capacitance_f = lines.zero_capacitance_nf_per_km[row] * length_m * 1e-12
    current = earth_fault_current_a(
        nominal_voltage_v=grid.buses.nominal_voltage_v[feeding[row]],
        capacitance_f=capacitance_f,
        frequency_hz=catalogue.value("earth_fault.frequency_hz"),
    )
    unknown = ~np.isfinite(current)
    first = np.full(count, NONE)
    first[label[unknown][::-1]] = row[unknown][::-1]
    return EarthFaults(
        network=network,
        current_a=_sums(label, np.where(unknown, 0.0, current), count),
        unknown_count=np.bincount(label[unknown], minlength=count),
        unknown_length_m=_sums(label[unknown], length_m[unknown], count),
        unknown_line=first,
    )


def _sums(label: Integers, values: Floats, count: int) -> Floats:
    """Sum of the values of each label."""
    total = np.zeros(count)
    np.add.at(total, label, values)
    return total


def _networks(grid: Grid, topology: Topology) -> Integers:
    """Network of each supplied bus from 1 kV on, numbered in the order of buses."""
    lines, switches = grid.lines, grid.switches
    closed = topology.line_from_closed & topology.line_to_closed & lines.in_service
    coupled = (switches.element_kind == SwitchedKind.BUS) & switches.closed
    coupled &= switches.element >= 0
    ends_a = np.concatenate([lines.from_bus[closed], switches.bus[coupled]])
    ends_b = np.concatenate([lines.to_bus[closed], switches.element[coupled]])
    count = len(grid.buses.bus_id)
    joined = coo_array((np.ones(len(ends_a)), (ends_a, ends_b)), shape=(count, count))
    _, label = connected_components(joined, directed=False)
    counts = (grid.buses.nominal_voltage_v >= MEDIUM_VOLTAGE_V) & (topology.source >= 0)
    network = np.full(count, NONE)
    _, network[counts] = np.unique(label[counts], return_inverse=True)
    return network


def check_earth_fault(
    grid: Grid,
    catalogue: Catalogue,
    earth: EarthFaults,
    *,
    bus: int,
    cable: NewCable,
    legs: int,
) -> tuple[Finding, ...]:
    """Tell what a new cable adds at a medium-voltage bus; this informs and refuses nothing.

    The cable's capacitance to earth is its working capacitance, as it is with a screen around
    each core. How the neutral is treated is not recorded, so both limits are told.
    """
    network = int(earth.network[bus])
    if network < 0:
        return ()
    added_a = float(
        earth_fault_current_a(
            nominal_voltage_v=grid.buses.nominal_voltage_v[[bus]],
            capacitance_f=np.array([cable.capacitance_f * legs]),
            frequency_hz=catalogue.value("earth_fault.frequency_hz"),
        )[0]
    )
    before_a = float(earth.current_a[network])
    total_a = before_a + added_a
    residual_a = catalogue.value("earth_fault.residual_ratio") * total_a
    element = f"bus {grid.buses.bus_id[bus]}"
    story = (
        f"the new cable adds {added_a:.2f} A to the capacitive earth-fault current of the network "
        f"at {element}: {total_a:.2f} A instead of {before_a:.2f} A" + _gap(grid, earth, network)
    )
    is_whole = not earth.unknown_count[network]
    isolated = catalogue.rule("earth_fault.isolated_max_a")
    compensated = catalogue.rule("earth_fault.compensated_residual_max_a")
    return (
        _inform(isolated, total_a, element, f"{isolated.title}: {story}", is_whole=is_whole),
        _inform(
            compensated,
            residual_a,
            element,
            f"{compensated.title}: about {residual_a:.2f} A of {total_a:.2f} A",
            is_whole=is_whole,
        ),
    )


def _gap(grid: Grid, earth: EarthFaults, network: int) -> str:
    """Say which lines are missing in the sum."""
    count = int(earth.unknown_count[network])
    if not count:
        return ""
    line = grid.lines.line_id[earth.unknown_line[network]]
    others = f" and {count - 1} more" if count > 1 else ""
    length_km = earth.unknown_length_m[network] / 1000
    return (
        f"; the capacitance to earth (c0) of line {line}{others} ({length_km:.2f} km) is unknown "
        "and not in these figures"
    )


def _inform(rule: Rule, measured: float, element: str, text: str, *, is_whole: bool) -> Finding:
    """Return a finding that never refuses; without all lines a margin would be a guess."""
    limit = f"{text}; the limit is {rule.value:g} {rule.unit}"
    finding = replace(rule.measure(measured, element=element, text=limit), severity=Severity.INFO)
    return finding if is_whole else replace(finding, measured=None, margin=None)
