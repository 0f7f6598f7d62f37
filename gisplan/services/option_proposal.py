"""An option as it was proven: the proposal that it stands for, in its switching state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import InputError, PowerFlowError, UnknownElementError
from gisplan.planning.offers import Offer, proposal_of
from gisplan.planning.route import Stretch, no_parts
from gisplan.planning.site import examine_site
from gisplan.planning.switched_state import switched_state

if TYPE_CHECKING:
    from gisplan.electrical.proof.proposal import Proposal
    from gisplan.model.application import Application
    from gisplan.model.grid import Texts
    from gisplan.model.option import Option
    from gisplan.planning.site import Site
    from gisplan.planning.state import PlanningState
    from gisplan.planning.variants import Variant


def site_of(state: PlanningState, application: Application, option: Option) -> Site:
    """Place an application in the switching state that its option asks for.

    Raises
    ------
    UnknownElementError
        If the option names a switch that the grid version does not hold.
    InputError
        If the grid has no solution in that switching state.
    """
    switches = state.region.snapshot.grid.switches
    closed = {
        _row(switches.switch_id, remedy.element, "switch"): remedy.switch_closed
        for remedy in option.remedies
        if remedy.switch_closed is not None
    }
    if not closed:
        return examine_site(application, state)
    try:
        return examine_site(application, switched_state(state, closed))
    except PowerFlowError as error:
        raise InputError(f"the switching of this option has no solution: {error}") from error


def proposal_of_option(site: Site, option: Option) -> Proposal:
    """Return what an option was proven as.

    Raises
    ------
    UnknownElementError
        If it names an element that the grid version does not hold.
    InputError
        If its cable is none of this application and catalogue, or a length of it is none.
    """
    _check_length("route", option.route.length_m)
    _check_length("place on the line", option.access_point.offset_m or 0.0)
    point, grid = option.access_point, site.region.snapshot.grid
    on_line = point.element_kind == "line"
    offer = Offer(
        kind=point.kind,
        line=_row(grid.lines.line_id, point.element_id, "line") if on_line else -1,
        bus=-1 if on_line else _row(grid.buses.bus_id, point.element_id, "bus"),
        offset_m=point.offset_m or 0.0,
        variant=_variant(site, option),
        stretches=(_stretch(option.route.length_m),),
        reason="",
    )
    units = grid.transformers.transformer_id
    taps = tuple(
        (_row(units, remedy.element, "transformer"), remedy.tap_position)
        for remedy in option.remedies
        if remedy.tap_position is not None
    )
    return proposal_of(site, offer, taps)


def _check_length(name: str, length_m: float) -> None:
    if not 0.0 <= length_m < np.inf:
        raise InputError(
            f"{name} of the option is {length_m} m; expected a length: ask for its options anew"
        )


def _stretch(length_m: float) -> Stretch:
    return Stretch(
        corridor="",
        surface="",
        laying="",
        length_m=length_m,
        civil_per_m=0.0,
        civil_cents=0,
        cable_cents=0,
        crossing_cents=0,
        edge=-1,
        parts=no_parts(),
        xy_m=np.empty((0, 2)),
    )


def _variant(site: Site, option: Option) -> Variant | None:
    cable = option.conductor
    if cable is None:
        return None
    for one in site.variants:
        named = (one.conductor.conductor_id, one.parallel_count)
        is_same = named == (cable.conductor_id, cable.parallel_count)
        if is_same and option.access_point.kind in one.kinds:
            return one
    raise InputError(
        f"{cable.parallel_count} x {cable.conductor_id} is no cable of the catalogue for this "
        "application; ask for its options anew"
    )


def _row(ids: Texts, element_id: str, kind: str) -> int:
    rows = np.flatnonzero(ids == element_id)
    if len(rows) == 0:
        raise UnknownElementError(f"{kind} {element_id} is not in the grid version that serves")
    return int(rows[0])
