"""Several applications planned together: who shares a trench, and what that spares.

First all are planned one after another, as they would be without each other: that is what everybody
would pay, and what a joint plan must beat. Then the trenches are searched together on the ground
near the sites, every joint way is proven by the power flow with all others held, and who is refused
is planned by itself again. What is left out of a joint plan is as well off as before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.planning.shared_trench.access import admitted, trench_access
from gisplan.planning.shared_trench.costs import common_stretches, find_groups
from gisplan.planning.shared_trench.ground import build_trench_grounds
from gisplan.planning.shared_trench.members import find_members
from gisplan.planning.shared_trench.promises import prove_among, refusal, settle
from gisplan.planning.shared_trench.ways import joint_ways
from gisplan.routing.steiner.trench_model import Outcome, TrenchApplications
from gisplan.routing.steiner.trenches import plan_shared_trenches

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from gisplan.model.application import Application
    from gisplan.planning.shared_trench.access import Barred
    from gisplan.planning.shared_trench.costs import CommonStretch
    from gisplan.planning.shared_trench.ground import TrenchGround
    from gisplan.planning.shared_trench.members import Member
    from gisplan.planning.shared_trench.promises import Promises, Settled
    from gisplan.planning.shared_trench.ways import JointWay
    from gisplan.routing.steiner.trench_model import SharedTrenches

EFFORT = 100
"""Rounds of the search for trenches, and of its bound."""
ROUNDS = 6
"""How often a joint plan is searched anew without what was refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JointPlan:
    """What becomes of everybody, by reference.

    ``ways`` are those that share trenches, ``common`` the ground along them. ``reasons`` say why
    the others share nothing. ``members`` could have shared; no joint plan of them costs less than
    ``bound_cents``.
    """

    separate: Mapping[str, Settled]
    settled: Mapping[str, Settled]
    ways: tuple[JointWay, ...]
    common: tuple[CommonStretch, ...]
    reasons: Mapping[str, str]
    members: tuple[str, ...]
    bound_cents: int

    @property
    def connected(self) -> int:
        """How many are connected."""
        return sum(one.option is not None for one in self.settled.values())

    @property
    def total_cents(self) -> int:
        """What all pay together."""
        whole = sum(one.cents for one in self.settled.values())
        return whole - sum(one.spared_cents for one in self.common)

    @property
    def rank(self) -> tuple[int, int]:
        """Less is better: most connected, then the cost."""
        return -self.connected, self.total_cents

    def group_cents(self, group: Collection[str]) -> int:
        """Return what a group that shares trenches costs."""
        whole = sum(self.settled[one].cents for one in group)
        return whole - sum(one.spared_cents for one in self.common if one.references[0] in group)

    @property
    def extra_cents(self) -> int:
        """What those that share nothing pay more than when planned one after another."""
        sharing = {way.member.reference for way in self.ways}
        both = (
            one.cents - self.separate[reference].cents
            for reference, one in self.settled.items()
            if reference not in sharing and self.separate[reference].option is not None
        )
        return sum(max(more, 0) for more in both)

    def groups(self) -> list[list[str]]:
        """Return who hangs together by trenches."""
        return find_groups([way.member.reference for way in self.ways], self.common)


def plan_jointly(
    applications: Sequence[Application], promises: Promises, show: Callable[[str, int, int], None]
) -> JointPlan:
    """Return the best joint plan of several applications, or each planned by itself.

    Parameters
    ----------
    promises
        What others hold; what the applications hold themselves is not in it.
    show
        Is called with what is being done, how many steps of it are done and of how many.

    Raises
    ------
    OutsideAreaError
        If a place lies outside the loaded region.
    """
    ordered = sorted(applications, key=lambda application: application.reference)
    count = len(ordered)
    separate = settle(promises, ordered, {}, lambda done: show("one after another", done, count))
    members, reasons = find_members(ordered, promises.state, separate)
    own_cents = sum(member.own_cents for member in members)
    alone = JointPlan(
        separate=separate,
        settled=separate,
        ways=(),
        common=(),
        reasons=reasons,
        members=tuple(member.reference for member in members),
        bound_cents=own_cents,
    )
    if len(members) < 2:
        few = "nobody else here digs a trench"
        return replace(alone, reasons={**reasons, **{one.reference: few for one in members}})
    return _search(ordered, members, promises, alone, show)


def _search(
    ordered: Sequence[Application],
    members: tuple[Member, ...],
    promises: Promises,
    alone: JointPlan,
    show: Callable[[str, int, int], None],
) -> JointPlan:
    """Search, prove, and search again without what was refused."""
    grounds = build_trench_grounds(members, promises.state.region.ground)
    barred: set[Barred] = set()
    refused: dict[str, str] = {}
    best, bound = alone, None
    for _ in range(ROUNDS):
        every = [shared_trenches(members, one, barred) for one in grounds]
        bound = every[0].lower_bound_cents if bound is None else bound
        trenches, found = min(zip(grounds, every, strict=True), key=lambda one: one[1].cost_cents)
        ways = joint_ways(members, trenches, found)
        unfit = {way.member.reference: way.reason for way in ways if not way.offers}
        if not unfit:
            reasons = {**alone.reasons, **_why_alone(members, found, ways), **refused}
            trial, unfit = _settled(ordered, promises, ways, show, alone=alone, ground=trenches)
            trial = replace(trial, reasons=_kept(reasons | unfit, trial.ways))
            best = min(best, trial, key=lambda plan: plan.rank)
        if not unfit:
            break
        refused |= unfit
        barred |= {_place(way, trenches) for way in ways if way.member.reference in unfit}
    if not best.ways:
        why = _why_alone(members, found, ())
        best = replace(best, reasons={**alone.reasons, **why, **refused})
    return replace(best, bound_cents=alone.bound_cents if bound is None else bound)


def shared_trenches(
    members: Sequence[Member], trenches: TrenchGround, barred: Collection[Barred]
) -> SharedTrenches:
    """Return the cheapest trenches found, without access points that refused somebody before."""
    return plan_shared_trenches(
        trenches.graph,
        trenches.length_m,
        applications=TrenchApplications(
            node=trenches.site_node,
            demand_kva=np.array([member.application.demand_kva for member in members]),
            cable_cents_per_m=np.array([member.price_cents_per_m for member in members]),
            cables=np.array([member.cable.system_count for member in members]),
            own_cents=np.array([float(member.own_cents) for member in members]),
        ),
        access=trench_access(members, trenches.meetings),
        edge_ways=trenches.edge_ways,
        admits=admitted(members, trenches.meetings, trenches.meeting_xy_m, barred),
        dead_end=trenches.dead_end,
        rounds=EFFORT,
    )


def _settled(
    ordered: Sequence[Application],
    promises: Promises,
    ways: tuple[JointWay, ...],
    show: Callable[[str, int, int], None],
    *,
    alone: JointPlan,
    ground: TrenchGround,
) -> tuple[JointPlan, dict[str, str]]:
    """Promise joint ways, then what is planned by itself; also return who was refused and why."""
    offers = {way.member.reference: way.offers for way in ways}
    order = sorted(ordered, key=lambda one: (one.reference not in offers, one.reference))
    settled = settle(promises, order, offers, lambda done: show("together", done, len(order)))
    refused = {one: settled[one].refused for one in offers if settled[one].refused}
    taken = {one: its.offer for one, its in settled.items() if its.offer is not None}
    kept = tuple(
        replace(way, offers=(taken[way.member.reference],))
        for way in ways
        if way.member.reference in taken
    )
    for way in () if refused else kept:
        reference = way.member.reference
        others = [row for one, its in settled.items() if one != reference for row in its.held]
        option = prove_among(promises, way.member.application, way.offers[0], others)
        if not option.feasible:
            refused[reference] = refusal(option)
        settled[reference] = replace(settled[reference], options=(option,))
    trial = replace(alone, settled=settled, ways=kept, common=common_stretches(kept, ground))
    return trial, refused | _too_dear(trial) | at_the_cost_of_others(trial)


def _too_dear(plan: JointPlan) -> dict[str, str]:
    """Return the members of groups that cost more than each by itself, and that as the reason."""
    found: dict[str, str] = {}
    for group in plan.groups():
        own = sum(plan.separate[one].cents for one in group)
        if plan.group_cents(group) > own:
            cents = plan.group_cents(group)
            why = f"together they would cost {cents / 100:,.2f}, each by itself {own / 100:,.2f}"
            found |= dict.fromkeys(group, why)
    return found


def at_the_cost_of_others(plan: JointPlan) -> dict[str, str]:
    """Return all that share, and a reason, where others lose more by it than the sharing saves."""
    lost = [
        one
        for one, before in plan.separate.items()
        if before.option is not None and plan.settled[one].option is None
    ]
    saved = sum(
        sum(plan.separate[one].cents for one in group) - plan.group_cents(group)
        for group in plan.groups()
    )
    why = ""
    if lost:
        why = f"what it would hold leaves {', '.join(lost)} without a connection"
    elif plan.extra_cents > saved:
        why = (
            f"others would pay {plan.extra_cents / 100:,.2f} more for it and only "
            f"{saved / 100:,.2f} would be saved"
        )
    return {way.member.reference: why for way in plan.ways} if why else {}


def _place(way: JointWay, trenches: TrenchGround) -> Barred:
    met = trenches.meetings
    return way.member.reference, int(met.line[way.meeting]), int(met.bus[way.meeting])


def _kept(reasons: Mapping[str, str], ways: Sequence[JointWay]) -> dict[str, str]:
    """Leave out the reasons of those that share a trench in the end."""
    sharing = {way.member.reference for way in ways}
    return {one: text for one, text in reasons.items() if one not in sharing}


def _why_alone(
    members: Sequence[Member], found: SharedTrenches, ways: Sequence[JointWay]
) -> dict[str, str]:
    """Say of each member without a joint way why it has none."""
    sharing = {way.member.reference for way in ways}
    reasons: dict[str, str] = {}
    for row, member in enumerate(members):
        if member.reference in sharing:
            continue
        joining = int(found.joining_cents[row])
        if found.outcome[row] == Outcome.CONNECTED:
            text = "no trench of the others leads its way"
        elif joining < 0:
            text = "no access point that it may use can be reached beside the others"
        else:
            text = (
                f"joining the others would cost {joining / 100:,.2f}, "
                f"by itself it costs {member.own_cents / 100:,.2f}"
            )
        reasons[member.reference] = text
    return reasons
