"""The second remedy: the open point of the ring moves, and a neighbouring feeder takes over.

It helps where the medium voltage is in the way: a line or main transformer that is loaded too
high, a voltage that the feeder drops. A part of the feeder, with the new customer or without, goes
over to the neighbour. Every candidate is solved whole, without the customer and with it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.demand import FEEDER, MEDIUM_VOLTAGE_V, LoadCase
from gisplan.electrical.proof.connection import prove
from gisplan.errors import PowerFlowError
from gisplan.model.grid import SwitchedKind
from gisplan.model.option import Remedy
from gisplan.network.switching import NO_ROW, SwitchMove, find_moves, supplies_as_before
from gisplan.network.trace import upstream
from gisplan.planning.offers import proposal_of
from gisplan.planning.proven import proven_offer
from gisplan.planning.remedies.new_violations import find_new_violation
from gisplan.planning.remedies.outcome import Outcome, loading_effect, violations, voltage_effect
from gisplan.planning.switched_state import switched_state

if TYPE_CHECKING:
    from gisplan.model.option import Finding, Option
    from gisplan.planning.offers import Offer
    from gisplan.planning.proven import Proven
    from gisplan.planning.site import Site
    from gisplan.planning.state import PlanningState

KIND = "open_point"
MOST_TRIED = 12
"""Switching states solved for one offer at most, spread from the smallest part to the largest."""
ROUGH = 0.8
"""Part of the wanted relief that the estimate must reach: it neglects losses and power factors."""
OWN_DROP_PU = 0.005
"""More than a low-voltage customer drops at medium voltage: 400 kVA over 20 km of 185 mm2."""
LOWEST_RULES = ("voltage.lv_min_pu", "voltage.mv_min_pu")
HIGHEST_RULES = ("voltage.lv_max_pu", "voltage.mv_max_pu")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where an offer connects: line or -1, bus, feeder, and its current at medium voltage."""

    line: int
    bus: int
    feeder: int
    current_a: float


@dataclass(slots=True, kw_only=True)
class OpenPoints:
    """Tries switching states on the offers of one site; each is solved once."""

    site: Site
    _states: dict[SwitchMove, PlanningState | str] = field(default_factory=dict, init=False)

    def attempt(self, site: Site, offer: Offer, option: Option) -> Outcome:
        """Return the option with the smallest move of an open point that makes it feasible."""
        place = _place(site, offer)
        broken = violations(option.findings)
        concerned = place.feeder >= 0 and all(_concerns_ring(site, one) for one in broken)
        moves = _promising(site, place, broken) if concerned else ()
        for move in moves:
            state = self._state(move)
            if isinstance(state, str):
                continue
            changed = _proven(replace(site, state=state), offer)
            if changed.option.feasible:
                remedies = _remedies(site, move, option, changed.option)
                mended = replace(changed.option, remedies=remedies)
                return Outcome(kind=KIND, mended=replace(changed, option=mended))
        return _in_vain(site, moves)

    def _state(self, move: SwitchMove) -> PlanningState | str:
        """Return the switching state solved, or why nobody may switch so."""
        if move not in self._states:
            self._states[move] = _solve(self.site.state, move)
        return self._states[move]


def _solve(state: PlanningState, move: SwitchMove) -> PlanningState | str:
    try:
        after = switched_state(state, dict.fromkeys(move.close, True) | {move.open: False})
    except PowerFlowError as error:
        return str(error)
    before = state.region.snapshot
    if not supplies_as_before(before.topology, after.region.snapshot.topology):
        return "the grid would be meshed or lose supply"
    return find_new_violation(before.grid, state.base, after.base, state.region.catalogue) or after


def _proven(site: Site, offer: Offer) -> Proven:
    """Prove an offer on the whole grid, in all load cases: a switch stays as it is all year."""
    proposal = proposal_of(site, offer)
    (result,) = prove(site.region.snapshot, site.state.base, [proposal], whole_network=True)
    return proven_offer(site, offer, proposal, result)


def _place(site: Site, offer: Offer) -> _Place:
    snapshot = site.region.snapshot
    lines, topology = snapshot.grid.lines, snapshot.topology
    ends: tuple[int, ...] = (offer.bus,)
    if offer.bus < 0:
        ends = int(lines.from_bus[offer.line]), int(lines.to_bus[offer.line])
    bus = max(ends, key=lambda end: int(topology.feeder[end]))
    power_kva = max(math.hypot(d.p_kw[FEEDER], d.q_kvar[FEEDER]) for d in site.judge.demands)
    above = [
        volts
        for volts in snapshot.grid.buses.nominal_voltage_v[upstream(topology, bus).bus]
        if volts >= MEDIUM_VOLTAGE_V
    ]
    current_a = power_kva * 1e3 / (math.sqrt(3) * above[0]) if above else 0.0
    return _Place(line=offer.line, bus=bus, feeder=int(topology.feeder[bus]), current_a=current_a)


def _promising(site: Site, place: _Place, broken: Sequence[Finding]) -> tuple[SwitchMove, ...]:
    """Return moves that may mend everything broken, from the smallest relief to the largest."""
    snapshot = site.region.snapshot
    moves = _one_a_branch(find_moves(snapshot.grid, snapshot.topology, place.feeder), place)
    relieving = [
        (relief_a, move)
        for move in moves
        for relief_a in (_relief_a(site, place, move),)
        if all(_may_mend(site, place, move, relief_a, one) for one in broken)
    ]
    relieving.sort(key=lambda pair: pair[0])  # equal ones stay in the order of the walk
    if len(relieving) <= MOST_TRIED:
        return tuple(move for _, move in relieving)
    chosen = np.linspace(0, len(relieving) - 1, MOST_TRIED).round().astype(int)
    return tuple(relieving[index][1] for index in chosen)


def _one_a_branch(moves: Iterable[SwitchMove], place: _Place) -> list[SwitchMove]:
    """Leave out the second switch of a line, except on the line that is connected to."""
    seen: dict[tuple[object, ...], SwitchMove] = {}
    for move in moves:
        branch = (move.close, move.taking_bus, move.moved_bus)
        seen.setdefault((*branch, move.open) if move.opened_line == place.line else branch, move)
    return list(seen.values())


def _relief_a(site: Site, place: _Place, move: SwitchMove) -> float:
    """Estimate the current that leaves the feeder: what flows through the branch that opens."""
    topology = site.region.snapshot.topology
    moved = place.current_a if move.moved_bus in upstream(topology, place.bus).bus else 0.0
    if move.opened_line < 0:
        return math.inf
    base = site.state.base[LoadCase.LOAD]
    return float(np.nan_to_num(base.line_current_a[FEEDER, move.opened_line])) + moved


def _concerns_ring(site: Site, broken: Finding) -> bool:
    """Tell whether a limit is broken that the medium voltage has a part in."""
    if broken.measured is None or broken.limit is None:
        return False
    if broken.rule == "loading.line_max":
        lines = site.region.snapshot.grid.lines
        row = site.region.line_row.get(broken.element.removeprefix("line "), NO_ROW)
        volts = site.region.snapshot.grid.buses.nominal_voltage_v[lines.from_bus[row]]
        return row >= 0 and bool(volts >= MEDIUM_VOLTAGE_V)
    return broken.rule in (*LOWEST_RULES, *HIGHEST_RULES, "loading.main_transformer_max")


def _may_mend(
    site: Site, place: _Place, move: SwitchMove, relief_a: float, broken: Finding
) -> bool:
    excess = abs((broken.measured or 0.0) - (broken.limit or 0.0))
    element_id = broken.element.partition(" ")[2]
    if broken.rule in LOWEST_RULES:
        return _voltage_gain_pu(site, place, move, 1.0) > excess
    if broken.rule in HIGHEST_RULES:
        return _voltage_gain_pu(site, place, move, -1.0) > excess
    if broken.rule == "loading.line_max":
        return _relieves_line(site, move, relief_a, element_id, excess)
    return _relieves_transformer(site, move, element_id)


def _voltage_gain_pu(site: Site, place: _Place, move: SwitchMove, sign: float) -> float:
    """Return more than the change of the customer's voltage can be: up with sign 1, else down.

    Nothing on the feeder gets a better voltage than the best bus of its level has in the base
    state; the drop that the new customer itself causes there may go as well.
    """
    snapshot = site.region.snapshot
    volts = snapshot.grid.buses.nominal_voltage_v
    way = upstream(snapshot.topology, place.bus).bus
    medium = way[volts[way] >= MEDIUM_VOLTAGE_V]
    if place.bus in medium:
        return math.inf
    level = volts == volts[move.taking_bus]
    gains = [
        float(np.nanmax(sign * base.voltage_pu[FEEDER, level]))
        - sign * float(base.voltage_pu[FEEDER, medium[0]])
        for base in site.state.base.values()
    ]
    return max(gains) + OWN_DROP_PU


def _relieves_line(
    site: Site, move: SwitchMove, relief_a: float, line_id: str, excess: float
) -> bool:
    """Tell whether a line feeds what moves, and whether enough of it moves."""
    row = site.region.line_row[line_id]
    snapshot = site.region.snapshot
    if row not in upstream(snapshot.topology, move.moved_bus).rows(SwitchedKind.LINE):
        return False
    lines = snapshot.grid.lines
    wanted_a = excess * float(lines.rated_current_a[row] * lines.parallel_count[row])
    return relief_a >= ROUGH * wanted_a


def _relieves_transformer(site: Site, move: SwitchMove, transformer_id: str) -> bool:
    """Tell whether what moves comes under another main transformer."""
    snapshot = site.region.snapshot
    giving = int(snapshot.topology.main_transformer[move.moved_bus])
    taking = int(snapshot.topology.main_transformer[move.taking_bus])
    names = snapshot.grid.transformers.transformer_id
    return giving >= 0 and giving != taking and str(names[giving]) == transformer_id


def _remedies(site: Site, move: SwitchMove, before: Option, after: Option) -> tuple[Remedy, ...]:
    """Return one remedy a switch; the last one tells the effect."""
    effect = f"{loading_effect(before, after)}, {voltage_effect(before, after)}"
    moved = site.region.snapshot.grid.buses
    name = str(moved.name[move.moved_bus]) or str(moved.bus_id[move.moved_bus])
    closing = [
        _remedy(site, row, is_closed=True, text="the open point of the ring until now")
        for row in move.close
    ]
    opening = _remedy(
        site, move.open, is_closed=False, text=f"{name} is fed from the other side then: {effect}"
    )
    return (*closing, opening)


def _remedy(site: Site, row: int, *, is_closed: bool, text: str) -> Remedy:
    verb = "Close" if is_closed else "Open"
    return Remedy(
        kind=KIND,
        element=str(site.region.snapshot.grid.switches.switch_id[row]),
        cost=0.0,
        switch_closed=is_closed,
        text=f"{verb} {_switch_name(site, row)}, {text}",
    )


def _switch_name(site: Site, row: int) -> str:
    grid = site.region.snapshot.grid
    switches = grid.switches
    at = f"switch {switches.switch_id[row]} at bus {grid.buses.bus_id[switches.bus[row]]}"
    if switches.element_kind[row] == SwitchedKind.LINE:
        return f"{at} of line {grid.lines.line_id[switches.element[row]]}"
    return f"{at} to bus {grid.buses.bus_id[switches.element[row]]}"


def _in_vain(site: Site, moves: Sequence[SwitchMove]) -> Outcome:
    if not moves:
        return Outcome(kind=KIND)
    switch_id = site.region.snapshot.grid.switches.switch_id
    names = ", ".join(dict.fromkeys(str(switch_id[move.open]) for move in moves))
    return Outcome(
        kind=KIND,
        element=str(switch_id[moves[0].close[0]]),
        tried=f"open point of the ring moved to {names}",
    )
