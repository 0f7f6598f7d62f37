"""Existing load and generation, scaled to what was measured at transformers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.electrical.demand import LoadCase
from gisplan.model.grid import Flags, Floats, Grid, Integers, Peaks, SwitchedKind, Texts
from gisplan.network.snapshot import Topology
from gisplan.network.tree_kernel import hand_down
from gisplan.rules.catalogue import Catalogue

Complexes = np.ndarray[tuple[int], np.dtype[np.complex128]]

MEASURED = "measured"
ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledLoads:
    """Existing loads after scaling, one row a load; the rest one row a transformer.

    ``residual_kva`` is what the scaled loads sum up to less the measured peak: not zero where
    there is nothing to scale, NaN where nothing was measured.
    """

    p_kw: Floats
    q_kvar: Floats
    provenance: Texts
    peak_kva: Floats
    residual_kva: Floats


def scaled_loads(grid: Grid, topology: Topology, peaks: Peaks | None = None) -> ScaledLoads:
    """Scale the loads below each transformer so that their apparent sum equals its newest peak.

    Where a transformer with a peak hangs below another one, the lower one is scaled first and the
    upper one scales what is left to it. Losses between load and transformer are neglected. A
    transformer that supplies nothing in the tree (idle, or the second of a pair) is not scaled.
    """
    count = len(grid.transformers.transformer_id)
    peak = newest_peaks(peaks, count)
    fed = fed_bus(topology, count)
    measured = np.flatnonzero(np.isfinite(peak) & (fed >= 0))
    group = _measured_above(topology, fed, measured)
    load_group = group[grid.loads.bus]
    power = grid.loads.active_power_kw + 1j * grid.loads.reactive_power_kvar
    factor, residual = np.ones(count), np.full(count, np.nan)
    # the last entry collects the loads above which nothing was measured
    sums = np.zeros(count + 1, np.complex128)
    np.add.at(sums, load_group, power)
    below = np.zeros(count, np.complex128)
    depth = np.empty(len(topology.parent_bus), np.int64)
    depth[topology.order] = np.arange(len(topology.order))
    for row in measured[np.argsort(-depth[fed[measured]])]:
        own = complex(sums[row])
        factor[row] = scaling_factor(own, complex(below[row]), float(peak[row]))
        total = below[row] + factor[row] * own
        residual[row] = abs(total) - peak[row]
        upper = group[topology.parent_bus[fed[row]]]
        if upper >= 0:
            below[upper] += total
    scaled = power * np.append(factor, 1.0)[load_group]
    provenance = np.full(count, ESTIMATED)
    provenance[measured] = MEASURED
    return ScaledLoads(
        p_kw=scaled.real.copy(),
        q_kvar=scaled.imag.copy(),
        provenance=provenance,
        peak_kva=peak,
        residual_kva=residual,
    )


def newest_peaks(peaks: Peaks | None, transformer_count: int) -> Floats:
    """Newest measured peak of each transformer in kVA; NaN where nothing was measured."""
    newest = np.full(transformer_count, np.nan)
    if peaks is not None:
        rows = np.argsort(peaks.measured_on, kind="stable")
        rows = rows[peaks.transformer[rows] >= 0]
        newest[peaks.transformer[rows]] = peaks.peak_kva[rows]
    return newest


def fed_bus(topology: Topology, transformer_count: int) -> Integers:
    """Bus that each transformer supplies in the tree; -1 where it supplies none."""
    fed = np.full(transformer_count, -1, np.int64)
    bus = np.flatnonzero(topology.parent_kind == SwitchedKind.TRANSFORMER)
    bus = bus[topology.parent_bus[bus] >= 0]
    fed[topology.parent_branch[bus]] = bus
    return fed


def scaling_factor(own: complex, below: complex, peak_kva: float) -> float:
    """Factor k >= 0 with abs(below + k * own) = peak, or the one that comes nearest.

    It is 1 where there is nothing to scale.
    """
    square = abs(own) ** 2
    if square == 0:
        return 1.0
    half = (own * below.conjugate()).real
    discriminant = half**2 - square * (abs(below) ** 2 - peak_kva**2)
    root = discriminant**0.5 if discriminant > 0 else 0.0
    return float(max(0.0, (root - half) / square))


def _measured_above(topology: Topology, fed: Integers, measured: Integers) -> Integers:
    """Per bus the nearest transformer above it that has a measured peak, or -1."""
    is_fed: Flags = np.zeros(len(topology.parent_bus), np.bool_)
    own = np.full(len(topology.parent_bus), -1, np.int64)
    is_fed[fed[measured]] = True
    own[fed[measured]] = measured
    above: Integers = hand_down(topology.order, topology.parent_bus, is_fed, own)
    return above


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
