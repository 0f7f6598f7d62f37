"""Existing load and generation, scaled to what was measured at transformers and feeders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.electrical.demand import LoadCase
from gisplan.electrical.load.load_estimate import LoadBasis, estimate_loads
from gisplan.model.grid import (
    Codes,
    Flags,
    Floats,
    Grid,
    Integers,
    Peaks,
    SwitchedKind,
    Texts,
)
from gisplan.network.snapshot import Topology
from gisplan.network.tree_kernel import hand_down
from gisplan.rules.catalogue import Catalogue

Complexes = np.ndarray[tuple[int], np.dtype[np.complex128]]

MEASURED = "measured"
ESTIMATED = "estimated"
ASSUMED = "assumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledLoads:
    """Existing loads after scaling, one row a load; then what was measured, by its element.

    ``estimated_p_kw`` and ``estimated_q_kvar`` are the loads before scaling, ``basis`` (a code of
    ``LoadBasis``) says what they rest on. ``provenance``, ``peak_kva`` and ``residual_kva`` have a
    row a transformer, those that begin with ``line`` a row a line. A residual is what the scaled
    loads sum up to less the measured peak: not zero where there is nothing to scale or where peaks
    below do not fall together, NaN where nothing was measured or it could not be used.
    ``assumed_below`` marks the buses that carry a load of which nothing is known, at or below.
    """

    p_kw: Floats
    q_kvar: Floats
    estimated_p_kw: Floats
    estimated_q_kvar: Floats
    basis: Codes
    provenance: Texts
    peak_kva: Floats
    residual_kva: Floats
    line_peak_kva: Floats
    line_residual_kva: Floats
    assumed_below: Flags


def scaled_loads(
    grid: Grid, topology: Topology, peaks: Peaks | None = None, catalogue: Catalogue | None = None
) -> ScaledLoads:
    """Scale the loads below each measured element so that their apparent sum equals its peak.

    Elements are transformers and lines (the head of a feeder), each with its newest peak. Where one
    hangs below another, the lower one is scaled first and the upper one scales what is left to it;
    no load is scaled twice. Losses between load and element are neglected. An element that supplies
    nothing in the tree (idle, or the second of a pair) is not scaled.

    Parameters
    ----------
    catalogue
        Needed where loads have no recorded power; see :func:`estimate_loads`.

    Raises
    ------
    InputError
        If a load has no recorded power and no catalogue is given.
    """
    own = estimate_loads(grid, topology, catalogue)
    transformer_count, line_count = len(grid.transformers.transformer_id), len(grid.lines.line_id)
    fed, fed_by_line = fed_bus(topology, transformer_count), fed_bus_of_lines(topology, line_count)
    peak = newest_peaks(peaks, transformer_count)
    line_peak = newest_line_peaks(peaks, line_count)
    bus_peak = np.full(len(topology.parent_bus), np.nan)
    for bus, kva in ((fed, peak), (fed_by_line, line_peak)):
        used = (bus >= 0) & np.isfinite(kva)
        bus_peak[bus[used]] = kva[used]
    scaled, bus_residual = _scale(grid, topology, own.p_kw + 1j * own.q_kvar, bus_peak)
    residual = np.append(bus_residual, np.nan)[fed]
    assumed = _at_or_above(topology, np.unique(grid.loads.bus[own.basis >= LoadBasis.TYPICAL]))
    return ScaledLoads(
        p_kw=scaled.real.copy(),
        q_kvar=scaled.imag.copy(),
        estimated_p_kw=own.p_kw,
        estimated_q_kvar=own.q_kvar,
        basis=own.basis,
        provenance=provenance_of(residual, np.append(assumed, False)[fed]),
        peak_kva=peak,
        residual_kva=residual,
        line_peak_kva=line_peak,
        line_residual_kva=np.append(bus_residual, np.nan)[fed_by_line],
        assumed_below=assumed,
    )


def provenance_of(residual_kva: Floats, is_assumed: Flags) -> Texts:
    """Say of each element where its load comes from: measured, estimated or assumed.

    Assumed is what was not measured and rests, in part or whole, on a load of which nothing is
    known.
    """
    unmeasured = np.where(is_assumed, ASSUMED, ESTIMATED)
    return np.where(np.isfinite(residual_kva), MEASURED, unmeasured)


def newest_peaks(peaks: Peaks | None, transformer_count: int) -> Floats:
    """Newest measured peak of each transformer in kVA; NaN where nothing was measured."""
    return _peaks_at(peaks, newest_rows(peaks, "transformer", transformer_count))


def newest_line_peaks(peaks: Peaks | None, line_count: int) -> Floats:
    """Newest measured peak of each line in kVA; NaN where nothing was measured."""
    return _peaks_at(peaks, newest_rows(peaks, "line", line_count))


def newest_rows(peaks: Peaks | None, column: str, count: int) -> Integers:
    """Row of the newest peak of each element ("transformer" or "line"); -1 where there is none."""
    newest = np.full(count, -1, np.int64)
    if peaks is not None:
        element: Integers = getattr(peaks, column)
        rows = np.argsort(peaks.measured_on, kind="stable")
        rows = rows[element[rows] >= 0]
        newest[element[rows]] = rows
    return newest


def _peaks_at(peaks: Peaks | None, rows: Integers) -> Floats:
    peak_kva = np.zeros(0) if peaks is None else peaks.peak_kva
    found: Floats = np.append(peak_kva, np.nan)[rows]
    return found


def fed_bus(topology: Topology, transformer_count: int) -> Integers:
    """Bus that each transformer supplies in the tree; -1 where it supplies none."""
    return _fed_by(topology, SwitchedKind.TRANSFORMER, transformer_count)


def fed_bus_of_lines(topology: Topology, line_count: int) -> Integers:
    """Bus that each line supplies in the tree; -1 where it supplies none."""
    return _fed_by(topology, SwitchedKind.LINE, line_count)


def _fed_by(topology: Topology, kind: SwitchedKind, count: int) -> Integers:
    fed = np.full(count, -1, np.int64)
    bus = np.flatnonzero(topology.parent_kind == kind)
    bus = bus[topology.parent_bus[bus] >= 0]
    fed[topology.parent_branch[bus]] = bus
    return fed


def _scale(
    grid: Grid, topology: Topology, power: Complexes, bus_peak_kva: Floats
) -> tuple[Complexes, Floats]:
    """Scale loads to the peaks measured above buses; also the residual of each such bus.

    Buses are worked off deepest first, so that what hangs below is final when its upper one asks.
    """
    count = len(bus_peak_kva)
    is_top = np.isfinite(bus_peak_kva)
    # the last entry collects the loads above which nothing was measured
    group: Integers = hand_down(
        topology.order, topology.parent_bus, is_top, np.where(is_top, np.arange(count), -1)
    )
    load_group = group[grid.loads.bus]
    own = np.bincount(load_group % (count + 1), power.real, count + 1) + 1j * np.bincount(
        load_group % (count + 1), power.imag, count + 1
    )
    below = np.zeros(count + 1, np.complex128)
    factor, residual = np.ones(count + 1), np.full(count, np.nan)
    for bus in reversed(topology.order[is_top[topology.order]].tolist()):
        factor[bus] = scaling_factor(
            complex(own[bus]), complex(below[bus]), float(bus_peak_kva[bus])
        )
        total = below[bus] + factor[bus] * own[bus]
        residual[bus] = abs(total) - bus_peak_kva[bus]
        parent = int(topology.parent_bus[bus])
        below[group[parent] if parent >= 0 else count] += total
    return power * factor[load_group], residual


def scaling_factor(own: complex, below: complex, peak_kva: float) -> float:
    """Factor k >= 0 with abs(below + k * own) = peak, or the one that comes nearest.

    It is 1 where there is nothing to scale. Where parts were measured below at times of their own
    and all together are more than the peak, the excess is as well their coincidence as an error of
    the rest; the rest then shrinks no further than by peak / abs(below + own), for a measurement
    elsewhere is no reason to take it for nothing.
    """
    square = abs(own) ** 2
    if square == 0:
        return 1.0
    half = (own * below.conjugate()).real
    discriminant = half**2 - square * (abs(below) ** 2 - peak_kva**2)
    root = discriminant**0.5 if discriminant > 0 else 0.0
    wanted = max(0.0, (root - half) / square)
    together = abs(below + own)
    return float(max(wanted, peak_kva / together) if together > peak_kva else wanted)


def _at_or_above(topology: Topology, buses: Integers) -> Flags:
    """Mark buses and everything between them and their sources."""
    marked: Flags = np.zeros(len(topology.parent_bus), np.bool_)
    for first in buses.tolist():
        bus = first
        while bus >= 0 and not marked[bus]:
            marked[bus] = True
            bus = int(topology.parent_bus[bus])
    return marked


def existing_power(
    grid: Grid, loads: ScaledLoads, catalogue: Catalogue, case: LoadCase
) -> tuple[Floats, Floats]:
    """Net existing demand of every bus in a load case: kW and kvar, generation negative."""
    if case is LoadCase.LOAD:
        load_ratio, generation_ratio = 1.0, catalogue.value("case.load_generation_ratio")
    else:
        load_ratio = catalogue.value("case.feed_in_load_ratio")
        generation_ratio = catalogue.value("case.feed_in_generation_ratio")
    count = len(grid.buses.bus_id)

    def net(load: Floats, generation: Floats) -> Floats:
        drawn = np.bincount(grid.loads.bus, load_ratio * load, count)
        fed_in = np.bincount(grid.generators.bus, generation_ratio * generation, count)
        return (drawn - fed_in).astype(np.float64)

    generators = grid.generators
    return (
        net(loads.p_kw, generators.active_power_kw),
        net(loads.q_kvar, generators.reactive_power_kvar),
    )
