"""Graphs priced for a cable: made once, kept for the cables asked last."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gisplan.planning.civil import edge_costs_cents
from gisplan.planning.priced import KEPT_MAX, affordable
from gisplan.planning.variants import Variant, build_variants
from gisplan.routing.cost_graph import FORBIDDEN
from tests.grids import grid
from tests.unit.planning.towns import CATALOGUE, ground_of

GROUND, _ = ground_of(
    grid(
        "S-T 500", "T>B 400", "B-J 60", "B transformer_board 400V @0,0", "J joint 400V @60,0",
        "T joint 20000V @0,0", "S substation_busbar 20000V @-500,0",
        "street 60,0 60,160", "overhead 0,0 0,90",
    )
)  # fmt: skip


def variants() -> tuple[Variant, ...]:
    return build_variants(CATALOGUE, voltage_level="lv", nominal_voltage_v=400.0, demand_kva=9.0)


def test_edges_cost_what_the_cable_pays_for_them() -> None:
    variant = variants()[0]
    cents = edge_costs_cents(GROUND.civil, variant)
    expected = np.where(np.isfinite(cents), cents, FORBIDDEN)
    assert GROUND.priced(variant).edge_cost.tolist() == expected.tolist()
    assert FORBIDDEN in expected


def test_graph_of_a_cable_is_made_once() -> None:
    one, other = variants()[0], variants()[1]
    assert GROUND.priced(one) is GROUND.priced(one)
    assert GROUND.priced(one) is not GROUND.priced(other)


def test_cable_that_was_not_asked_for_long_is_forgotten() -> None:
    variant = variants()[0]
    first = GROUND.priced(variant)
    for number in range(KEPT_MAX):
        GROUND.priced(replace(variant, spare_length_ratio=0.1 + number / 100))
    assert GROUND.priced(variant) is not first


def test_edge_that_costs_more_than_can_be_counted_is_forbidden() -> None:
    assert affordable(np.array([5.0, 3e9, np.inf])).tolist() == [5.0, np.inf, np.inf]
