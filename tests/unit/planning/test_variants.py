"""Which cables are worth a search, what they carry, and which of them a ring accepts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gisplan.electrical.sizing.sizing import size_conductor
from gisplan.planning.variants import (
    Variant,
    build_variants,
    keeps_trunk_section,
    trunk_sections_mm2,
)
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid, row

CATALOGUE = load_catalogue("eu")
RING = grid(
    "S-A 400 i=362 type=na2xs2y-1x185-20kv",
    "S-B 400 i=421 type=na2xs2y-1x240-20kv",
    "S-C 400 i=380 type=unheard-of",
    "S-D 400 i=630 type=unheard-of",
    "S-E 400 i=? type=unheard-of",
    "S-F 400 i=100 type=na2xs2y-1x150-20kv",
)
LINES = RING.lines


def medium(demand_kva: float) -> tuple[Variant, ...]:
    return build_variants(
        CATALOGUE, voltage_level="mv", nominal_voltage_v=20_000.0, demand_kva=demand_kva
    )


def low(demand_kva: float) -> tuple[Variant, ...]:
    return build_variants(
        CATALOGUE, voltage_level="lv", nominal_voltage_v=400.0, demand_kva=demand_kva
    )


def trunk(section_mm2: float) -> Variant:
    return next(
        one
        for one in medium(630.0)
        if one.role == "trunk"
        and one.parallel_count == 1
        and one.conductor.section_mm2 == section_mm2
    )


@pytest.mark.parametrize(
    ("name", "section_mm2"),
    [("S-A", 185), ("S-B", 240), ("S-C", 240), ("S-D", 240), ("S-E", 0), ("S-F", 185)],
)
def test_ring_keeps_its_section_as_far_as_the_standard_set_goes(
    name: str, section_mm2: float
) -> None:
    line = np.array([row(LINES.line_id, name)])
    assert trunk_sections_mm2(CATALOGUE, LINES, line, "mv").tolist() == [section_mm2]


def test_smaller_trunk_is_not_looped_into_a_larger_ring() -> None:
    lines = np.array([row(LINES.line_id, name) for name in ("S-A", "S-B", "S-E")])
    thin, thick = trunk(185.0), trunk(240.0)
    assert keeps_trunk_section(CATALOGUE, LINES, thin, lines).tolist() == [True, False, True]
    assert keeps_trunk_section(CATALOGUE, LINES, thick, lines).all()


def test_branch_may_be_smaller_than_the_line_that_it_leaves() -> None:
    branch = next(one for one in medium(630.0) if one.role == "branch")
    assert keeps_trunk_section(CATALOGUE, LINES, branch, np.array([0, 1, 2])).all()


def test_rated_current_is_that_of_the_trench() -> None:
    in_pairs = next(v for v in low(300.0) if v.parallel_count == 3)
    assert in_pairs.rated_current_a == pytest.approx(270 * 0.75)
    assert trunk(185.0).rated_current_a == pytest.approx(362 * 0.83)


def test_withstand_is_that_of_one_system() -> None:
    assert {round(v.withstand_ka, 1) for v in low(300.0)} == {80.6}


def test_lowered_rating_leaves_the_cable_out() -> None:
    rule = replace(CATALOGUE.rule("derating.laying"), value=0.8)
    ducts = replace(CATALOGUE, rules={**CATALOGUE.rules, "derating.laying": rule})
    laid = build_variants(ducts, voltage_level="lv", nominal_voltage_v=400.0, demand_kva=80.0)
    # 80 kVA at 360 V are 128 A; NAYY 4x50 carries 142 A, in a duct 114 A
    assert {v.conductor.section_mm2 for v in low(80.0)} >= {50.0}
    assert 50.0 not in {v.conductor.section_mm2 for v in laid}


@pytest.mark.parametrize("demand_kva", [20.0, 90.0, 150.0, 250.0, 300.0, 400.0])
def test_sizing_and_the_cables_searched_agree(demand_kva: float) -> None:
    sized = size_conductor(
        CATALOGUE,
        voltage_level="lv",
        role="service",
        demand_kva=demand_kva,
        length_m=1.0,
        nominal_voltage_v=400.0,
        power_factor=0.95,
        drop_max_pct=3.0,
    )
    first = min(
        (v for v in low(demand_kva) if v.role == "service"),
        key=lambda v: (v.parallel_count, v.conductor.section_mm2),
    )
    assert (sized.conductor, sized.parallel_count) == (first.conductor, first.parallel_count)
