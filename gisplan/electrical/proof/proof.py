"""What the AC power flow says about a proposal, read from the solved scenarios."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gisplan.electrical.base.base_state import BaseState
from gisplan.electrical.demand import MAIN, STATES, LoadCase, bus_levels
from gisplan.electrical.proof.judging import GroupCase, judge
from gisplan.electrical.proof.own_part import OwnPart, access_bus, find_own_part, supply_names
from gisplan.electrical.proof.proof_model import Group
from gisplan.electrical.proof.proposal import Proposal
from gisplan.electrical.proof.worst import Judged, Quantity, Worst
from gisplan.model.grid import Flags, Floats, Grid, Integers, Texts
from gisplan.network.snapshot import Snapshot

NEW_CONNECTION = "new connection"
"""Stands for the id of the customer's new bus and cable, which the grid does not hold yet."""

SERVICE = STATES.index("service")
VOLTAGE_MIN = (Quantity.LV_MIN, Quantity.MV_MIN)
VOLTAGE_MAX = (Quantity.LV_MAX, Quantity.MV_MAX)
LOADING_MAX = (Quantity.LINE, Quantity.TRANSFORMER, Quantity.MAIN_TRANSFORMER)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofResult:
    """One proposal, proven; worst cases over the load cases that were solved.

    Voltages and loadings cover the own part (see ``own_part``) and whatever else the connection
    makes worse. ``worsened`` holds the worst element of each quantity that the connection makes
    worse, ``standing`` the worst of the own part that it does not, each with its value before.
    ``failed_states`` (``load/main``) have no solution. NaN and empty where there is nothing to
    tell: no cable, no supply, no solution. The customer's voltage and the figures of the new cable
    are those of the state "service". ``unrated`` are lines on the path with no rated current.
    """

    converged: bool
    supplied: bool
    is_low_voltage: bool
    whole_network: bool
    failed_states: tuple[str, ...] = ()
    voltage_min_pu: float = np.nan
    voltage_min_bus: str = ""
    voltage_max_pu: float = np.nan
    voltage_max_bus: str = ""
    voltage_at_customer_pu: float = np.nan
    voltage_at_customer_max_pu: float = np.nan
    customer_bus: str = NEW_CONNECTION
    base_voltage_at_customer_pu: float = np.nan
    base_voltage_at_customer_max_pu: float = np.nan
    loading_max_ratio: float = np.nan
    limiting_element: str = ""
    limiting_name: str = ""
    own_cable_loading_ratio: float = np.nan
    voltage_drop_pct: float = np.nan
    transformer: str = ""
    feeder: str = ""
    worsened: tuple[Worst, ...] = ()
    standing: tuple[Worst, ...] = ()
    tolerated: tuple[Worst, ...] = ()
    unrated: tuple[str, ...] = ()


def unsupplied(snapshot: Snapshot, proposal: Proposal) -> ProofResult:
    """Say that nothing supplies the access point."""
    return ProofResult(
        converged=True,
        supplied=False,
        is_low_voltage=_is_low(snapshot, proposal),
        whole_network=False,
    )


def read_proof(
    snapshot: Snapshot,
    bases: Mapping[LoadCase, BaseState],
    shared: Sequence[GroupCase],
    number: int,
) -> ProofResult:
    """Gather one proposal's result from its group; ``shared`` has an entry a load case."""
    group = shared[0].group
    proposal = group.proposals[number]
    own = find_own_part(snapshot, bases[group.cases[0]].tree, proposal)
    transformer, feeder = supply_names(snapshot, own.supply_bus)
    failed = _failed_states(group, number)
    if failed:
        return ProofResult(
            converged=False,
            supplied=True,
            is_low_voltage=_is_low(snapshot, proposal),
            whole_network=group.is_whole,
            failed_states=failed,
            transformer=transformer,
            feeder=feeder,
        )
    worsened, standing, tolerated = _find_worst(shared, number, own)
    shown = [*worsened, *standing]
    low, high = _extreme(shown, VOLTAGE_MIN, -1.0), _extreme(shown, VOLTAGE_MAX, 1.0)
    loading = _extreme(shown, LOADING_MAX, 1.0)
    customer = _customer_voltages(group, number)
    customer_bus, base_voltages = _customer_before(snapshot, bases, group, number)
    return ProofResult(
        converged=True,
        supplied=True,
        is_low_voltage=_is_low(snapshot, proposal),
        whole_network=group.is_whole,
        voltage_min_pu=low.value if low else np.nan,
        voltage_min_bus=low.element_id if low else "",
        voltage_max_pu=high.value if high else np.nan,
        voltage_max_bus=high.element_id if high else "",
        voltage_at_customer_pu=float(customer.min()),
        voltage_at_customer_max_pu=float(customer.max()),
        customer_bus=customer_bus,
        base_voltage_at_customer_pu=float(base_voltages.min()),
        base_voltage_at_customer_max_pu=float(base_voltages.max()),
        loading_max_ratio=loading.value if loading else np.nan,
        limiting_element=loading.element_id if loading else "",
        limiting_name=loading.name if loading else "",
        own_cable_loading_ratio=_cable_loading(group, number),
        voltage_drop_pct=_cable_drop_pct(group, number),
        transformer=transformer,
        feeder=feeder,
        worsened=worsened,
        standing=standing,
        tolerated=tolerated,
        unrated=_unrated(snapshot.grid, own),
    )


def _is_low(snapshot: Snapshot, proposal: Proposal) -> bool:
    return bool(bus_levels(snapshot.grid)[access_bus(snapshot, proposal)] == MAIN)


def _failed_states(group: Group, number: int) -> tuple[str, ...]:
    return tuple(
        f"{case}/{state}"
        for n, case in enumerate(group.cases)
        for state, solved in zip(
            STATES, group.result.converged[group.scenarios(number, n)], strict=True
        )
        if not solved
    )


def _find_worst(
    shared: Sequence[GroupCase], number: int, own: OwnPart
) -> tuple[tuple[Worst, ...], tuple[Worst, ...], tuple[Worst, ...]]:
    """Worst over the load cases: what gets worse, what of the own part does not, what little."""
    worsened: dict[Quantity, Worst] = {}
    standing: dict[Quantity, Worst] = {}
    tolerated: dict[Quantity, Worst] = {}
    for case in shared:
        grid, name = case.snapshot.grid, case.base.case
        for judged in judge(case, number, own):
            worse, stands, excused = judged.sort()
            _keep_worst(grid, worsened, judged, name, worse)
            _keep_worst(grid, standing, judged, name, stands)
            _keep_worst(grid, tolerated, judged, name, excused)
    return (
        tuple(worsened[quantity] for quantity in Quantity if quantity in worsened),
        tuple(standing[quantity] for quantity in Quantity if quantity in standing),
        tuple(tolerated[quantity] for quantity in Quantity if quantity in tolerated),
    )


def _keep_worst(
    grid: Grid, found: dict[Quantity, Worst], judged: Judged, case: LoadCase, among: Flags
) -> None:
    place = judged.find_worst(among)
    if place is None:
        return
    known = found.get(judged.quantity)
    value = float(judged.value[place])
    if known is not None and judged.sign * (value - known.value) <= 0:
        return
    row = int(judged.row[place])
    element_id, name = element_names(grid, judged.element_kind, row)
    found[judged.quantity] = Worst(
        quantity=judged.quantity,
        case=case,
        element_kind=judged.element_kind,
        element_row=row,
        element_id=element_id,
        name=name,
        value=value,
        base_value=float(judged.base_value[place]),
    )


def element_names(grid: Grid, kind: str, row: int) -> tuple[str, str]:
    """Id and name of an element; the new connection where it has no row."""
    if row < 0:
        return NEW_CONNECTION, ""
    columns: dict[str, tuple[Texts, Texts]] = {
        "bus": (grid.buses.bus_id, grid.buses.name),
        "line": (grid.lines.line_id, grid.lines.name),
        "transformer": (grid.transformers.transformer_id, grid.transformers.name),
    }
    element_id, name = columns[kind]
    return str(element_id[row]), str(name[row])


def _extreme(found: Iterable[Worst], quantities: tuple[Quantity, ...], sign: float) -> Worst | None:
    some = [worst for worst in found if worst.quantity in quantities]
    return max(some, key=lambda worst: sign * worst.value, default=None)


def _service_rows(group: Group, number: int) -> Integers:
    """Scenarios of the state "service", one a load case."""
    first = [group.scenarios(number, case).start for case in range(len(group.cases))]
    return np.array(first, np.int64) + SERVICE


def _customer_voltages(group: Group, number: int) -> Floats:
    column = np.searchsorted(group.network.node, group.customer_node[number])
    voltages: Floats = group.result.voltage_pu[_service_rows(group, number), column]
    return voltages


def _customer_before(
    snapshot: Snapshot, bases: Mapping[LoadCase, BaseState], group: Group, number: int
) -> tuple[str, Floats]:
    """Id and base voltages of the customer's bus where it exists already."""
    node = int(group.customer_node[number])
    if node >= len(snapshot.grid.buses.bus_id):
        return NEW_CONNECTION, np.full(1, np.nan)
    before = np.array([bases[case].voltage_pu[MAIN, node] for case in group.cases])
    return str(snapshot.grid.buses.bus_id[node]), before


def _cable_loading(group: Group, number: int) -> float:
    cable = group.proposals[number].cable
    if cable is None:
        return np.nan
    rows = np.ix_(_service_rows(group, number), group.cables[number])
    flows = group.result.branches
    current = np.maximum(flows.current_from_a[rows], flows.current_to_a[rows])
    return float(current.max() / (cable.rated_current_a * cable.parallel_count))


def _cable_drop_pct(group: Group, number: int) -> float:
    """Largest drop or rise over the customer's own cable; a loop-in's legs belong to the ring."""
    proposal = group.proposals[number]
    if proposal.cable is None or proposal.is_loop_in:
        return np.nan
    column = np.searchsorted(group.network.node, group.access_node[number])
    access = group.result.voltage_pu[_service_rows(group, number), column]
    return float(np.abs(access - _customer_voltages(group, number)).max() * 100)


def _unrated(grid: Grid, own: OwnPart) -> tuple[str, ...]:
    """Lines on the path to the source whose rated current is unknown."""
    unknown = own.line & ~np.isfinite(grid.lines.rated_current_a)
    return tuple(str(line_id) for line_id in grid.lines.line_id[unknown])
