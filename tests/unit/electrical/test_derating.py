"""What is left of a rated current where cables lie side by side."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gisplan.electrical.sizing.derating import derated_current_a, derating_factor
from gisplan.errors import CatalogueError
from gisplan.rules.catalogue import Catalogue, load_catalogue


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue("eu")


def test_single_cable_as_the_catalogue_states_it_is_not_derated(catalogue: Catalogue) -> None:
    for conductor in catalogue.conductor_types:
        assert derated_current_a(catalogue, conductor) == conductor.rated_current_a


@pytest.mark.parametrize("profile", ["eu", "cn"])
def test_each_further_system_lowers_the_current_of_one_and_raises_their_sum(profile: str) -> None:
    own = load_catalogue(profile)
    for conductor in own.conductor_types:
        each = [
            derated_current_a(own, conductor, system_count=count)
            for count in range(1, conductor.max_parallel_count + 1)
        ]
        total = [count * current for count, current in enumerate(each, start=1)]
        assert each == sorted(each, reverse=True)
        assert total == sorted(total)


def test_factors_multiply(catalogue: Catalogue) -> None:
    warm = replace(catalogue.rule("derating.ground_temperature"), value=0.95)
    own = replace(catalogue, rules={**catalogue.rules, "derating.ground_temperature": warm})
    low = own.conductors("lv", "service")[-1]
    assert derating_factor(own, low, system_count=2) == pytest.approx(0.95 * 0.85)


def test_overhead_line_lies_in_no_trench(catalogue: Catalogue) -> None:
    line = replace(catalogue.conductors("mv", "branch")[0], installation="overhead")
    assert derating_factor(catalogue, line, system_count=2) == 1.0


def test_number_of_systems_without_a_factor_is_named(catalogue: Catalogue) -> None:
    medium = catalogue.conductors("mv", "branch")[0]
    with pytest.raises(CatalogueError, match=r"derating\.mv_parallel_7"):
        derated_current_a(catalogue, medium, system_count=7)
