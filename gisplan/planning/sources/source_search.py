"""Routes to several sources that share no trench (双电源), over all access points at once.

One flow finds the cheapest set for one price of every edge. Access points take different cables (a
loop-in has two legs, a ring keeps its section), so the flow is asked at the least price of all
cables, which bounds every set from below, then for each role and for each cable. Each set found is
laid with the cheapest cables that hold over its true lengths; the cheapest is the answer, and the
distance to the bound is its gap.

Where no cable holds over a route found, its access point leaves the question and the flow is asked
again. The bound stays that of the first question, so what left counts against the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.planning.judge import access_name
from gisplan.planning.sources.ends import source_ends
from gisplan.planning.sources.laid_routes import Layer
from gisplan.planning.sources.question import ask, build_questions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gisplan.model.grid import Flags
    from gisplan.model.route_answer import Independence
    from gisplan.planning.candidates import CableAt, Ground, Judge
    from gisplan.planning.offers import Offer
    from gisplan.planning.site import Site
    from gisplan.planning.sources.ends import SourceEnds
    from gisplan.planning.sources.laid_routes import LaidSet
    from gisplan.planning.sources.question import Found, Question
    from gisplan.routing.disjoint.result import DisjointRoutes

MOST_ROUNDS = 12
NOWHERE: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSet:
    """Routes to different sources that belong together, by cost.

    ``group_names`` say what supplies each. ``total_cents`` counts a shared trench once.
    ``bound_cents`` is a cost below which no such set exists, ``None`` where trenches are shared.
    ``reason`` is empty where all sources wanted were found and nothing is shared. ``left_out``
    names access points that no cable serves over the route found to them, and why.
    """

    offers: tuple[Offer, ...]
    group_names: tuple[str, ...]
    total_cents: int
    bound_cents: int | None
    shared_length_m: float
    reason: str
    left_out: tuple[str, ...] = ()


def find_source_set(
    site: Site,
    ground: Ground,
    judge: Judge,
    *,
    count: int,
    independence: Independence,
    node_disjoint: bool = False,
) -> SourceSet:
    """Return the cheapest routes to ``count`` sources that are independent as asked.

    Parameters
    ----------
    judge
        Tells which access points may be used with which cable; asked with a length that no route
        to them undercuts, and again with that of the route.
    """
    search = build_source_search(site, ground, judge, independence)
    return search.find(count=count, node_disjoint=node_disjoint)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSearch:
    """A site with the access points that may be its sources, ready to be asked for sets of them.

    ``ends`` is ``None`` where no access point with a known source can be reached.
    """

    site: Site
    ground: Ground
    judge: Judge
    independence: Independence
    ends: SourceEnds | None
    questions: tuple[Question, ...]

    def without_cables(self, refused: Iterable[CableAt]) -> SourceSearch:
        """Return the same search with cables that are refused at elements."""
        if self.ends is None:
            return self
        ends = self.ends.without_cables(refused)
        return replace(
            self, ends=ends, questions=build_questions(self.ground, self.site.connectors, ends)
        )

    def find(
        self,
        *,
        count: int,
        node_disjoint: bool = False,
        shut: frozenset[tuple[int, int]] = NOWHERE,
    ) -> SourceSet:
        """Return the cheapest set; ``shut`` are elements (line, bus) that are no access points."""
        if self.ends is None:
            return _nothing("no access point whose source is known can be reached from the site")
        if not self.questions:
            return _nothing(_refused(self.ends))
        asking = _Asking(search=self, ends=self.ends, count=count, node_disjoint=node_disjoint)
        outcome = asking.cheapest(self.ends.without(shut))
        best = outcome.best
        told = tuple(dict.fromkeys(_told(self, row, reason) for row, reason in outcome.left_out))
        if best is None:
            return _nothing(_no_set(told, is_complete=outcome.is_complete), told)
        routes, bound = best.found.routes, _bound_cents(outcome.first, self.questions[0])
        names = (self.ends.group_names[int(self.ends.group[row])] for row in best.found.row)
        return SourceSet(
            offers=best.offers,
            group_names=tuple(names),
            total_cents=best.total_cents,
            bound_cents=bound if routes.is_disjoint else None,
            shared_length_m=routes.shared.length_m,
            reason=_reason(routes, self.independence),
            left_out=told,
        )


def build_source_search(
    site: Site, ground: Ground, judge: Judge, independence: Independence
) -> SourceSearch:
    """Return what may supply a site, judged and priced once for all sets asked for."""
    ends = source_ends(site, ground, judge, independence)
    return SourceSearch(
        site=site,
        ground=ground,
        judge=judge,
        independence=independence,
        ends=ends,
        questions=() if ends is None else build_questions(ground, site.connectors, ends),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """The cheapest set whose cables hold, the answer that bounds it, what was left out.

    ``is_complete`` is false where the search was given up while access points still left.
    """

    best: LaidSet | None
    first: Found | None
    left_out: tuple[tuple[int, str], ...]
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """One search for a set: how many sources, and what may be shared."""

    search: SourceSearch
    ends: SourceEnds
    count: int
    node_disjoint: bool

    def cheapest(self, allowed: Flags) -> _Outcome:
        """Ask until the cables hold over all routes found, or for so many rounds."""
        search = self.search
        layer = Layer(
            ground=search.ground,
            landings=search.site.connectors,
            ends=self.ends,
            judge=search.judge,
        )
        best, first, left_out, is_complete = None, None, list[tuple[int, str]](), False
        for turn in range(MOST_ROUNDS):
            answers = [self._ask(question, allowed) for question in search.questions]
            first = answers[0] if turn == 0 else first
            laid = [layer.lay(found) for found in answers if found is not None]
            whole = [one for one in (*laid, best) if one is not None and one.offers]
            best = min(whole, key=lambda one: one.order, default=None)
            refused = {row: reason for one in laid for row, reason in one.refused}
            left_out += refused.items()
            is_complete = not refused or _is_best(best, answers[0], search.questions[0])
            if is_complete:
                break
            allowed = allowed & ~np.isin(np.arange(len(allowed)), list(refused))
        return _Outcome(best=best, first=first, left_out=tuple(left_out), is_complete=is_complete)

    def _ask(self, question: Question, allowed: Flags) -> Found | None:
        found = ask(
            question,
            self.search.ground,
            self.ends,
            allowed,
            count=self.count,
            node_disjoint=self.node_disjoint,
        )
        return found if found is not None and found.row else None


def _is_best(best: LaidSet | None, least: Found | None, question: Question) -> bool:
    """Tell whether no set among the access points left can be better."""
    if best is None or least is None:
        return least is None
    least_cents = least.routes.total_cents - question.rounding_cents
    bound = -len(least.routes.routes), least.routes.proof.shared_mm, least_cents
    return len(least.routes.shared) == 0 and best.order <= bound


def _bound_cents(first: Found | None, question: Question) -> int | None:
    """Return a cost below which no set exists; ``None`` where none without sharing was found."""
    if first is None or not first.routes.is_disjoint:
        return None
    return max(first.routes.total_cents - question.rounding_cents, 0)


def _told(search: SourceSearch, row: int, reason: str) -> str:
    if search.ends is None:
        return reason
    meetings, grid = search.ends.meetings, search.site.region.snapshot.grid
    return f"{access_name(grid, int(meetings.line[row]), int(meetings.bus[row]))}: {reason}"


def _reason(found: DisjointRoutes, independence: Independence) -> str:
    """Say what holds further sources back, or what must be shared."""
    what = str(independence).replace("_", " ")
    if found.missing_cut is not None:
        return (
            f"{len(found.routes)} of {found.wanted} sources can be reached: the access points "
            f"within reach do not differ in {what} beyond that"
        )
    if len(found.shared):
        return (
            f"no {found.wanted} routes without a shared trench exist: at least "
            f"{found.shared.length_m:.1f} m are shared"
        )
    return ""


def _refused(ends: SourceEnds) -> str:
    said = "; ".join(ends.refusals) or "no landing of the site is open to a cable"
    return f"no access point can be a source: {said}"


def _no_set(left_out: tuple[str, ...], *, is_complete: bool) -> str:
    """Say why nothing is offered: all were refused, or the search was given up."""
    if not left_out:
        return "no access point that may be a source can be reached from the site"
    ended = "" if is_complete else f"; the search was given up after {MOST_ROUNDS} rounds"
    return (
        f"no set of routes holds its limits; {len(left_out)} access points were left out over "
        f"their routes, the first {left_out[0]}{ended}"
    )


def _nothing(reason: str, left_out: tuple[str, ...] = ()) -> SourceSet:
    return SourceSet(
        offers=(),
        group_names=(),
        total_cents=0,
        bound_cents=None,
        shared_length_m=0.0,
        reason=reason,
        left_out=left_out,
    )
