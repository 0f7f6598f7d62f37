"""Verdicts by an AC power flow of the whole grid for every candidate: what screening must equal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.electrical.base.base_state import FIRST_LEVEL, BaseState
from gisplan.electrical.base.element_state import ElementState, element_state
from gisplan.electrical.demand import (
    LEVELS,
    MAIN,
    STATES,
    SUBSTATION,
    Demands,
    bus_levels,
    line_levels,
    transformer_levels,
)
from gisplan.electrical.flow.network_input import Network, build_network
from gisplan.electrical.flow.power_flow import PowerFlowModel
from gisplan.electrical.flow.segments import build_joints, joint_positions
from gisplan.electrical.proof.own_part import OwnPart, find_own_part
from gisplan.electrical.proof.proposal import Proposal
from gisplan.electrical.screening.screening_limits import (
    LINE_MAX,
    LV_MAX,
    LV_MIN,
    MAIN_TRANSFORMER_MAX,
    MV_MAX,
    MV_MIN,
    TRANSFORMER_MAX,
    ScreeningLimits,
)
from gisplan.model.grid import Flags, Floats, Grid, Integers
from gisplan.network.snapshot import Snapshot
from tests.unit.electrical.networks import powers

MOVED = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Solved states, shape (candidates, levels, ...); ``before`` is the first of as many rows.

    ``node`` is that of each candidate.
    """

    network: Network
    node: Integers
    voltage_pu: Floats
    elements: ElementState
    base_voltage_pu: Floats
    base_elements: ElementState
    solved: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Per candidate: what is broken, and where."""

    is_broken: Flags
    where: tuple[str, ...]


def solve_all(some: Snapshot, base: BaseState, candidates: Demands) -> Truth:
    """Solve every candidate in every level, in one network that holds all joints."""
    grid = some.grid
    buses = len(grid.buses.bus_id)
    on_line = np.flatnonzero(candidates.bus < 0)
    line = candidates.line[on_line]
    joints, row = build_joints(
        np.concatenate([base.joints.line, line]),
        np.concatenate(
            [base.joints.position, joint_positions(grid, line, candidates.offset_m[on_line])]
        ),
    )
    node = candidates.bus.copy()
    node[on_line] = buses + row[len(base.joints) :]
    reserved = base.reserved_node.copy()
    at_joint = reserved >= buses
    reserved[at_joint] = buses + row[reserved[at_joint] - buses]
    network = build_network(grid, some.topology, joints=joints)
    count = buses + len(joints)
    drawn = np.zeros((len(STATES), count), np.complex128)
    drawn[:, :buses] = base.bus_p_kw + 1j * base.bus_q_kvar
    held = base.reservations.p_kw + 1j * base.reservations.q_kvar
    own = candidates.p_kw + 1j * candidates.q_kvar
    for state in range(len(STATES)):
        # in the state "service" everything but the new demand stands as in "main"
        np.add.at(drawn[state], reserved, held[:, max(state, FIRST_LEVEL)])
    power = np.tile(drawn, (len(candidates) + 1, 1, 1))
    for n in range(len(candidates)):
        power[n, :, node[n]] += own[n]
    flat = power.reshape(-1, count)
    model = PowerFlowModel.build(network, np.arange(count))
    shift = np.full(len(flat), base.source_shift_pu)
    result = model.solve(flat.real, flat.imag, source_shift_pu=shift)
    voltage = np.full((len(flat), count), np.nan)
    voltage[:, network.node] = result.voltage_pu
    state = element_state(network, result)

    def cut(values: Floats) -> Floats:
        scenarios = len(flat) // len(STATES)
        return values.reshape(scenarios, len(STATES), values.shape[1])[:, FIRST_LEVEL:]

    after = ElementState(
        line_current_a=cut(state.line_current_a)[:-1],
        line_loading_ratio=cut(state.line_loading_ratio)[:-1],
        transformer_loading_ratio=cut(state.transformer_loading_ratio)[:-1],
    )
    before = ElementState(
        line_current_a=cut(state.line_current_a)[-1],
        line_loading_ratio=cut(state.line_loading_ratio)[-1],
        transformer_loading_ratio=cut(state.transformer_loading_ratio)[-1],
    )
    return Truth(
        network=network,
        node=node,
        voltage_pu=cut(voltage)[:-1],
        elements=after,
        base_voltage_pu=cut(voltage)[-1],
        base_elements=before,
        solved=result.converged.reshape(-1, len(STATES))[:-1].all(axis=1),
    )


def own_parts(some: Snapshot, base: BaseState, candidates: Demands) -> list[OwnPart]:
    return [
        find_own_part(
            some,
            base.tree,
            Proposal(
                bus=int(candidates.bus[n]),
                line=int(candidates.line[n]),
                offset_m=float(candidates.offset_m[n]),
                **powers(1.0),
            ),
        )
        for n in range(len(candidates))
    ]


def break_limits(
    some: Snapshot,
    base: BaseState,
    candidates: Demands,
    limits: ScreeningLimits,
    truth: Truth | None = None,
) -> Broken:
    """Judge every bus, line and transformer; the own part strictly, the rest with its tolerance."""
    truth = truth or solve_all(some, base, candidates)
    own = own_parts(some, base, candidates)
    where = [
        _broken(some.grid, base, limits, truth, own[n], n) if truth.solved[n] else ["no solution"]
        for n in range(len(candidates))
    ]
    return Broken(
        is_broken=np.array([bool(one) for one in where], np.bool_),
        where=tuple(" ".join(one) for one in where),
    )


def _broken(
    g: Grid, base: BaseState, limits: ScreeningLimits, truth: Truth, own: OwnPart, n: int
) -> list[str]:
    values, found = limits.values, []
    for level in range(len(LEVELS)):
        at = np.flatnonzero(bus_levels(g) == level)
        low, high = (LV_MIN, LV_MAX) if level == MAIN else (MV_MIN, MV_MAX)
        for limit, sign in ((values[low], -1), (values[high], 1)):
            bad = _is_bad(
                truth.voltage_pu[n, level, at],
                truth.base_voltage_pu[level, at],
                base.free_voltage_pu[0, at],
                own.bus[at],
                limit=limit,
                sign=sign,
                tolerance=limits.far_voltage_pu,
            )
            found += [f"{g.buses.bus_id[bus]}" for bus in at[bad]]
        node = truth.node[n]
        if node >= len(g.buses.bus_id):
            kind = line_levels(g)[truth.network.joints.line[node - len(g.buses.bus_id)]]
            v, before = truth.voltage_pu[n, level, node], truth.base_voltage_pu[level, node]
            beyond = (v < values[low] and v < before - MOVED) or (
                v > values[high] and v > before + MOVED
            )
            found += ["joint"] if kind == level and beyond else []
        units = np.flatnonzero(transformer_levels(g) == level)
        most = values[MAIN_TRANSFORMER_MAX if level == SUBSTATION else TRANSFORMER_MAX]
        lines = np.flatnonzero(line_levels(g) == level)
        for kind, rows, limit, names in (
            ("line", lines, values[LINE_MAX], g.lines.line_id),
            ("transformer", units, most, g.transformers.transformer_id),
        ):
            bad = _is_bad(
                getattr(truth.elements, f"{kind}_loading_ratio")[n, level, rows],
                getattr(truth.base_elements, f"{kind}_loading_ratio")[level, rows],
                getattr(base.free, f"{kind}_loading_ratio")[0, rows],
                getattr(own, kind)[rows],
                limit=limit,
                sign=1,
                tolerance=limits.far_loading_ratio,
            )
            found += [f"{names[one]}" for one in rows[bad]]
    return found


def _is_bad(
    after: Floats,
    before: Floats,
    free: Floats,
    own: Flags,
    *,
    limit: float,
    sign: float,
    tolerance: float,
) -> Flags:
    worse = sign * (after - before) > MOVED
    strictly = sign * after > sign * limit
    far = sign * after > np.fmax(sign * limit, sign * free) + tolerance
    bad: Flags = worse & np.where(own, strictly, far)
    return bad
