"""The cost-to-connect map: from every place the least total cost to its best access point.

All access points of the level that the demand asks for are judged once, by themselves, with
everything that is held. Then one sweep from all of them at once for each admissible cable gives
every corridor node its cheapest way with that cable: route (civil works and cable) plus equipment.
A node keeps the cheapest cable whose voltage drop along its way holds.

What is exact. With one cable and no limit on the drop, a sweep is the optimum (whole cents, as
Dijkstra). ``bound_cents`` is the least over all admissible cables without that limit: no
connection that passes the same screening costs less. Where the drop of the cheapest way is too
large, or that way is long enough to need joints, the same cable may still reach this or another
access point by a shorter way for less; such nodes are searched on one by one, up to
``SEARCHED_MAX`` of them. ``is_exact`` then marks what equals the search of ``find_candidates`` from
that node: the least total over every cable, access point and way. Where it is not exact, the cost
is one that can be had, and the least lies between it and the bound.

What is open. Screening decides, and inside its guard band or on a loop the access point counts as
feasible and is marked uncertain: an AC power flow may still refuse it, as ``plan`` finds out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import InputError
from gisplan.planning.cost_map.access import (
    CostMapAccess,
    allowed_rows,
    judge_access,
    leads_to,
)
from gisplan.planning.cost_map.layers import (
    NONE,
    Layer,
    build_layer,
    least,
    search_further,
)
from gisplan.planning.site import examine_demand
from gisplan.routing.sweep import UNREACHED

if TYPE_CHECKING:
    from gisplan.model.application import Application
    from gisplan.model.grid import Codes, Flags, Floats, Integers
    from gisplan.planning.candidates import Ground
    from gisplan.planning.site import Asked
    from gisplan.planning.state import PlanningState

SEARCHED_MAX = 20_000


class CostReason(IntEnum):
    """Why a place has no cost; ``REACHED`` where it has one."""

    REACHED = 0
    NOT_CONNECTED = 1
    NOTHING_FEASIBLE = 2
    DROP_TOO_LARGE = 3
    NO_CORRIDOR = 4


REASON_TEXTS = {
    CostReason.REACHED: "",
    CostReason.NOT_CONNECTED: "no corridor leads from here to an access point of this level",
    CostReason.NOTHING_FEASIBLE: "no access point that corridors lead to takes this demand",
    CostReason.DROP_TOO_LARGE: "the new cable would drop too much voltage, whatever its section",
    CostReason.NO_CORRIDOR: "no corridor within reach of a straight connector",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceCosts:
    """What connecting costs from each of several places, shape (places,).

    ``cost_cents`` is ``UNREACHED`` where ``reason`` (a ``CostReason``) says why. ``access`` is the
    row of the winner in ``CostMapAccess``, -1 for none; where there is no cost, it is the access
    point that would be cheapest if it were allowed. ``variant`` is the row of the cable, -1 for
    none, ``length_m`` the way of the new cable. ``passed_over`` is the access point that would be
    cheaper if the grid allowed it, -1 for none.
    """

    cost_cents: Integers
    bound_cents: Integers
    access: Integers
    variant: Integers
    length_m: Floats
    reason: Codes
    passed_over: Integers
    is_exact: Flags

    def __len__(self) -> int:
        return len(self.cost_cents)

    @property
    def is_reached(self) -> Flags:
        """Whether there is a cost."""
        reached: Flags = self.reason == CostReason.REACHED
        return reached


@dataclass(frozen=True, slots=True, kw_only=True)
class CostMap:
    """The answer for one demand: ``nodes`` are the corridor nodes in their order.

    ``layers`` hold the sweeps of every cable in the order of ``asked.variants``, ``unlimited`` the
    sweep to every access point whether it takes the demand or not, for the cheapest cables.
    """

    application: Application
    state: PlanningState
    asked: Asked
    access: CostMapAccess
    layers: tuple[Layer, ...]
    unlimited: tuple[Layer, ...]
    nodes: PlaceCosts

    @property
    def currency(self) -> str:
        """Currency of the costs."""
        return self.state.region.catalogue.currency

    @property
    def ground(self) -> Ground:
        """The corridors that the map is made on."""
        return self.state.region.ground


def cost_map(application: Application, state: PlanningState) -> CostMap:
    """Return the least total cost of an application's demand from every corridor node.

    The application's own place does not matter.

    Raises
    ------
    InputError
        If the grid has no corridor, or nothing supplies such a demand anywhere: no voltage level
        takes it, the grid lacks that level, or no cable carries it.
    """
    asked, ground = examine_demand(application, state), state.region.ground
    _check(application, asked, ground)
    judged = judge_access(ground, asked.judge, asked.mode.voltage_level)
    allowed = [allowed_rows(asked.judge, judged, variant) for variant in asked.variants]
    access = replace(judged, suits=np.any(allowed, axis=0))
    swept = tuple(
        build_layer(
            ground,
            access,
            variant,
            rows,
            reach_m=asked.judge.reach_m(variant),
        )
        for variant, rows in zip(asked.variants, allowed, strict=True)
    )
    unlimited = _unlimited(ground, access, asked)
    layers, is_exact = _with_further(swept, ground.corridors.edge_length_m)
    return CostMap(
        application=application,
        state=state,
        asked=asked,
        access=access,
        layers=layers,
        unlimited=unlimited,
        nodes=_choose(layers, unlimited, access, is_exact),
    )


def _check(application: Application, asked: Asked, ground: Ground) -> None:
    """Refuse what no place could answer."""
    if asked.mode.refusal:
        raise InputError("; ".join(asked.mode.refusal))
    if not asked.variants:
        raise InputError(
            f"no cable of the catalogue carries {application.demand_kva:g} kVA at "
            f"{asked.mode.nominal_voltage_v:g} V; ask for less, or add a larger section"
        )
    if len(ground.corridors.node_x_m) == 0:
        raise InputError(
            "this grid version holds no corridor and no main that shows one, so no place can be "
            "reached; load streets or other corridors"
        )


def _unlimited(ground: Ground, access: CostMapAccess, asked: Asked) -> tuple[Layer, ...]:
    """Sweep from every access point, whatever it takes, with the cheapest cable of each role."""
    cheapest = {variant.role: variant for variant in reversed(asked.variants)}
    return tuple(
        build_layer(ground, access, variant, leads_to(variant, access.met), reach_m=np.inf)
        for variant in cheapest.values()
    )


def _with_further(
    layers: tuple[Layer, ...], edge_length_m: Floats
) -> tuple[tuple[Layer, ...], Flags]:
    """Search on where a cheaper cable's way is too long; return also which nodes are exact."""
    best = np.full(layers[0].graph.node_count, UNREACHED)
    for layer in layers:
        best = np.minimum(best, layer.held.cost_cents)
    is_exact = np.ones(len(best), dtype=bool)
    searched: list[Layer] = []
    left = SEARCHED_MAX
    for layer in layers:
        asked = np.flatnonzero(layer.bound_cents < best)
        is_exact[asked[left:]] = False
        further = search_further(layer, edge_length_m, asked[:left], best[asked[:left]])
        left -= len(asked[:left])
        best = np.minimum(best, further.further.cost_cents)
        searched.append(further)
    return tuple(searched), is_exact


def _choose(
    layers: tuple[Layer, ...],
    unlimited: tuple[Layer, ...],
    access: CostMapAccess,
    is_exact: Flags,
) -> PlaceCosts:
    """Return for each node the cheapest that holds, the first cable where equal."""
    best = least([labels for layer in layers for labels in (layer.held, layer.further)])
    bound = least([layer.swept for layer in layers])
    free = least([layer.swept for layer in unlimited])
    reached = best.cost_cents < UNREACHED
    instead = np.where(bound.access >= 0, bound.access, free.access)
    suits = np.append(access.suits, True)[free.access]  # the last one where there is no access
    beaten = reached & (free.cost_cents < best.cost_cents) & ~suits
    return PlaceCosts(
        cost_cents=best.cost_cents,
        bound_cents=bound.cost_cents,
        access=np.where(reached, best.access, instead),
        variant=np.where(reached, best.label // 2, np.where(bound.access >= 0, bound.label, NONE)),
        length_m=np.where(reached, best.length_m, bound.length_m),
        reason=reasons_of(reached, bound.access, free.access),
        passed_over=np.where(beaten, free.access, NONE),
        is_exact=is_exact,
    )


def reasons_of(reached: Flags, bound_access: Integers, free_access: Integers) -> Codes:
    """Return why places have no cost: from whether any access point is there, and one that fits."""
    reason = np.full(len(reached), CostReason.DROP_TOO_LARGE, dtype=np.uint8)
    reason[bound_access < 0] = CostReason.NOTHING_FEASIBLE
    reason[free_access < 0] = CostReason.NOT_CONNECTED
    reason[reached] = CostReason.REACHED
    return reason
