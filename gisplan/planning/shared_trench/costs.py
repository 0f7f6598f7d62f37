"""What a joint plan costs: every common trench once, and what each application pays of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.planning.route import connector_stretch, stretches_along

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gisplan.planning.route import Stretch
    from gisplan.planning.shared_trench.ground import TrenchGround
    from gisplan.planning.shared_trench.ways import JointWay


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonStretch:
    """A stretch on which the same applications lie, by reference; costs in cents.

    ``works_cents`` are civil works and crossings, paid once; ``spared_cents`` what paying them for
    each would add.
    """

    references: tuple[str, ...]
    works_cents: int
    spared_cents: int
    stretch: Stretch

    def continues(self, other: CommonStretch) -> bool:
        """Tell whether another stretch is more of the same."""
        return self.references == other.references and self.stretch.joins(other.stretch)

    def extended(self, other: CommonStretch) -> CommonStretch:
        """Return this stretch followed by another."""
        return CommonStretch(
            references=self.references,
            works_cents=self.works_cents + other.works_cents,
            spared_cents=self.spared_cents + other.spared_cents,
            stretch=self.stretch.extended(other.stretch),
        )


def common_stretches(ways: Sequence[JointWay], trenches: TrenchGround) -> tuple[CommonStretch, ...]:
    """Return the ground along all ways, every piece of it once, with who lies in it."""
    laid = [_stretch_by_edge(way, trenches) for way in ways]
    users: dict[int, list[int]] = {}
    for number, stretches in enumerate(laid):
        for edge in stretches:
            users.setdefault(edge, []).append(number)
    told: list[CommonStretch] = []
    for number, stretches in enumerate(laid):
        first = len(told)
        for edge in stretches:
            if users[edge][0] != number:
                continue
            one = _common(
                [ways[user].member.reference for user in users[edge]],
                [laid[user][edge] for user in users[edge]],
                is_dug=bool(trenches.is_dug[edge]),
            )
            if len(told) > first and told[-1].continues(one):
                told[-1] = told[-1].extended(one)
            else:
                told.append(one)
    return tuple(told)


def _stretch_by_edge(way: JointWay, trenches: TrenchGround) -> dict[int, Stretch]:
    """Return the stretch of each edge of a way, in its order."""
    site, cable = way.member.site, way.cable
    civil = site.region.ground.civil
    found: dict[int, Stretch] = {}
    rows = [edge for edge in way.edges.tolist() if trenches.pieces.edge[edge] >= 0]
    seed = int(trenches.pieces.connector[way.edges[0]])
    found[int(way.edges[0])] = connector_stretch(civil, cable, site.ways_out, seed)
    along = stretches_along(civil, cable, way.parts) if rows else []
    found.update(zip(rows, along, strict=True))
    last = int(way.edges[-1])
    join = int(trenches.pieces.join[last])
    by = site.region.ground.targets.ends.joins.connectors
    if join >= 0 and by.length_m[join] > 0:
        found[last] = connector_stretch(civil, cable, by, join)
    return found


def _common(
    references: Sequence[str], stretches: Sequence[Stretch], *, is_dug: bool
) -> CommonStretch:
    works = [one.civil_cents + one.crossing_cents for one in stretches]
    once = max(works) if is_dug else sum(works)
    return CommonStretch(
        references=tuple(references),
        works_cents=once,
        spared_cents=sum(works) - once,
        stretch=stretches[0],
    )


def find_groups(references: Sequence[str], common: Sequence[CommonStretch]) -> list[list[str]]:
    """Return who hangs together by common trenches; everybody stands in one group."""
    leader = {reference: reference for reference in references}

    def find(one: str) -> str:
        while leader[one] != one:
            one = leader[one]
        return one

    for stretch in common:
        if stretch.spared_cents > 0:
            for other in stretch.references[1:]:
                first, second = sorted((find(stretch.references[0]), find(other)))
                leader[second] = first
    groups: dict[str, list[str]] = {}
    for reference in references:
        groups.setdefault(find(reference), []).append(reference)
    return list(groups.values())


def split_costs(
    groups: Sequence[Sequence[str]],
    group_cents: Sequence[int],
    own_cents: Mapping[str, int],
    extra_cents: int,
) -> dict[str, int]:
    """Return what each member of the groups pays: never more than planned by itself.

    In a group all pay the same part of what each would pay by itself. ``extra_cents`` is what the
    joint plan makes others pay more; the groups bear it in proportion to what they save.
    """
    own = [sum(own_cents[one] for one in group) for group in groups]
    saved = np.array([mine - cents for mine, cents in zip(own, group_cents, strict=True)])
    borne = _apportioned(extra_cents, saved)
    paid: dict[str, int] = {}
    for group, cents, more in zip(groups, group_cents, borne, strict=True):
        parts = np.array([own_cents[one] for one in group])
        paid |= dict(zip(group, _apportioned(cents + more, parts), strict=True))
    return paid


def _apportioned(cents: int, weights: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> list[int]:
    """Split cents by weight; what is left of a cent goes to the first ones."""
    total = int(weights.sum())
    if total <= 0:
        return [0] * len(weights)
    parts = [cents * int(weight) // total for weight in weights]
    left = cents - sum(parts)
    return [part + (row < left) for row, part in enumerate(parts)]
