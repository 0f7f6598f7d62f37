"""Impedance behind every place of the grid in one sequence: at buses, and anywhere along lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gisplan.electrical.faults.fault_data import KNOWN, Complexes, UnknownData, element_numbers
from gisplan.electrical.faults.fault_kernel import walk_down
from gisplan.electrical.faults.fault_mesh import Meshes, solve_meshes
from gisplan.electrical.faults.fault_network import FaultNetwork
from gisplan.model.grid import Flags, Floats, Grid, Integers
from gisplan.network.snapshot import Topology
from gisplan.network.tree_kernel import hand_down


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultImpedances:
    """Impedance between each place and the ideal voltage behind all infeeds, NaN where unknown.

    A line has its own impedance ``line_ohm``, that of the network at both its ends and the mutual
    one between them; behind an open end the stub is counted in. ``bus_element`` and
    ``line_element`` say what is unknown (numbers as in ``element_numbers``; -1: nothing),
    ``unknown`` which of its data.
    """

    bus_ohm: Complexes
    bus_element: Integers
    line_ohm: Complexes
    line_from_ohm: Complexes
    line_to_ohm: Complexes
    line_mutual_ohm: Complexes
    line_element: Integers
    unknown: UnknownData

    def at_line(self, line: Integers, share: Floats) -> Complexes:
        """Impedance at a share (0..1) of lines, counted from their first bus."""
        return _along(self._ends(line), self.line_ohm[line], share.astype(np.complex128))

    def at_loop_in(self, line: Integers, share: Floats, leg_ohm: Complexes) -> Complexes:
        """Impedance at a bus that is looped into lines at a share, with a leg to each part.

        Both legs lengthen the line, which moves the impedances at its ends in a loop, and behind
        the new bus where there is none: a change of rank one (Sherman and Morrison, 1950).
        """
        old = self.line_ohm[line]
        new = old + 2 * leg_ohm
        a, b, mutual = self._ends(line)
        determinant = old * new - (new - old) * (a + b - 2 * mutual)
        is_regular = np.abs(determinant) > 0
        change = np.where(is_regular, (old - new) / np.where(is_regular, determinant, 1.0), 0.0)
        ends = _Ends(
            a - change * (a - mutual) ** 2,
            b - change * (b - mutual) ** 2,
            mutual + change * (a - mutual) * (b - mutual),
        )
        way: Complexes = (share * old + leg_ohm) / np.where(new != 0, new, 1.0)
        return _along(ends, new, way)

    def _ends(self, line: Integers) -> _Ends:
        return _Ends(self.line_from_ohm[line], self.line_to_ohm[line], self.line_mutual_ohm[line])


class _Ends(NamedTuple):
    """Impedance of the network at both ends of lines, and between them."""

    first: Complexes
    second: Complexes
    mutual: Complexes


def _along(ends: _Ends, line_ohm: Complexes, share: Complexes) -> Complexes:
    """Impedance at a share of the impedance of lines.

    A current at s splits into 1 - s and s as seen from the ends:
    Z = (1-s)^2 Zaa + s^2 Zbb + 2 s (1-s) Zab + s (1-s) Zline.
    """
    rest = 1 - share
    impedance: Complexes = (
        rest**2 * ends.first + share**2 * ends.second + share * rest * (2 * ends.mutual + line_ohm)
    )
    return impedance


def find_impedances(grid: Grid, topology: Topology, network: FaultNetwork) -> FaultImpedances:
    """Sum one sequence down its supply tree, loops solved exactly."""
    parent, scale, series = _tree(network)
    own = _unknown_elements(network)
    meshes = solve_meshes(network)
    # the top of a group keeps its own branch; everything else in the group hangs on the top
    moved = meshes.bus != meshes.top
    bus = meshes.bus[moved]
    parent[bus], scale[bus] = meshes.top[moved], meshes.gain[moved] ** 2
    series[bus] = meshes.own_ohm[moved]
    own[meshes.bus] = np.where(moved | (meshes.element >= 0), meshes.element, own[meshes.bus])
    series[meshes.bus[meshes.element >= 0]] = complex(np.nan, np.nan)
    impedance = walk_down(network.order, parent, scale, series)
    element = hand_down(network.order, parent, own >= 0, own)
    is_supplied = np.zeros(len(parent), np.bool_)
    is_supplied[network.order] = True
    element[~is_supplied] = element_numbers(grid)[-1]
    return _with_lines(
        grid, topology, network, meshes=meshes, bus_ohm=impedance, bus_element=element
    )


def _tree(network: FaultNetwork) -> tuple[Integers, Complexes, Complexes]:
    """Parent, squared ratio and series impedance of every bus, as the kernel walks them."""
    parent, branch, branches = network.parent.copy(), network.branch, network.branches
    scale = np.ones(len(parent), np.complex128)
    series = np.full(len(parent), complex(np.nan, np.nan))
    root = np.flatnonzero((parent < 0) & (network.infeed_s != 0) & np.isfinite(network.infeed_s))
    series[root] = 1 / network.infeed_s[root]
    fed = np.flatnonzero(parent >= 0)
    row = branch[fed]
    ratio, impedance = branches.ratio[row], branches.series_ohm[row]
    forwards = branches.to_bus[row] == fed
    scale[fed] = np.where(forwards, ratio, 1 / ratio) ** 2
    series[fed] = np.where(forwards, impedance, impedance / ratio**2)
    return parent, scale, series


def _unknown_elements(network: FaultNetwork) -> Integers:
    """Element between each bus and its parent, or at a root, whose data are unknown."""
    own = np.full(len(network.parent), KNOWN)
    root = network.parent < 0
    own[root] = network.infeed_element[root]
    fed = np.flatnonzero(~root)
    row = network.branch[fed]
    known = np.isfinite(network.branches.series_ohm[row])
    own[fed] = np.where(known, KNOWN, network.branches.element[row])
    return own


def _with_lines(
    grid: Grid,
    topology: Topology,
    network: FaultNetwork,
    *,
    meshes: Meshes,
    bus_ohm: Complexes,
    bus_element: Integers,
) -> FaultImpedances:
    lines, line_ohm = grid.lines, network.line_ohm
    at_from = topology.line_from_closed & lines.in_service
    at_to = topology.line_to_closed & lines.in_service
    is_fed_back = _fed_from_second(network, len(line_ohm)) | (at_to & ~at_from)
    feeding = np.where(is_fed_back, lines.to_bus, lines.from_bus)
    mutual = np.where(at_from | at_to, bus_ohm[feeding], complex(np.nan, np.nan))
    from_ohm = np.where(at_from, bus_ohm[lines.from_bus], mutual + line_ohm)
    to_ohm = np.where(at_to, bus_ohm[lines.to_bus], mutual + line_ohm)
    pair = network.branches.element[meshes.pair]
    in_loop = (pair >= 0) & (pair < len(line_ohm))
    mutual[pair[in_loop]] = _mutual(network, meshes, bus_ohm)[in_loop]
    element = np.where(bus_element[feeding] >= 0, bus_element[feeding], KNOWN)
    unknown_line = ~np.isfinite(line_ohm) & (element < 0)
    element[unknown_line] = np.flatnonzero(unknown_line)
    element[~(at_from | at_to)] = element_numbers(grid)[-1]
    return FaultImpedances(
        bus_ohm=bus_ohm,
        bus_element=bus_element,
        line_ohm=line_ohm,
        line_from_ohm=from_ohm,
        line_to_ohm=to_ohm,
        line_mutual_ohm=mutual,
        line_element=element,
        unknown=network.unknown,
    )


def _fed_from_second(network: FaultNetwork, line_count: int) -> Flags:
    """Per line, whether the supply tree leads through it from its second bus to its first."""
    fed = np.flatnonzero(network.parent >= 0)
    row = network.branch[fed]
    element = network.branches.element[row]
    by_line = (element >= 0) & (element < line_count)
    backwards = np.zeros(line_count, np.bool_)
    backwards[element[by_line]] = network.branches.from_bus[row[by_line]] == fed[by_line]
    return backwards


def _mutual(network: FaultNetwork, meshes: Meshes, bus_ohm: Complexes) -> Complexes:
    """Mutual impedance of the branches inside loops: through the top, and beside it."""
    place = np.zeros(len(bus_ohm), np.int64)
    place[meshes.bus] = np.arange(len(meshes.bus))
    a = place[network.branches.from_bus[meshes.pair]]
    b = place[network.branches.to_bus[meshes.pair]]
    top = meshes.top[a]
    above = np.where(top >= 0, bus_ohm[top], 0.0)
    mutual: Complexes = meshes.gain[a] * meshes.gain[b] * above + meshes.pair_ohm
    return mutual
