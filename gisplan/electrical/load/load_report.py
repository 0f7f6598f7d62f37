"""Where the existing load of each feeder and transformer comes from, and how well it fits."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gisplan.electrical.load.existing_load import (
    Complexes,
    ScaledLoads,
    fed_bus,
    fed_bus_of_lines,
    newest_rows,
    provenance_of,
)
from gisplan.electrical.load.load_estimate import LoadBasis
from gisplan.model.grid import Flags, Floats, Grid, Integers, Peaks, Texts
from gisplan.network.snapshot import Topology
from gisplan.units import SQRT_3

FEEDER = "feeder"
TRANSFORMER = "transformer"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRow:
    """The existing load of one element; ``None`` is not known.

    ``element_kind`` is "feeder" (element is its head line) or "transformer". ``peak_kva`` is the
    newest measured one. ``factor`` is what scaling made of the estimate, ``residual_kva`` the
    scaled load less the peak. ``coincidence_ratio`` is the peak over the scaled load where parts of
    it were measured at times of their own. ``loading_ratio`` is the peak, else the scaled load,
    over the rating. ``note`` says what a planner must know.
    """

    element_kind: str
    element: str
    name: str
    provenance: str
    peak_kva: float | None
    measured_on: str
    estimated_kva: float
    scaled_kva: float
    factor: float | None
    residual_kva: float | None
    coincidence_ratio: float | None
    rated_kva: float | None
    loading_ratio: float | None
    customers: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Elements:
    """Elements of one table: what they are, what they supply, what was measured."""

    kind: str
    element: Texts
    name: Texts
    fed_bus: Integers
    rated_kva: Floats
    peak_row: Integers
    residual_kva: Floats
    provenance: Texts
    is_feeder: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """What hangs at or below each bus; the last entry is for elements that supply nothing."""

    estimated: Complexes
    scaled: Complexes
    customers: Integers
    typical: Integers
    unknown: Integers
    measured: Integers


def load_report(
    grid: Grid, topology: Topology, loads: ScaledLoads, peaks: Peaks | None = None
) -> tuple[LoadRow, ...]:
    """Return a row for each feeder, then for each transformer, in the order of their ids.

    ``loads`` and ``peaks`` belong together: those that :func:`scaled_loads` gave and took. What it
    used of a peak is told, and what it could not use. Lines that were measured when a feeder began
    with them, which switching has ended, follow the feeders.
    """
    transformers = _transformers(grid, topology, loads, peaks)
    lines = _lines(grid, topology, loads, peaks)
    sums = _sums(grid, topology, loads, (transformers, lines))
    return tuple(
        _row(elements, row, sums, peaks)
        for elements in (lines, transformers)
        for row in range(len(elements.element))
    )


def _transformers(
    grid: Grid, topology: Topology, loads: ScaledLoads, peaks: Peaks | None
) -> _Elements:
    table = grid.transformers
    count = len(table.transformer_id)
    return _Elements(
        kind=TRANSFORMER,
        element=table.transformer_id,
        name=table.name,
        fed_bus=fed_bus(topology, count),
        rated_kva=table.rated_power_kva * table.parallel_count,
        peak_row=newest_rows(peaks, "transformer", count),
        residual_kva=loads.residual_kva,
        provenance=loads.provenance,
        is_feeder=np.zeros(count, np.bool_),
    )


def _lines(grid: Grid, topology: Topology, loads: ScaledLoads, peaks: Peaks | None) -> _Elements:
    """Take the heads of feeders, then the other lines that have a peak."""
    table = grid.lines
    peak_row = newest_rows(peaks, "line", len(table.line_id))
    others = np.setdiff1d(np.flatnonzero(peak_row >= 0), topology.feeder_head)
    row = np.concatenate([topology.feeder_head, others])
    volts = grid.buses.nominal_voltage_v[table.from_bus[row]]
    rated_a = (table.rated_current_a * table.parallel_count)[row]
    fed = fed_bus_of_lines(topology, len(table.line_id))[row]
    residual = loads.line_residual_kva[row]
    return _Elements(
        kind=FEEDER,
        element=table.line_id[row],
        name=table.name[row],
        fed_bus=fed,
        rated_kva=SQRT_3 * volts * rated_a / 1000.0,
        peak_row=peak_row[row],
        residual_kva=residual,
        provenance=provenance_of(residual, np.append(loads.assumed_below, False)[fed]),
        is_feeder=np.isin(row, topology.feeder_head),
    )


def _sums(
    grid: Grid, topology: Topology, loads: ScaledLoads, tables: tuple[_Elements, ...]
) -> _Sums:
    def at_bus(values: Floats) -> Floats:
        sums = np.bincount(grid.loads.bus, values, len(topology.parent_bus))
        return sums.astype(np.float64)

    measured = np.zeros(len(topology.parent_bus))
    for elements in tables:
        measured[elements.fed_bus[np.isfinite(elements.residual_kva)]] = 1.0
    columns = np.column_stack(
        [
            at_bus(loads.estimated_p_kw),
            at_bus(loads.estimated_q_kvar),
            at_bus(loads.p_kw),
            at_bus(loads.q_kvar),
            at_bus(grid.loads.customer_count.astype(np.float64)),
            at_bus((loads.basis == LoadBasis.TYPICAL).astype(np.float64)),
            at_bus((loads.basis == LoadBasis.UNKNOWN).astype(np.float64)),
            measured,
        ]
    )
    total = np.vstack([_gathered(topology, columns), np.zeros(columns.shape[1])])
    counts = np.rint(total[:, 4:]).astype(np.int64)
    return _Sums(
        estimated=total[:, 0] + 1j * total[:, 1],
        scaled=total[:, 2] + 1j * total[:, 3],
        customers=counts[:, 0],
        typical=counts[:, 1],
        unknown=counts[:, 2],
        measured=counts[:, 3],
    )


def _gathered(topology: Topology, values: Floats) -> Floats:
    """Add up each column over everything that a bus supplies, itself included."""
    total = values.copy()
    parent = topology.parent_bus
    for bus in topology.order[::-1].tolist():
        if parent[bus] >= 0:
            total[parent[bus]] += total[bus]
    return total


def _row(elements: _Elements, row: int, sums: _Sums, peaks: Peaks | None) -> LoadRow:
    bus = int(elements.fed_bus[row])
    peak_kva, measured_on = _newest(peaks, int(elements.peak_row[row]))
    estimated, scaled = abs(sums.estimated[bus]), abs(sums.scaled[bus])
    is_used = math.isfinite(elements.residual_kva[row])
    parts_measured = int(sums.measured[bus]) - is_used
    rated = float(elements.rated_kva[row])
    ratio = peak_kva / scaled if is_used and parts_measured and scaled > 0 else math.nan
    carried = peak_kva if is_used else scaled
    return LoadRow(
        element_kind=elements.kind,
        element=str(elements.element[row]),
        name=str(elements.name[row]),
        provenance=str(elements.provenance[row]),
        peak_kva=_known(peak_kva),
        measured_on=measured_on,
        estimated_kva=_rounded(estimated),
        scaled_kva=_rounded(scaled),
        factor=_known(scaled / estimated if estimated > 0 else math.nan),
        residual_kva=_known(float(elements.residual_kva[row])),
        coincidence_ratio=_known(ratio),
        rated_kva=_known(rated),
        loading_ratio=_known(carried / rated if rated > 0 else math.nan),
        customers=int(sums.customers[bus]),
        note="; ".join(_notes(elements, row, sums)),
    )


def _newest(peaks: Peaks | None, row: int) -> tuple[float, str]:
    if peaks is None or row < 0:
        return math.nan, ""
    return float(peaks.peak_kva[row]), str(peaks.measured_on[row])


def _notes(elements: _Elements, row: int, sums: _Sums) -> list[str]:
    bus, texts = int(elements.fed_bus[row]), []
    if elements.kind == FEEDER and not elements.is_feeder[row]:
        texts.append("no feeder begins with this line now")
    if elements.peak_row[row] >= 0 and not math.isfinite(elements.residual_kva[row]):
        texts.append("its peak is not used: it supplies nothing in the tree of closed switches")
    if sums.typical[bus]:
        texts.append(f"nothing is known of {_counted(sums.typical[bus])}: counted as typical")
    if sums.unknown[bus]:
        texts.append(f"nothing is known of {_counted(sums.unknown[bus])}: left out")
    return texts


def _counted(loads: int) -> str:
    return f"{loads} load" if loads == 1 else f"{loads} loads"


def _known(value: float) -> float | None:
    return _rounded(value) if math.isfinite(value) else None


def _rounded(value: float) -> float:
    return round(float(value), 6) + 0.0
