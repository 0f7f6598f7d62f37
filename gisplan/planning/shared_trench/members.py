"""Who may take part in a joint plan, with which cable, and why others may not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from gisplan.planning.access import KINDS
from gisplan.planning.site import examine_site

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gisplan.model.application import Application
    from gisplan.planning.shared_trench.promises import Settled
    from gisplan.planning.site import Site
    from gisplan.planning.state import PlanningState
    from gisplan.planning.variants import Variant

ON_POLES = "its line hangs on poles"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An application that may share a trench.

    ``cables`` are those of the role that it takes when planned alone, cheapest first; ``own_cents``
    is what it then pays.
    """

    site: Site
    cables: tuple[Variant, ...]
    own_cents: int

    @property
    def application(self) -> Application:
        """The application."""
        return self.site.application

    @property
    def reference(self) -> str:
        """Its reference."""
        return self.site.application.reference

    @property
    def cable(self) -> Variant:
        """The cheapest cable, with which it is searched."""
        return self.cables[0]

    @property
    def kinds(self) -> tuple[int, ...]:
        """Codes of the access points that its cables lead to."""
        return tuple(KINDS.index(kind) for kind in self.cable.kinds)

    @property
    def place(self) -> shapely.Geometry:
        """The parcel, or the place itself."""
        return shapely.Point(self.site.xy_m) if self.site.parcel is None else self.site.parcel

    @property
    def price_cents_per_m(self) -> int:
        """The cheapest cable's price a metre in whole cents, never more than it is."""
        return int(self.cable.cable_per_m * 100 + 1e-6)


def find_members(
    applications: Sequence[Application], state: PlanningState, separate: Mapping[str, Settled]
) -> tuple[tuple[Member, ...], dict[str, str]]:
    """Return who may share trenches, and for all others the reason why they may not.

    ``separate`` has what becomes of each when planned one after another.
    """
    members: list[Member] = []
    reasons: dict[str, str] = {}
    for application in applications:
        settled = separate[application.reference]
        reason = _obstacle(settled)
        member = None if reason else _member(application, state, settled)
        if member is None or not member.cables:
            reasons[application.reference] = reason or ON_POLES
        else:
            members.append(member)
    return tuple(members), reasons


def _obstacle(settled: Settled) -> str:
    """Say why an application takes no part; empty where it may."""
    option = settled.option
    if option is None:
        return "cannot be connected: " + (settled.reasons[0] if settled.reasons else "no option")
    if settled.sources_required > 1:
        return f"needs {settled.sources_required} independent sources, which are planned alone"
    if option.conductor is None:
        return "its existing service is enough: nothing is dug for it"
    if any(one.laying == "overhead_span" for one in option.route.segments):
        return ON_POLES
    return ""


def _member(application: Application, state: PlanningState, settled: Settled) -> Member:
    site = examine_site(application, state)
    option = settled.option
    role = option.conductor.role if option is not None and option.conductor is not None else ""
    cables = tuple(one for one in site.variants if one.role == role and not one.is_overhead)
    return Member(site=site, cables=cables, own_cents=settled.cents)
