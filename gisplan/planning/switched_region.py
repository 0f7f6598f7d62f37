"""A region in another switching state, with the existing load as it is known today."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.load.existing_load import fed_bus, fed_bus_of_lines, scaled_loads
from gisplan.model.grid import Peaks
from gisplan.network.switching import switched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gisplan.model.grid import Flags, Floats, Grid, Integers
    from gisplan.network.snapshot import Snapshot, Topology
    from gisplan.planning.region import Region


def with_switches(region: Region, peaks: Peaks, closed: Mapping[int, bool]) -> tuple[Region, Peaks]:
    """Return the region with switches, by row, closed or open, and the peaks that still hold.

    Loads keep what the measured peaks of the present switching state say of them. A peak that was
    measured where something else hangs now no longer scales anything.
    """
    snapshot = region.snapshot
    states = np.asarray(snapshot.grid.switches.closed)
    changed = {row: is_closed for row, is_closed in closed.items() if states[row] != is_closed}
    if not changed:
        return region, peaks
    frozen = _with_known_loads(region, peaks)
    after = switched(frozen, changed)
    return replace(region, snapshot=after), _lasting(peaks, frozen, after.topology)


def _with_known_loads(region: Region, peaks: Peaks) -> Snapshot:
    """Write the scaled loads into the grid, for another topology would scale them otherwise."""
    snapshot, grid = region.snapshot, region.snapshot.grid
    known = scaled_loads(grid, snapshot.topology, peaks, region.catalogue)
    loads = replace(grid.loads, active_power_kw=known.p_kw, reactive_power_kvar=known.q_kvar)
    return replace(snapshot, grid=replace(grid, loads=loads))


def _lasting(peaks: Peaks, before: Snapshot, after: Topology) -> Peaks:
    """Return the peaks of elements below which the same load hangs as before."""
    grid = before.grid
    here, there = _load_below(grid, before.topology), _load_below(grid, after)
    units, lines = len(grid.transformers.transformer_id), len(grid.lines.line_id)
    same_unit = _same(fed_bus(before.topology, units), fed_bus(after, units), here, there)
    same_line = _same(
        fed_bus_of_lines(before.topology, lines), fed_bus_of_lines(after, lines), here, there
    )
    lasts = np.where(peaks.transformer >= 0, same_unit[peaks.transformer], same_line[peaks.line])
    return Peaks(
        transformer=peaks.transformer[lasts],
        line=peaks.line[lasts],
        peak_kva=peaks.peak_kva[lasts],
        measured_on=peaks.measured_on[lasts],
    )


def _same(before: Integers, after: Integers, here: Floats, there: Floats) -> Flags:
    """Tell which elements feed the same bus with the same load; the last entry is no element."""
    same = (before == after) & np.isclose(here[before], there[after], rtol=1e-9, atol=1e-9)
    return np.append(same, False)


def _load_below(grid: Grid, topology: Topology) -> Floats:
    """Return the active load at and below each bus in kW; the last entry is for no bus."""
    count = len(grid.buses.bus_id)
    below = np.bincount(grid.loads.bus, grid.loads.active_power_kw, count + 1).astype(np.float64)
    parent = topology.parent_bus
    for bus in topology.order[::-1].tolist():
        if parent[bus] >= 0:
            below[parent[bus]] += below[bus]
    return below
