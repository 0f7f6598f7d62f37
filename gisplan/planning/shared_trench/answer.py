"""A joint plan as it is told: in money, in lon/lat, with reasons."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from gisplan.model.shared_trench import (
    JointConnection,
    SharedPair,
    SharedTrenchAnswer,
    TrenchStretch,
)
from gisplan.planning.options import provenance
from gisplan.planning.shared_trench.costs import split_costs
from gisplan.planning.shared_trench.ways import MOST_SYSTEMS, beside_others, needed_current_a

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gisplan.model.application import Application
    from gisplan.model.option import Option
    from gisplan.planning.region import Region
    from gisplan.planning.shared_trench.costs import CommonStretch
    from gisplan.planning.shared_trench.joint_plan import JointPlan
    from gisplan.planning.shared_trench.promises import Promises
    from gisplan.planning.shared_trench.ways import JointWay

OWN_CABLES = (
    "Each application has its own cable all the way; a common main for several is not planned"
)


def shared_trench_answer(
    plan: JointPlan, applications: Sequence[Application], promises: Promises
) -> SharedTrenchAnswer:
    """Return a joint plan in the order of the references."""
    region = promises.state.region
    paid = paid_cents(plan)
    pairs = _pairs(plan.common)
    total, separate = sum(paid.values()), _separate_cents(plan)
    bound = min(total, _bound_cents(plan))
    return SharedTrenchAnswer(
        connections=tuple(
            _connection(plan, application, paid, pairs)
            for application in sorted(applications, key=lambda one: one.reference)
        ),
        trenches=(*_told(region, plan.common), *_alone_stretches(plan)),
        pairs=pairs,
        shared_length_m=round(sum(map(_length_m, _common(plan.common))), 3),
        total_cost=total / 100,
        separate_cost=separate / 100,
        saving=(separate - total) / 100,
        lower_bound=bound / 100,
        gap=(total - bound) / total if total else 0.0,
        currency=region.catalogue.currency,
        notes=(OWN_CABLES, *_crowded(plan.ways)),
        provenance=provenance(promises.state),
    )


def paid_cents(plan: JointPlan) -> dict[str, int]:
    """Return what each connected application pays; all together pay what the plan costs."""
    groups = plan.groups()
    sharing = {one for group in groups for one in group}
    paid: dict[str, int] = {}
    for reference, settled in plan.settled.items():
        if settled.option is None or reference in sharing:
            continue
        before = plan.separate[reference]
        paid[reference] = settled.cents
        if before.option is not None:
            paid[reference] = min(settled.cents, before.cents)
    own = {one: plan.separate[one].cents for one in sharing}
    group_cents = [plan.group_cents(group) for group in groups]
    return paid | split_costs(groups, group_cents, own, plan.extra_cents)


def _separate_cents(plan: JointPlan) -> int:
    """Return what those that the joint plan connects cost one by one, as far as they can be."""
    return sum(
        one.cents
        for reference, one in plan.separate.items()
        if one.option is not None and plan.settled[reference].option is not None
    )


def _bound_cents(plan: JointPlan) -> int:
    """Return the bound of the members' part and what all others cost."""
    others = [
        min(one.cents, plan.separate[reference].cents)
        for reference, one in plan.settled.items()
        if reference not in plan.members and one.option is not None
    ]
    return plan.bound_cents + sum(others)


def _connection(
    plan: JointPlan,
    application: Application,
    paid: Mapping[str, int],
    pairs: Sequence[SharedPair],
) -> JointConnection:
    reference = application.reference
    settled, separate = plan.settled[reference], plan.separate[reference]
    cents = paid.get(reference)
    others = {one for pair in pairs if reference in pair.references for one in pair.references}
    common = [one for one in _common(plan.common) if reference in one.references]
    return JointConnection(
        reference=reference,
        site=(application.lon, application.lat),
        demand_kva=application.demand_kva,
        option=settled.option,
        shared_with=tuple(sorted(others - {reference})),
        shared_length_m=round(sum(map(_length_m, common)), 3),
        cost=None if cents is None else cents / 100,
        alone_cost=None if separate.option is None else separate.cents / 100,
        reason=plan.reasons.get(reference, ""),
    )


def _common(stretches: Sequence[CommonStretch]) -> list[CommonStretch]:
    return [one for one in stretches if one.spared_cents > 0]


def _length_m(one: CommonStretch) -> float:
    return one.stretch.length_m


def _pairs(stretches: Sequence[CommonStretch]) -> tuple[SharedPair, ...]:
    metres: dict[tuple[str, str], float] = {}
    for one in _common(stretches):
        for first, second in combinations(sorted(one.references), 2):
            metres[first, second] = metres.get((first, second), 0.0) + one.stretch.length_m
    return tuple(
        SharedPair(references=pair, length_m=round(length_m, 3))
        for pair, length_m in sorted(metres.items())
    )


def _told(region: Region, stretches: Sequence[CommonStretch]) -> Iterator[TrenchStretch]:
    for one in stretches:
        stretch = one.stretch
        if stretch.length_m > 0:
            yield TrenchStretch(
                references=one.references,
                length_m=round(stretch.length_m, 3),
                corridor=stretch.corridor,
                surface=stretch.surface,
                laying=stretch.laying,
                cost=one.works_cents / 100,
                saved=one.spared_cents / 100,
                coordinates=region.projection.to_lon_lat(stretch.xy_m),
            )


def _alone_stretches(plan: JointPlan) -> Iterator[TrenchStretch]:
    """Yield the ways of those that share nothing, a stretch a segment."""
    sharing = {way.member.reference for way in plan.ways}
    for reference, settled in sorted(plan.settled.items()):
        for option in settled.options if reference not in sharing else ():
            yield from _own_stretches(reference, option)


def _own_stretches(reference: str, option: Option) -> Iterator[TrenchStretch]:
    for segment in option.route.segments:
        yield TrenchStretch(
            references=(reference,),
            length_m=segment.length_m,
            corridor=segment.corridor,
            surface=segment.surface,
            laying=segment.laying,
            cost=round(segment.civil_cost + segment.crossing_cost, 2),
            saved=0.0,
            coordinates=segment.coordinates,
        )


def _crowded(ways: Sequence[JointWay]) -> tuple[str, ...]:
    """Say where more cables lie together than the catalogue has factors for."""
    most = max((way.systems for way in ways), default=0)
    if most <= MOST_SYSTEMS:
        return ()
    needed = [
        needed_current_a(way.member)
        / beside_others(way.member, way.cable, 1).rated_current_a
        / way.cable.parallel_count
        for way in ways
        if way.systems > MOST_SYSTEMS
    ]
    return (
        f"Up to {most} cables lie side by side and the catalogue has rating factors for "
        f"{MOST_SYSTEMS}, which were used; all of them bear a factor down to {max(needed):.2f}: "
        "confirm their spacing",
    )
