"""Judge many points at once on the supply tree, microseconds each, before AC proves the best.

Radial parts only: points with a loop above them are marked ``NEEDS_AC``. Everything on the path is
solved. Voltages of buses off the path are estimates to first order, not bounds: their base voltage
and, for a drop, the change where they leave the path times its growth on the way down. They can be
too high where the drop is large; the guard band and the AC proof cover that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.electrical.base_state import BaseState
from gisplan.electrical.demand import Demands, check_demands
from gisplan.electrical.points import locate_points, select_points
from gisplan.electrical.screening_kernel import (
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
    SLACK_LOADING,
    SLACK_VOLTAGE,
    TRANSFORMER_OVERLOADED,
    VOLTAGE_MAIN,
    VOLTAGE_SERVICE,
    VOLTAGE_TOO_HIGH,
    VOLTAGE_TOO_LOW,
    screen_points,
)
from gisplan.electrical.worst import FAR_TOLERANCE_PU, OWN_TOLERANCE_PU
from gisplan.model.grid import Codes, Flags, Floats, Integers, SwitchedKind
from gisplan.network.snapshot import Snapshot
from gisplan.rules.catalogue import Catalogue

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
class ScreeningLimits:
    """Limits of the catalogue as the kernel reads them, and the guard bands around them."""

    values: Floats
    guard_voltage_pu: float
    guard_loading_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """Verdicts, one row a candidate.

    ``feasible`` compares strictly; ``uncertain`` marks those that lie inside a guard band, which
    only an AC power flow decides. ``voltage_pu`` is the point's own in the state "main",
    ``voltage_service_pu`` in "service". The extremes cover the point, the path and what hangs
    below as far as the demand moves it; inf and -inf where nothing of that level is moved.
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


def screening_limits(catalogue: Catalogue) -> ScreeningLimits:
    """Read limits and guard bands of a catalogue."""
    rules = (
        "voltage.lv_min_pu",
        "voltage.lv_max_pu",
        "voltage.mv_min_pu",
        "voltage.mv_max_pu",
        "loading.line_max",
        "loading.transformer_max",
        "loading.main_transformer_max",
    )
    return ScreeningLimits(
        values=np.array([catalogue.value(rule) for rule in rules]),
        guard_voltage_pu=catalogue.value("guard.voltage_pu"),
        guard_loading_ratio=catalogue.value("guard.loading_ratio"),
    )


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
        np.array([OWN_TOLERANCE_PU, FAR_TOLERANCE_PU]),
        base.tree.arrays,
        base.levels,
    )
    kind, row = limiting[:, 0].copy(), limiting[:, 1].copy()
    own_line = (kind == SwitchedKind.LINE) & (row < 0)
    row[own_line] = candidates.line[own_line]
    return _verdicts(numbers, reasons, kind, row, limits)


def _verdicts(
    numbers: Floats, reasons: Codes, kind: Integers, row: Integers, limits: ScreeningLimits
) -> Screening:
    voltage = numbers[:, SLACK_VOLTAGE] / limits.guard_voltage_pu
    loading = numbers[:, SLACK_LOADING] / limits.guard_loading_ratio
    slack = np.minimum(voltage, loading)
    return Screening(
        feasible=reasons == 0,
        uncertain=(np.abs(slack) < 1) | (reasons == NEEDS_AC),
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
