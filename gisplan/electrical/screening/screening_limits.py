"""Limits of the catalogue as the screening kernels read them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.electrical.demand import SUBSTATION
from gisplan.model.grid import Codes, Floats, SwitchedKind
from gisplan.rules.catalogue import Catalogue

LV_MIN, LV_MAX, MV_MIN, MV_MAX, LINE_MAX, TRANSFORMER_MAX, MAIN_TRANSFORMER_MAX = range(7)

RULES = (
    "voltage.lv_min_pu",
    "voltage.lv_max_pu",
    "voltage.mv_min_pu",
    "voltage.mv_max_pu",
    "loading.line_max",
    "loading.transformer_max",
    "loading.main_transformer_max",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningLimits:
    """Limits in the order of ``RULES``, the guard bands around them, and what is excused far away.

    A far tolerance is a budget: all promises together may bring an element outside the part that
    is connected to beyond its limit, or beyond where it was without any, by no more than this.
    """

    values: Floats
    guard_voltage_pu: float
    guard_loading_ratio: float
    far_voltage_pu: float
    far_loading_ratio: float


def screening_limits(catalogue: Catalogue) -> ScreeningLimits:
    """Read limits, guard bands and tolerances of a catalogue."""
    return ScreeningLimits(
        values=np.array([catalogue.value(rule) for rule in RULES]),
        guard_voltage_pu=catalogue.value("guard.voltage_pu"),
        guard_loading_ratio=catalogue.value("guard.loading_ratio"),
        far_voltage_pu=catalogue.value("tolerance.far_voltage_pu"),
        far_loading_ratio=catalogue.value("tolerance.far_loading_ratio"),
    )


def loading_limits(kind: Codes, level: Codes, values: Floats) -> Floats:
    """Limit of the loading of each branch by its kind (``SwitchedKind``) and judging level."""
    unit = np.where(level == SUBSTATION, values[MAIN_TRANSFORMER_MAX], values[TRANSFORMER_MAX])
    limits: Floats = np.where(kind == SwitchedKind.TRANSFORMER, unit, values[LINE_MAX])
    return limits
