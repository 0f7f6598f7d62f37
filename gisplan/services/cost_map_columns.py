"""The columns of a cost-to-connect map: corridor nodes, buildings, access points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.model.grid import SwitchedKind
from gisplan.planning.access import KINDS
from gisplan.planning.cost_map.node_costs import REASON_TEXTS, CostReason
from gisplan.routing.sweep import UNREACHED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gisplan.export.electrical_table import Column
    from gisplan.model.grid import Codes, Floats, Grid, Integers, Texts
    from gisplan.planning.cost_map.access import CostMapAccess
    from gisplan.planning.cost_map.node_costs import CostMap, PlaceCosts
    from gisplan.planning.cost_map.site_costs import SiteCosts

LIMITING = ("limiting_kind", "limiting_id", "limiting_name", "loading_max_ratio")


def money(cents: Integers) -> Floats:
    """Return whole cents as money, NaN where there is none."""
    amount: Floats = np.where(cents < UNREACHED, cents / 100, np.nan)
    return amount


def access_columns(answer: CostMap) -> dict[str, Column]:
    """Return every access point with its verdict, and how many corridor nodes it is best for."""
    access, grid = answer.access, answer.state.region.snapshot.grid
    every = range(len(access))
    elements = [access.element(grid, row) for row in every]
    best_for = np.bincount(answer.nodes.access[answer.nodes.is_reached], minlength=len(access))
    return {
        "access_point": np.arange(len(access)),
        "access_kind": _texts(KINDS[code].value for code in access.met.kind),
        "access_element_kind": _texts(one[0] for one in elements),
        "access_id": _texts(one[1] for one in elements),
        "access_name": _texts(one[2] for one in elements),
        "offset_m": np.where(access.met.line >= 0, access.met.offset_m, np.nan).round(2),
        "feasible": access.suits,
        "is_uncertain": access.suits & access.uncertain,
        "reason": _texts(access.told(grid, row) for row in every),
        **_limiting_columns(grid, access),
        "node_count": best_for,
    }


def node_columns(answer: CostMap, points: Mapping[str, Column]) -> dict[str, Column]:
    """Return what connecting costs from every corridor node; ``points`` are the access columns."""
    nodes = answer.nodes
    passed = nodes.passed_over
    return {
        "node": np.arange(len(nodes)),
        **_cost_columns(answer, points, nodes),
        "cost_at_least": money(nodes.bound_cents),
        "is_exact": nodes.is_exact,
        "passed_over_id": _taken(points["access_id"], passed),
        "passed_over_name": _taken(points["access_name"], passed),
        "passed_over_reason": _taken(points["reason"], passed),
    }


def building_columns(
    answer: CostMap,
    points: Mapping[str, Column],
    rows: Integers,
    costs: SiteCosts,
    bound_cents: Integers,
) -> dict[str, Column]:
    """Return what connecting costs from buildings, which are rows of the obstacles."""
    obstacles = answer.state.region.snapshot.grid.obstacles
    return {
        "building_id": obstacles.obstacle_id[rows],
        **_cost_columns(answer, points, costs),
        "cost_at_least": money(bound_cents),
        "is_exact": costs.cost_cents <= bound_cents,
    }


def _cost_columns(
    answer: CostMap, points: Mapping[str, Column], costs: PlaceCosts | SiteCosts
) -> dict[str, Column]:
    access, reached = costs.access, costs.is_reached
    variant = np.where(reached, costs.variant, -1)
    cables = answer.asked.variants
    counts = np.array([cable.parallel_count for cable in cables])
    drop = np.array([answer.asked.judge.drop_pct(cable, np.ones(1))[0] for cable in cables])
    length_m = np.where(reached, costs.length_m, np.nan)
    return {
        "cost": money(np.where(reached, costs.cost_cents, UNREACHED)),
        "currency": np.full(len(access), answer.currency),
        "access_point": access,
        "access_kind": _taken(points["access_kind"], access),
        "access_element_kind": _taken(points["access_element_kind"], access),
        "access_id": _taken(points["access_id"], access),
        "access_name": _taken(points["access_name"], access),
        "cable": _taken(_texts(cable.conductor.name for cable in cables), variant),
        "parallel_count": np.where(reached, counts[np.maximum(variant, 0)], 0),
        "length_m": length_m.round(2),
        "voltage_drop_pct": (drop[np.maximum(variant, 0)] * length_m).round(3),
        "is_uncertain": reached & _taken(points["is_uncertain"], access),
        **{name: _taken(points[name], access) for name in LIMITING},
        "reason": _reasons(costs.reason, access, points),
    }


def _limiting_columns(grid: Grid, access: CostMapAccess) -> dict[str, Column]:
    """Return the element with the highest loading behind each access point; empty for none."""
    kind, row = access.limiting_kind, access.limiting_row
    lines, units = grid.lines, grid.transformers
    is_line = (row >= 0) & (kind == SwitchedKind.LINE)
    is_unit = (row >= 0) & (kind == SwitchedKind.TRANSFORMER)
    columns: dict[str, Column] = {
        "limiting_kind": np.select([is_line, is_unit], ["line", "transformer"], ""),
    }
    for name, of_lines, of_units in (
        ("limiting_id", lines.line_id, units.transformer_id),
        ("limiting_name", lines.name, units.name),
    ):
        choices = [_taken(of_lines, np.where(is_line, row, -1))]
        choices.append(_taken(of_units, np.where(is_unit, row, -1)))
        columns[name] = np.select([is_line, is_unit], choices, "")
    columns["loading_max_ratio"] = np.where(row >= 0, access.loading_ratio, np.nan).round(6)
    return columns


def _reasons(reason: Codes, access: Integers, points: Mapping[str, Column]) -> Texts:
    """Say why each place has no cost, and what stands in the way at the point it would take."""
    texts = _taken(_texts(REASON_TEXTS[one] for one in CostReason), reason.astype(np.int64))
    refused = np.flatnonzero(reason == CostReason.NOTHING_FEASIBLE)
    nearest = _taken(points["access_name"], access[refused])
    told = _taken(points["reason"], access[refused])
    more = [f"; at {name}: {why}" for name, why in zip(nearest, told, strict=True)]
    texts = texts.astype(object)
    texts[refused] = texts[refused] + np.array(more, dtype=object)
    return texts.astype(np.str_)


def _taken(values: Column, rows: Integers) -> Column:
    """Return values by row, nothing where the row is -1: an empty text, no, or NaN."""
    nothing: Column = np.array(["" if values.dtype.kind == "U" else 0]).astype(values.dtype)
    if values.dtype.kind == "f":
        nothing[0] = np.nan
    return np.concatenate([values, nothing])[rows]


def _texts(values: Iterable[str]) -> Texts:
    return np.array(list(values), np.str_)
