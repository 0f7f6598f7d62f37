"""What the best option of a plan, or its set of sources, holds until it is given up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.demand import SUBSTATION, LoadCase
from gisplan.model.reservation import ReservationRow
from gisplan.planning.access_findings import BAY_KINDS
from gisplan.planning.customers import ALONE
from gisplan.planning.demand import case_demands, powers_at
from gisplan.planning.phases import THREE_PHASES
from gisplan.planning.promised_switches import SWITCH, relied_on
from gisplan.rules.types import LEVELS

if TYPE_CHECKING:
    from gisplan.model.application import Application
    from gisplan.model.grid import Integers
    from gisplan.model.option import Option, Plan
    from gisplan.planning.region import Region
    from gisplan.planning.state import PlanningState

SUBSTATION_LEVEL = LEVELS[-1]


def held_options(plan: Plan) -> tuple[Option, ...]:
    """Return the options that a plan holds: the best, or all sources where several are needed.

    Nothing where no option is feasible, or where the sources needed do not hold together: one of
    them alone is not what the customer must have.
    """
    if plan.supply_set is not None:
        return plan.supply_set.options if plan.supply_set.feasible else ()
    if plan.sources_required > 1 or plan.best is None:
        return ()
    return (plan.best,)


def held_rows(plan: Plan, state: PlanningState) -> tuple[ReservationRow, ...]:
    """Return all that a plan holds.

    Every source holds the demand in full, for each must carry it alone. What two of them have in
    common holds it once: the main transformer that supplies both (where there is none, the source
    of the grid), a tap or a switch.
    """
    rows: list[ReservationRow] = []
    substations: set[int] = set()
    settings: set[tuple[str, str]] = set()
    for option in held_options(plan):
        substation = _substation(option, state)
        for row in reservation_rows(plan.application, option, state):
            if row.tap_position is not None:
                if (row.element_kind, row.element_id) not in settings:
                    rows.append(row)
                settings.add((row.element_kind, row.element_id))
            elif row.level == SUBSTATION_LEVEL and substation in substations:
                rows.append(replace(row, coincident_p_kw=0.0, coincident_q_kvar=0.0))
            else:
                rows.append(row)
        if substation != ALONE:
            substations.add(substation)
    return tuple(rows)


def _substation(option: Option, state: PlanningState) -> int:
    """Return the number of what supplies an option as the grid stands, ``ALONE`` for nothing."""
    sharing = state.held.sharing
    (node,) = sharing.nodes(*_place(option, state.region)).tolist()
    return int(sharing.group[SUBSTATION, node])


def _place(option: Option, region: Region) -> tuple[Integers, Integers]:
    """Return the bus and the line that an option connects to, one of them -1, shape (1,)."""
    point = option.access_point
    on_line = point.element_kind == "line"
    bus = np.array([-1 if on_line else region.bus_row[point.element_id]])
    return bus, np.array([region.line_row[point.element_id] if on_line else -1])


def reservation_rows(
    application: Application, option: Option, state: PlanningState
) -> tuple[ReservationRow, ...]:
    """Return one row a load case and coincidence level, one a tap or switch that it rests on.

    That is one that it changes, or one that was promised before at its own transformer or feeder:
    should the first promise be given back, this one still needs it.
    """
    return (
        *_demand_rows(application, option, state),
        *_tap_rows(option, state),
        *_switch_rows(option, state),
    )


def _demand_rows(
    application: Application, option: Option, state: PlanningState
) -> tuple[ReservationRow, ...]:
    point, (bus, line) = option.access_point, _place(option, state.region)
    demands = case_demands(application, state.region.catalogue)
    powers = [powers_at(demand, state.held, bus, line) for demand in demands]
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
            coincident_p_kw=float(p_kw[0, index]),
            coincident_q_kvar=float(q_kvar[0, index]),
            bays=1 if point.kind in BAY_KINDS else 0,
        )
        for demand, (p_kw, q_kvar) in zip(demands, powers, strict=True)
        for index, level in enumerate(LEVELS)
    )


def _tap_rows(option: Option, state: PlanningState) -> tuple[ReservationRow, ...]:
    own = option.electrical.transformer
    taps = {own: state.held.taps[own]} if own in state.held.taps else {}
    taps |= {r.element: r.tap_position for r in option.remedies if r.tap_position is not None}
    return tuple(
        _setting_row("transformer", transformer_id, tap_position)
        for transformer_id, tap_position in taps.items()
    )


def _switch_rows(option: Option, state: PlanningState) -> tuple[ReservationRow, ...]:
    own = {r.element: r.switch_closed for r in option.remedies if r.switch_closed is not None}
    snapshot = state.region.snapshot
    needed = relied_on(snapshot, state.held.switchings, option.electrical.feeder, own)
    return tuple(
        _setting_row(SWITCH, switch_id, int(is_closed)) for switch_id, is_closed in needed.items()
    )


def _setting_row(element_kind: str, element_id: str, position: int) -> ReservationRow:
    return ReservationRow(
        element_id=element_id,
        element_kind=element_kind,
        level="transformer" if element_kind == "transformer" else "feeder",
        load_case=LoadCase.LOAD,
        p_kw=0.0,
        q_kvar=0.0,
        coincident_p_kw=0.0,
        coincident_q_kvar=0.0,
        tap_position=position,
    )
