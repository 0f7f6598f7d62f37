"""The one low-voltage network that a customer connects to, and the grid behind its transformer.

The medium voltage stands as a source behind its Thevenin impedance: that of the path to the source
and of the source itself. In a loop the path is one of several, so the impedance errs upwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.electrical.base.base_state import BaseState
from gisplan.electrical.demand import MEDIUM_VOLTAGE_V
from gisplan.electrical.proof.own_part import NO_ROW, access_bus
from gisplan.electrical.proof.proposal import Proposal
from gisplan.errors import InputError
from gisplan.model.grid import Flags, Grid, Integers, SwitchedKind
from gisplan.network.snapshot import Snapshot, Topology
from gisplan.network.tree_kernel import hand_down

KVA = 1e3


@dataclass(frozen=True, slots=True, kw_only=True)
class LowVoltagePart:
    """A low-voltage network behind one medium-voltage bus.

    ``bus`` flags its buses, without ``primary``, the medium-voltage bus that feeds it through the
    ``transformers``. ``group`` says for each bus where its supply meets the customer's: 0 at or
    below the access point, then bus by bus up the path; -1 outside.
    """

    bus: Flags
    primary: int
    transformers: Integers
    group: Integers
    group_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotProven:
    """Why a single-phase customer cannot be proven here; ``is_supplied`` is whether it has power.

    ``text`` ends the sentence "not proven: ...".
    """

    text: str
    is_supplied: bool = True


def find_low_voltage_part(
    snapshot: Snapshot, base: BaseState, proposal: Proposal
) -> LowVoltagePart | NotProven:
    """Find the network that an access point belongs to.

    Raises
    ------
    InputError
        If the access point is not at low voltage, or a loop-in.
    """
    grid, topology = snapshot.grid, snapshot.topology
    bus = access_bus(snapshot, proposal)
    voltage_v = float(grid.buses.nominal_voltage_v[bus])
    if voltage_v >= MEDIUM_VOLTAGE_V or proposal.is_loop_in:
        raise InputError(
            f"a single-phase connection at bus {grid.buses.bus_id[bus]} of {voltage_v:g} V"
            f"{' as a loop-in' if proposal.is_loop_in else ''}; expected a branch below "
            f"{MEDIUM_VOLTAGE_V:g} V"
        )
    start = first_bus(grid, topology, proposal)
    if start == NO_ROW:
        return NotProven(
            text="nothing supplies the access point in the present switching state",
            is_supplied=False,
        )
    network = base.parts.low_voltage
    inside: Flags = network == network[start]
    units = grid.transformers
    closed = topology.transformer_closed & units.in_service
    feeding = np.flatnonzero(closed & inside[units.lv_bus] & (network[units.hv_bus] < 0))
    primaries = np.unique(units.hv_bus[feeding])
    sources = grid.sources.source_id[(grid.sources.bus >= 0) & inside[grid.sources.bus]]
    reason = _unfit(grid, primaries, len(sources) > 0, proposal, feeding)
    if reason:
        return NotProven(text=reason)
    group, group_count = _groups(topology, inside, start)
    return LowVoltagePart(
        bus=inside,
        primary=int(primaries[0]),
        transformers=feeding,
        group=group,
        group_count=group_count,
    )


def first_bus(grid: Grid, topology: Topology, proposal: Proposal) -> int:
    """Bus at or just below the access point in the tree of supply; -1 where there is no supply."""
    if proposal.bus >= 0:
        return proposal.bus if topology.source[proposal.bus] >= 0 else NO_ROW
    row = proposal.line
    ends = [
        int(bus)
        for bus, closed in (
            (grid.lines.to_bus[row], topology.line_to_closed[row]),
            (grid.lines.from_bus[row], topology.line_from_closed[row]),
        )
        if closed and grid.lines.in_service[row] and topology.source[bus] >= 0
    ]
    fed = [
        bus
        for bus in ends
        if topology.parent_kind[bus] == SwitchedKind.LINE and topology.parent_branch[bus] == row
    ]
    return next(iter([*fed, *ends]), NO_ROW)


def _unfit(
    grid: Grid, primaries: Integers, has_source: bool, proposal: Proposal, feeding: Integers
) -> str:
    """Say what is beyond one network behind one medium-voltage bus; empty where nothing is."""
    names = grid.transformers.transformer_id
    elsewhere = [row for row, _ in proposal.tap_positions if row not in feeding]
    if has_source or not len(primaries):
        return "the low-voltage network is fed by a source of its own"
    if len(primaries) > 1:
        return (
            f"the low-voltage network is fed from {len(primaries)} places at once, through "
            f"transformers {', '.join(map(str, names[feeding]))}; open one of them or measure"
        )
    if elsewhere:
        return (
            f"the tap of transformer {names[elsewhere[0]]} moves with the connection, which is not "
            "the one that feeds this low-voltage network"
        )
    return ""


def _groups(topology: Topology, inside: Flags, start: int) -> tuple[Integers, int]:
    path: list[int] = []
    at = start
    while at >= 0 and inside[at]:
        path.append(at)
        at = int(topology.parent_bus[at])
    on_path = np.zeros(len(inside), np.bool_)
    place = np.full(len(inside), -1, np.int64)
    on_path[path] = True
    place[path] = np.arange(len(path))
    group = hand_down(topology.order, topology.parent_bus, on_path, place)
    # a bus fed through the second of two parallel ways meets the path at the transformer at last
    return np.where(inside & (group < 0), len(path) - 1, np.where(inside, group, -1)), len(path)


def upstream_impedance(grid: Grid, topology: Topology, bus: int) -> complex:
    """Thevenin impedance of a bus in p.u. of its nominal voltage on a base of 1 kVA.

    The sum over the path to the source of lines, transformers (referred by the square of their
    ratio) and source, whose smallest short-circuit power counts. What is unknown is taken as zero.
    """
    total, scale, at = 0j, 1.0, bus
    while topology.parent_bus[at] >= 0:
        row, kind = int(topology.parent_branch[at]), topology.parent_kind[at]
        if kind == SwitchedKind.LINE:
            total += scale * _line_impedance(grid, row, at)
        elif kind == SwitchedKind.TRANSFORMER:
            own, ratio = _unit_impedance(grid, row, at)
            total += scale * own
            scale *= ratio**2
        at = int(topology.parent_bus[at])
    return total + scale * _source_impedance(grid, at)


def _known(value: complex) -> complex:
    return value if np.isfinite(value) else 0j


def _line_impedance(grid: Grid, row: int, bus: int) -> complex:
    lines = grid.lines
    ohm_per_km = complex(lines.resistance_ohm_per_km[row], lines.reactance_ohm_per_km[row])
    ohm = ohm_per_km * lines.length_m[row] / 1000 / lines.parallel_count[row]
    return _known(complex(ohm * KVA / grid.buses.nominal_voltage_v[bus] ** 2))


def _unit_impedance(grid: Grid, row: int, bus: int) -> tuple[complex, float]:
    """Impedance at the fed bus, and its open-circuit voltage over that of the feeding bus."""
    table, nominal = grid.transformers, grid.buses.nominal_voltage_v
    hv_bus, lv_bus = table.hv_bus[row], table.lv_bus[row]
    high, low = table.hv_voltage_v[row] / nominal[hv_bus], table.lv_voltage_v[row] / nominal[lv_bus]
    steps = table.tap_position[row] - table.tap_neutral[row]
    moved = 1 + steps * np.nan_to_num(table.tap_step_pct[row], nan=0.0) / 100
    high, low = (high * moved, low) if table.tap_side[row] == 0 else (high, low * moved)
    impedance = table.short_circuit_voltage_pct[row] / 100
    resistance = min(table.short_circuit_resistance_pct[row] / 100, impedance)
    own = complex(resistance, np.sqrt(max(impedance**2 - resistance**2, 0.0)))
    rated_kva = table.rated_power_kva[row] * table.parallel_count[row]
    feeds_low = bus == lv_bus
    side = low if feeds_low else high
    return _known(complex(own / rated_kva * side**2)), float(
        low / high if feeds_low else high / low
    )


def _source_impedance(grid: Grid, bus: int) -> complex:
    sources = grid.sources
    found = np.flatnonzero(sources.bus == bus)
    if not len(found):
        return 0j
    row = found[0]
    power_mva = np.fmin(
        sources.short_circuit_power_min_mva[row], sources.short_circuit_power_mva[row]
    )
    if not (np.isfinite(power_mva) and power_mva > 0):
        return 0j
    ratio = np.nan_to_num(sources.rx_ratio[row], nan=0.0)
    return complex(complex(ratio, 1.0) / abs(complex(ratio, 1.0)) / (power_mva * KVA))
