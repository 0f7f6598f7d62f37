"""The state of the grid before a connection: existing load and every reservation, solved by AC.

The supply tree is solved by Newton steps on the tree itself (``radial_kernel``), loops by
compensation; it is the same alternating-current power flow that the proof solves, to 1e-10 p.u.
What depends on the ledger is solved anew from the state without reservations, so that the same
ledger always gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from gisplan.electrical.base.element_state import (
    ElementIndex,
    ElementState,
    TreeElements,
    index_elements,
    tree_elements,
)
from gisplan.electrical.base.far_limits import far_limits
from gisplan.electrical.base.radial_state import (
    LevelArrays,
    Solution,
    build_levels,
    chord_steps,
    solve_states,
)
from gisplan.electrical.base.tree import SupplyTree, build_tree
from gisplan.electrical.demand import (
    LEVELS,
    LOAD_CASES,
    STATES,
    Demands,
    LoadCase,
    check_demands,
    join_demands,
    no_demands,
)
from gisplan.electrical.flow.branch_model import Complexes
from gisplan.electrical.flow.network_input import Network, build_network, no_joints
from gisplan.electrical.flow.parts import NetworkParts, find_parts
from gisplan.electrical.flow.segments import Joints, build_joints, joint_positions
from gisplan.electrical.load.existing_load import ScaledLoads, existing_power, fed_bus, scaled_loads
from gisplan.electrical.screening.screening_limits import ScreeningLimits, screening_limits
from gisplan.errors import PowerFlowError
from gisplan.model.grid import Flags, Floats, Integers, Peaks
from gisplan.network.snapshot import Snapshot
from gisplan.rules.catalogue import Catalogue

FIRST_LEVEL = STATES.index(LEVELS[0])
"""Column of the first level among the states: "service" stands before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseState:
    """One load case, solved in every level; arrays of shape (levels, rows of the grid's table).

    Voltages are NaN at buses without supply, loadings NaN where no rating is known. Powers of
    transformers are those drawn at the high-voltage side, their slopes (complex) how these follow
    the voltage there. ``reserved_node`` is the bus or joint of
    each reservation, ``joints`` the points where reservations tap lines, ``fed_bus``
    the bus that each transformer supplies (-1: none). ``free`` is the state of the same case
    without any reservation, ``free_voltage_pu`` its voltages; both have a single row.
    ``source_shift_pu`` is what the sources stand away from their set voltage in this case.
    ``is_repeated`` marks levels whose state is that of the level before.
    """

    case: LoadCase
    parts: NetworkParts
    fed_bus: Integers
    loads: ScaledLoads
    bus_p_kw: Floats
    bus_q_kvar: Floats
    reservations: Demands
    reserved_node: Integers
    joints: Joints
    source_shift_pu: float
    limits: ScreeningLimits
    voltage_pu: Floats
    line_current_a: Floats
    line_loading_ratio: Floats
    transformer_p_kw: Floats
    transformer_q_kvar: Floats
    transformer_slope_kva: Complexes
    transformer_loading_ratio: Floats
    free_voltage_pu: Floats
    free: ElementState
    tree: SupplyTree
    levels: LevelArrays
    is_repeated: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class _Laid:
    """A network with the joints of reservations, and its tree."""

    network: Network
    tree: SupplyTree
    index: ElementIndex
    steps: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Free:
    """One load case without reservations."""

    bus_p_kw: Floats
    bus_q_kvar: Floats
    source_shift_pu: float
    solution: Solution
    elements: TreeElements


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedBase:
    """What does not change with the ledger: the grid under its existing load alone."""

    snapshot: Snapshot
    limits: ScreeningLimits
    parts: NetworkParts
    fed_bus: Integers
    loads: ScaledLoads
    laid: _Laid
    free: Mapping[LoadCase, _Free]
    # what is remembered never goes over to a changed copy
    _last: dict[bytes, _Laid] = field(default_factory=dict, init=False, repr=False, compare=False)
    _unreserved: dict[LoadCase, BaseState] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def lay(self, joints: Joints) -> _Laid:
        """Return the tree with these joints; the last one is remembered."""
        if not len(joints):
            return self.laid
        key = joints.line.tobytes() + joints.position.tobytes()
        known = self._last.get(key)
        if known is None:
            known = _lay(self.snapshot, joints, self.laid.steps)
            self._last.clear()
            self._last[key] = known
        return known

    def state(
        self, laid: _Laid, case: LoadCase, reserved: Demands, reserved_node: Integers
    ) -> BaseState:
        """Return the state of one case; the one without reservations is remembered."""
        if len(reserved):
            return _base_state(self, laid, case, reserved, reserved_node)
        if case not in self._unreserved:
            self._unreserved[case] = _base_state(self, laid, case, reserved, reserved_node)
        return self._unreserved[case]


def build_base_states(
    snapshot: Snapshot,
    catalogue: Catalogue,
    *,
    peaks: Peaks | None = None,
    reservations: Mapping[LoadCase, Demands] | None = None,
    load_factor: float = 1.0,
) -> dict[LoadCase, BaseState]:
    """Solve all load cases and levels.

    Parameters
    ----------
    reservations
        Demands that are promised already, per load case; their column "service" is not read.
    load_factor
        Scales the existing load, for the edges of the band that it is known to.

    Raises
    ------
    PowerFlowError
        If a state has no solution.
    InputError
        If a reservation lies on no element of the grid.
    """
    prepared = prepare_base(snapshot, catalogue, peaks=peaks, load_factor=load_factor)
    return solve_base_states(prepared, reservations)


def prepare_base(
    snapshot: Snapshot,
    catalogue: Catalogue,
    *,
    peaks: Peaks | None = None,
    load_factor: float = 1.0,
) -> PreparedBase:
    """Solve the grid under its existing load; reservations come on top of it.

    Raises
    ------
    PowerFlowError
        If a state has no solution.
    """
    grid, topology = snapshot.grid, snapshot.topology
    laid = _lay(snapshot, None, None)
    loads = scaled_loads(grid, topology, peaks, catalogue)
    if load_factor != 1.0:
        loads = replace(loads, p_kw=loads.p_kw * load_factor, q_kvar=loads.q_kvar * load_factor)
    band_pu = catalogue.value("case.set_point_band_pu")
    free = {
        case: _solve_free(laid, case, existing_power(grid, loads, catalogue, case), shift_pu)
        for case, shift_pu in ((LoadCase.LOAD, -band_pu), (LoadCase.FEED_IN, band_pu))
    }
    return PreparedBase(
        snapshot=snapshot,
        limits=screening_limits(catalogue),
        parts=find_parts(grid, topology),
        fed_bus=fed_bus(topology, len(grid.transformers.transformer_id)),
        loads=loads,
        laid=replace(laid, steps=chord_steps(laid.tree, free[LoadCase.LOAD].solution)),
        free=free,
    )


def solve_base_states(
    prepared: PreparedBase, reservations: Mapping[LoadCase, Demands] | None = None
) -> dict[LoadCase, BaseState]:
    """Solve all load cases and levels with what is promised.

    Raises
    ------
    PowerFlowError
        If a state has no solution.
    InputError
        If a reservation lies on no element of the grid.
    """
    grid = prepared.snapshot.grid
    reserved = {case: (reservations or {}).get(case, no_demands()) for case in LOAD_CASES}
    for demands in reserved.values():
        check_demands(grid, demands)
    joints, nodes = _place(prepared, join_demands([reserved[case] for case in LOAD_CASES]))
    laid = prepared.lay(joints)
    offset = np.cumsum([0, *(len(reserved[case]) for case in LOAD_CASES)])
    return {
        case: prepared.state(
            laid if len(reserved[case]) else prepared.laid,
            case,
            reserved[case],
            nodes[offset[n] : offset[n + 1]],
        )
        for n, case in enumerate(LOAD_CASES)
    }


def with_joints(bases: Mapping[LoadCase, BaseState]) -> BaseState:
    """Return the state whose joints hold the reservations of all: cases without any have none."""
    return max(bases.values(), key=lambda base: len(base.joints))


def _lay(snapshot: Snapshot, joints: Joints | None, known_steps: Floats | None) -> _Laid:
    """Lay the tree; steps of the chords that are known nearly are kept, they are only a guide."""
    network = build_network(snapshot.grid, snapshot.topology, joints=joints)
    tree = build_tree(network, snapshot.topology)
    is_known = known_steps is not None and len(known_steps) == 2 * len(tree.chords)
    steps = known_steps if known_steps is not None and is_known else chord_steps(tree)
    return _Laid(network=network, tree=tree, index=index_elements(network, tree), steps=steps)


def _place(prepared: PreparedBase, demands: Demands) -> tuple[Joints, Integers]:
    """Joints that the demands need, and the node of every demand."""
    grid = prepared.snapshot.grid
    on_line = np.flatnonzero(demands.bus < 0)
    if not len(on_line):
        return no_joints(), demands.bus
    line = demands.line[on_line]
    joints, joint = build_joints(line, joint_positions(grid, line, demands.offset_m[on_line]))
    node = demands.bus.copy()
    node[on_line] = len(grid.buses.bus_id) + joint
    return joints, node


def root_voltages(network: Network, node_count: int, shift_pu: float) -> Floats:
    """Voltage of every node that a source holds; 1 elsewhere."""
    sources = network.grid.sources
    voltage = np.ones(node_count)
    # the first source of a bus holds it
    row = network.source[::-1]
    voltage[sources.bus[row]] = sources.voltage_pu[row] + shift_pu
    return voltage


def _solve_free(
    laid: _Laid, case: LoadCase, existing: tuple[Floats, Floats], shift_pu: float
) -> _Free:
    power = (existing[0] + 1j * existing[1])[None, :]
    roots = root_voltages(laid.network, power.shape[1], shift_pu)
    solution = solve_states(laid.tree, laid.steps, roots, power)
    _require_converged(solution, case)
    return _Free(
        bus_p_kw=existing[0],
        bus_q_kvar=existing[1],
        source_shift_pu=shift_pu,
        solution=solution,
        elements=tree_elements(laid.index, laid.tree, solution),
    )


def _require_converged(solution: Solution, case: LoadCase) -> None:
    failed = np.flatnonzero(~solution.converged)
    if len(failed):
        raise PowerFlowError(
            f"base state: {len(failed)} of {len(solution.converged)} states of the case {case} "
            "have no alternating-current solution; expected loads below voltage collapse; check "
            "the largest loads and measured peaks, and line and transformer impedances"
        )


def _base_state(
    prepared: PreparedBase,
    laid: _Laid,
    case: LoadCase,
    reserved: Demands,
    reserved_node: Integers,
) -> BaseState:
    free = prepared.free[case]
    bus_count = len(prepared.snapshot.grid.buses.bus_id)
    count = len(laid.tree.arrays.parent)
    power = np.zeros((len(LEVELS), count), np.complex128)
    power[:, :bus_count] = free.bus_p_kw + 1j * free.bus_q_kvar
    _add_reservations(power, reserved, reserved_node)
    start = _start(free.solution, laid.tree, bus_count)
    roots = root_voltages(laid.network, count, free.source_shift_pu)
    solution = solve_states(laid.tree, laid.steps, roots, power, start)
    _require_converged(solution, case)
    solved = tree_elements(laid.index, laid.tree, solution)
    free_pu = _shown(laid.tree, free.solution, bus_count)
    far = far_limits(
        laid.tree,
        prepared.limits,
        solved=solved.elements,
        free=free.elements.elements,
        free_pu=free_pu[0],
    )
    return BaseState(
        case=case,
        parts=prepared.parts,
        fed_bus=prepared.fed_bus,
        loads=prepared.loads,
        bus_p_kw=free.bus_p_kw,
        bus_q_kvar=free.bus_q_kvar,
        reservations=reserved,
        reserved_node=reserved_node,
        joints=laid.network.joints,
        source_shift_pu=free.source_shift_pu,
        limits=prepared.limits,
        voltage_pu=_shown(laid.tree, solution, bus_count),
        line_current_a=solved.elements.line_current_a,
        line_loading_ratio=solved.elements.line_loading_ratio,
        transformer_p_kw=solved.transformer_p_kw,
        transformer_q_kvar=solved.transformer_q_kvar,
        transformer_slope_kva=solved.transformer_slope_kva,
        transformer_loading_ratio=solved.elements.transformer_loading_ratio,
        free_voltage_pu=free_pu,
        free=free.elements.elements,
        tree=laid.tree,
        levels=build_levels(laid.tree, solution, far),
        is_repeated=solution.is_repeated,
    )


def _add_reservations(power: Complexes, reserved: Demands, node: Integers) -> None:
    """Add reservations to the powers of every level, in an order that is that of no ledger."""
    drawn = (reserved.p_kw + 1j * reserved.q_kvar)[:, FIRST_LEVEL:].T
    rows = np.lexsort((*drawn.imag, *drawn.real, node))
    for level, one in enumerate(drawn):
        np.add.at(power[level], node[rows], one[rows])


def _start(free: Solution, tree: SupplyTree, bus_count: int) -> Solution:
    """Start every level from the state without reservations; joints from what feeds them."""
    count = len(tree.arrays.parent)
    # a joint that nothing feeds starts from anywhere
    like = np.where(np.arange(count) < bus_count, np.arange(count), 0)
    for joint in tree.order[tree.order >= bus_count]:
        like[joint] = like[tree.arrays.parent[joint]]
    voltage = free.voltage[0, like]
    chords = free.chord_current[0]
    if len(chords) != len(tree.chords):
        chords = np.zeros(len(tree.chords), np.complex128)
    return replace(
        free,
        converged=np.ones(len(LEVELS), np.bool_),
        voltage=np.broadcast_to(voltage, (len(LEVELS), count)),
        chord_current=np.broadcast_to(chords, (len(LEVELS), len(chords))),
    )


def _shown(tree: SupplyTree, solution: Solution, bus_count: int) -> Floats:
    """Voltages of buses; NaN where nothing supplies them."""
    supplied = tree.arrays.is_supplied[:bus_count]
    return np.where(supplied, np.abs(solution.voltage[:, :bus_count]), np.nan)
