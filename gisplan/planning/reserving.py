"""What the best option of a plan holds until it is accepted or given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gisplan.electrical.demand import LoadCase
from gisplan.model.option import AccessKind
from gisplan.model.reservation import ReservationRow
from gisplan.planning.demand import case_demands
from gisplan.planning.phases import THREE_PHASES
from gisplan.rules.types import LEVELS

if TYPE_CHECKING:
    from gisplan.model.application import Application
    from gisplan.model.option import Option
    from gisplan.planning.state import PlanningState
    from gisplan.rules.catalogue import Catalogue

ONE_BAY = (AccessKind.SPARE_BAY, AccessKind.SUBSTATION_BAY)


def reservation_rows(
    application: Application, option: Option, state: PlanningState
) -> tuple[ReservationRow, ...]:
    """Return one row a load case and coincidence level, and one a tap that the option rests on.

    That is a tap that it changes, or one that was promised before at its own transformer: should
    the first promise be given back, this one still needs it.
    """
    return _demand_rows(application, option, state.region.catalogue) + _tap_rows(option, state)


def _demand_rows(
    application: Application, option: Option, catalogue: Catalogue
) -> tuple[ReservationRow, ...]:
    point = option.access_point
    return tuple(
        ReservationRow(
            element_id=point.element_id,
            element_kind=point.element_kind,
            level=level,
            load_case=demand.load_case,
            offset_m=point.offset_m,
            phase=None if option.phases == THREE_PHASES else option.phases,
            p_kw=float(demand.p_kw[0]),
            q_kvar=float(demand.q_kvar[0]),
            coincident_p_kw=float(demand.p_kw[index]),
            coincident_q_kvar=float(demand.q_kvar[index]),
            bays=1 if point.kind in ONE_BAY else 0,
        )
        for demand in case_demands(application, catalogue)
        for index, level in enumerate(LEVELS)
    )


def _tap_rows(option: Option, state: PlanningState) -> tuple[ReservationRow, ...]:
    own = option.electrical.transformer
    taps = {own: state.held.taps[own]} if own in state.held.taps else {}
    taps |= {r.element: r.tap_position for r in option.remedies if r.tap_position is not None}
    return tuple(
        ReservationRow(
            element_id=transformer_id,
            element_kind="transformer",
            level="transformer",
            load_case=LoadCase.LOAD,
            p_kw=0.0,
            q_kvar=0.0,
            coincident_p_kw=0.0,
            coincident_q_kvar=0.0,
            tap_position=tap_position,
        )
        for transformer_id, tap_position in taps.items()
    )
