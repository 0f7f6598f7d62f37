"""Judge many points at once on the supply tree, microseconds each, before AC proves the best.

Radial parts only: points with a loop above them are marked ``NEEDS_AC``. Everything on the path is
as good as solved: within 2e-4 p.u. and 0.1 percentage points of an AC power flow. Voltages of buses
off the path are estimated to first order and bounded beyond it; where bound and estimate fall on
different sides of a limit, the verdict is uncertain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.electrical.base.base_state import BaseState
from gisplan.electrical.demand import Demands, check_demands
from gisplan.electrical.screening.points import locate_points, select_points
from gisplan.electrical.screening.screening_kernel import (
    LINE_OVERLOADED,
    LOADING,
    LV_HIGH,
    LV_LOW,
    MV_HIGH,
    MV_LOW,
    NEEDS_AC,
    NO_SOLUTION,
    NOT_SUPPLIED,
    RESULT_COLUMNS,
    SLACK_AT_MOST,
    SLACK_LOADING,
    SLACK_VOLTAGE,
    TRANSFORMER_OVERLOADED,
    VOLTAGE_MAIN,
    VOLTAGE_SERVICE,
    VOLTAGE_TOO_HIGH,
    VOLTAGE_TOO_LOW,
    screen_points,
)
from gisplan.electrical.screening.screening_limits import ScreeningLimits, screening_limits
from gisplan.model.grid import Codes, Flags, Floats, Integers, SwitchedKind
from gisplan.network.snapshot import Snapshot

__all__ = ["REASONS", "Screening", "ScreeningLimits", "screen", "screening_limits"]

REASONS = {
    LINE_OVERLOADED: "a line would be loaded above its rated current",
    TRANSFORMER_OVERLOADED: "a transformer would be loaded above its rated power",
    VOLTAGE_TOO_LOW: "a voltage would fall below its limit",
    VOLTAGE_TOO_HIGH: "a voltage would rise above its limit",
    NO_SOLUTION: "the demand lies beyond voltage collapse",
    NOT_SUPPLIED: "the point has no supply",
    NEEDS_AC: "the point hangs on a loop and needs an AC power flow",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """Verdicts, one row a candidate.

    ``feasible`` compares strictly; ``uncertain`` marks those that lie inside a guard band or
    between bound and estimate, which only an AC power flow decides. ``voltage_pu`` is the point's
    own in the state "main", ``voltage_service_pu`` in "service". The extremes are bounds and cover
    the point, the path and what hangs off it as far as the demand moves it; inf and -inf where
    nothing of that level is moved.
    """

    feasible: Flags
    uncertain: Flags
    reasons: Codes
    loading_max_ratio: Floats
    limiting_kind: Integers
    limiting_row: Integers
    voltage_pu: Floats
    voltage_service_pu: Floats
    lv_min_pu: Floats
    lv_max_pu: Floats
    mv_min_pu: Floats
    mv_max_pu: Floats


def screen(
    snapshot: Snapshot, base: BaseState, candidates: Demands, limits: ScreeningLimits
) -> Screening:
    """Screen each candidate by itself in one load case.

    Raises
    ------
    InputError
        If a candidate lies on no element or its power is no number.
    """
    check_demands(snapshot.grid, candidates)
    points = locate_points(snapshot, base, candidates)
    reasons = np.where(points.is_supplied, np.where(points.needs_ac, NEEDS_AC, 0), NOT_SUPPLIED)
    reasons = reasons.astype(np.uint8)
    screened = np.flatnonzero(reasons == 0)
    numbers = np.full((len(candidates), RESULT_COLUMNS), np.nan)
    limiting = np.full((len(candidates), 2), -1, np.int64)
    numbers[screened], reasons[screened], limiting[screened] = screen_points(
        select_points(points.places, screened),
        np.ascontiguousarray(candidates.p_kw[screened]),
        np.ascontiguousarray(candidates.q_kvar[screened]),
        limits.values,
        base.tree.arrays,
        base.levels,
        base.is_repeated,
    )
    kind, row = limiting[:, 0].copy(), limiting[:, 1].copy()
    own_line = (kind == SwitchedKind.LINE) & (row < 0)
    row[own_line] = candidates.line[own_line]
    return _verdicts(numbers, reasons, kind, row, limits)


def _verdicts(
    numbers: Floats, reasons: Codes, kind: Integers, row: Integers, limits: ScreeningLimits
) -> Screening:
    loading = numbers[:, SLACK_LOADING] / limits.guard_loading_ratio
    at_least = np.minimum(numbers[:, SLACK_VOLTAGE] / limits.guard_voltage_pu, loading)
    at_most = np.minimum(numbers[:, SLACK_AT_MOST] / limits.guard_voltage_pu, loading)
    has_solution = (reasons & (NO_SOLUTION | NOT_SUPPLIED)) == 0
    return Screening(
        feasible=reasons == 0,
        uncertain=((at_least < 1) & (at_most > -1) & has_solution) | (reasons == NEEDS_AC),
        reasons=reasons,
        loading_max_ratio=numbers[:, LOADING],
        limiting_kind=kind,
        limiting_row=row,
        voltage_pu=numbers[:, VOLTAGE_MAIN],
        voltage_service_pu=numbers[:, VOLTAGE_SERVICE],
        lv_min_pu=numbers[:, LV_LOW],
        lv_max_pu=numbers[:, LV_HIGH],
        mv_min_pu=numbers[:, MV_LOW],
        mv_max_pu=numbers[:, MV_HIGH],
    )
