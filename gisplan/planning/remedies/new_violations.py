"""What another switching state breaks by itself, before anybody is connected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.demand import (
    SUBSTATION,
    bus_levels,
    line_levels,
    transformer_levels,
)
from gisplan.electrical.proof.worst import OWN_TOLERANCE_PU, OWN_TOLERANCE_RATIO
from gisplan.network.topology import HIGH_VOLTAGE_FROM_V, LOW_VOLTAGE_BELOW_V

if TYPE_CHECKING:
    from gisplan.electrical.base.base_state import BaseState
    from gisplan.electrical.demand import LoadCase
    from gisplan.model.grid import Codes, Flags, Floats, Grid, Texts
    from gisplan.rules.catalogue import Catalogue, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class _Quantity:
    """Values of some elements in the state of their own level, before and after."""

    rule_id: str
    kind: str
    element_id: Texts
    asked: Flags
    before: Floats
    after: Floats
    tolerance: float


def find_new_violation(
    grid: Grid,
    before: Mapping[LoadCase, BaseState],
    after: Mapping[LoadCase, BaseState],
    catalogue: Catalogue,
) -> str:
    """Return the first element that ends beyond a limit and worse than before, in words.

    Empty where there is none. What was beyond its limit before may stay so.
    """
    for case, base in before.items():
        for quantity in _quantities(grid, base, after[case]):
            broken = _broken(quantity, catalogue.rule(quantity.rule_id))
            if broken.any():
                row = int(np.argmax(broken))
                return (
                    f"{quantity.rule_id} at {quantity.kind} {quantity.element_id[row]} "
                    f"({quantity.after[row]:.4f}, before {quantity.before[row]:.4f})"
                )
    return ""


def _broken(quantity: _Quantity, rule: Rule) -> Flags:
    sign = 1.0 if rule.sense == "max" else -1.0
    beyond = sign * (quantity.after - rule.value) > quantity.tolerance
    worse = ~(sign * (quantity.after - quantity.before) <= quantity.tolerance)
    broken: Flags = quantity.asked & beyond & worse
    return broken


def _quantities(grid: Grid, before: BaseState, after: BaseState) -> Iterator[_Quantity]:
    yield from _voltages(grid, before, after)
    yield from _loadings(grid, before, after)


def _voltages(grid: Grid, before: BaseState, after: BaseState) -> Iterator[_Quantity]:
    volts, bus_level = grid.buses.nominal_voltage_v, bus_levels(grid)
    low, medium = volts < LOW_VOLTAGE_BELOW_V, volts < HIGH_VOLTAGE_FROM_V
    for rule_id, asked in (
        ("voltage.lv_min_pu", low),
        ("voltage.lv_max_pu", low),
        ("voltage.mv_min_pu", medium & ~low),
        ("voltage.mv_max_pu", medium & ~low),
    ):
        yield _Quantity(
            rule_id=rule_id,
            kind="bus",
            element_id=grid.buses.bus_id,
            asked=asked,
            before=_at_own_level(before.voltage_pu, bus_level),
            after=_at_own_level(after.voltage_pu, bus_level),
            tolerance=OWN_TOLERANCE_PU,
        )


def _loadings(grid: Grid, before: BaseState, after: BaseState) -> Iterator[_Quantity]:
    lines = line_levels(grid)
    yield _Quantity(
        rule_id="loading.line_max",
        kind="line",
        element_id=grid.lines.line_id,
        asked=np.ones(len(lines), dtype=bool),
        before=_at_own_level(before.line_loading_ratio, lines),
        after=_at_own_level(after.line_loading_ratio, lines),
        tolerance=OWN_TOLERANCE_RATIO,
    )
    units = transformer_levels(grid)
    for rule_id, asked in (
        ("loading.transformer_max", units != SUBSTATION),
        ("loading.main_transformer_max", units == SUBSTATION),
    ):
        yield _Quantity(
            rule_id=rule_id,
            kind="transformer",
            element_id=grid.transformers.transformer_id,
            asked=asked,
            before=_at_own_level(before.transformer_loading_ratio, units),
            after=_at_own_level(after.transformer_loading_ratio, units),
            tolerance=OWN_TOLERANCE_RATIO,
        )


def _at_own_level(values: Floats, level: Codes) -> Floats:
    """Take every element from the state in which it is judged; shape (elements,)."""
    own: Floats = values[level, np.arange(len(level))]
    return own
