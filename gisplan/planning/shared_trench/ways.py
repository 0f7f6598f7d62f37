"""The ways of a joint plan as offers: laid out, with cables that bear each other's company."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.sizing.derating import GROUPING_RULES, derated_current_a
from gisplan.electrical.sizing.sizing import design_current_a
from gisplan.planning.access import KINDS
from gisplan.planning.demand import sizing_kva
from gisplan.planning.offers import Offer
from gisplan.planning.route import EdgeParts, ended, laid_out, no_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gisplan.model.grid import Integers
    from gisplan.planning.route import Stretch
    from gisplan.planning.shared_trench.ground import TrenchGround
    from gisplan.planning.shared_trench.members import Member
    from gisplan.planning.variants import Variant
    from gisplan.routing.steiner.trench_model import SharedTrenches

MOST_SYSTEMS = max(count for _, count in GROUPING_RULES)
"""Cable systems side by side for which the catalogue has a factor."""

CABLES_TRIED = 3
"""Cables with which the power flow is asked, where it refuses the cheaper ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JointWay:
    """A member's way in a joint plan.

    ``edges`` are those of the plan's ground, ``parts`` where they lie on corridors, ``systems`` the
    most cable systems that lie beside each other on it. ``offers`` are made with the cheapest
    cables that will do, cheapest first; none where none will do, for ``reason``.
    """

    member: Member
    edges: Integers
    parts: EdgeParts
    meeting: int
    systems: int
    offers: tuple[Offer, ...]
    reason: str

    @property
    def cable(self) -> Variant:
        """The cable of the first offer, or the one that it was searched with."""
        offered = self.offers[0].variant if self.offers else None
        return offered or self.member.cable


def joint_ways(
    members: Sequence[Member], trenches: TrenchGround, plan: SharedTrenches
) -> tuple[JointWay, ...]:
    """Return the ways of those that share a trench with somebody, in the order of the members.

    A cable that must carry more beside others may be laid with further systems, which the others
    then lie beside; so ways are made anew until no trench holds more systems than was counted.
    """
    shared = np.diff(plan.edge_user_offset) > 1
    is_shared = np.zeros(trenches.graph.edge_count, dtype=bool)
    is_shared[plan.edges[shared]] = True
    is_shared &= trenches.is_dug & (trenches.length_m > 0)
    rows = [row for row, way in enumerate(plan.way) if is_shared[way].any()]
    counts = np.array([member.cable.system_count for member in members])
    while True:
        ways = tuple(_joint_way(members[row], trenches, plan, row, counts) for row in rows)
        needed = counts.copy()
        needed[rows] = np.maximum(counts[rows], [way.cable.system_count for way in ways])
        if (needed == counts).all():
            return ways
        counts = needed


def _most_beside(trenches: TrenchGround, plan: SharedTrenches, row: int, counts: Integers) -> int:
    """Return the most cable systems of others that lie in a trench of a member's way."""
    systems = np.zeros(trenches.graph.edge_count, dtype=np.int64)
    for other, way in enumerate(plan.way):
        if other != row:
            systems[way] += counts[other]
    way = plan.way[row]
    return int(systems[way[trenches.is_dug[way]]].max(initial=0))


def _joint_way(
    member: Member, trenches: TrenchGround, plan: SharedTrenches, row: int, counts: Integers
) -> JointWay:
    """Lay a member's way out; ``counts`` (members,) are the cable systems of each."""
    ground, site = member.site.region.ground, member.site
    way, meeting = plan.way[row], int(plan.access[row])
    seed, parts = _parts(trenches, way)
    beside = _most_beside(trenches, plan, row, counts)
    join, ways_out = int(trenches.pieces.join[way[-1]]), site.ways_out

    def laid(cable: Variant) -> tuple[Stretch, ...]:
        stretches = laid_out(ground.civil, cable, ways_out, seed, parts)
        if join < 0:
            return tuple(stretches)
        by = ground.targets.ends.joins.connectors
        return tuple(ended(ground.civil, cable, stretches, by, join))

    length_m = sum(stretch.length_m for stretch in laid(member.cable))
    cables, reason = _fitting_cables(member, trenches, meeting, length_m, beside)
    met = trenches.meetings
    offers = tuple(
        Offer(
            kind=KINDS[int(met.kind[meeting])],
            line=int(met.line[meeting]),
            bus=int(met.bus[meeting]),
            offset_m=float(met.offset_m[meeting]),
            variant=cable,
            stretches=laid(cable),
            reason="",
        )
        for cable in cables
    )
    return JointWay(
        member=member,
        edges=way,
        parts=parts,
        meeting=meeting,
        systems=beside + (cables[0] if cables else member.cable).system_count,
        offers=offers,
        reason=reason,
    )


def _parts(trenches: TrenchGround, way: Integers) -> tuple[int, EdgeParts]:
    """Return the landing of a way and the parts of corridor edges along it, in its direction."""
    pieces = trenches.pieces
    seed, here = int(pieces.connector[way[0]]), int(pieces.tail[way[0]])  # a site is a tail
    edge, start, end = [], [], []
    for piece in way.tolist():
        forward = int(pieces.tail[piece]) == here
        here = int(pieces.tail[piece] + pieces.head[piece]) - here
        if pieces.edge[piece] >= 0:
            low, high = float(pieces.low[piece]), float(pieces.high[piece])
            edge.append(int(pieces.edge[piece]))
            start.append(low if forward else high)
            end.append(high if forward else low)
    if not edge:
        return seed, no_parts()
    parts = EdgeParts(
        edge=np.array(edge, dtype=np.int64), share_from=np.array(start), share_to=np.array(end)
    )
    return seed, parts


def _fitting_cables(
    member: Member, trenches: TrenchGround, meeting: int, length_m: float, beside: int
) -> tuple[list[Variant], str]:
    """Return the cheapest cables that serve at this length beside others, or why none does.

    None of them has more systems than the first, which the others are told of. The catalogue's
    factor for the most systems that it knows stands for more of them.
    """
    site, met = member.site, trenches.meetings.take(np.array([meeting]))
    needed_a = needed_current_a(member)
    reason = "no cable carries its demand beside the others in the trench"
    found: list[Variant] = []
    for bare in member.cables:
        cable = beside_others(member, bare, beside + bare.system_count)
        if cable.rated_current_a * cable.parallel_count < needed_a:
            continue
        if found and cable.system_count > found[0].system_count:
            continue
        verdicts = site.judge.judge(met, cable, np.array([length_m]))
        if verdicts.passes[0]:
            found.append(cable)
        else:
            reason = str(verdicts.reason[0])
        if len(found) == CABLES_TRIED:
            break
    return found, "" if found else reason


def needed_current_a(member: Member) -> float:
    """Return the current that all parallel cables of a member must carry."""
    site, catalogue = member.site, member.site.region.catalogue
    current_a = design_current_a(
        catalogue,
        voltage_level=member.cable.voltage_level,
        nominal_voltage_v=site.judge.nominal_voltage_v,
        demand_kva=sizing_kva(site.application),
        phase_count=site.mode.phase_count,
    )
    return current_a / catalogue.value("loading.line_max")


def beside_others(member: Member, cable: Variant, systems: int) -> Variant:
    """Return a cable with the current that it may carry among so many systems in one trench."""
    count = min(max(systems, cable.system_count), max(MOST_SYSTEMS, cable.system_count))
    rated_a = derated_current_a(member.site.region.catalogue, cable.conductor, system_count=count)
    return replace(cable, rated_current_a=rated_a)
