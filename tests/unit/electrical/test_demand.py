"""States, levels and what demands must look like."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gisplan.electrical.demand import (
    LEVELS,
    STATES,
    bus_levels,
    check_demands,
    join_demands,
    line_levels,
    no_demands,
    transformer_levels,
)
from gisplan.errors import InputError
from gisplan.rules.types import LEVELS as CATALOGUE_LEVELS
from tests.grids import grid
from tests.unit.electrical.networks import TOWN, bus, demand_at_buses, line, transformer


def test_states_are_the_levels_of_the_catalogue() -> None:
    assert STATES == CATALOGUE_LEVELS


def test_each_element_is_judged_in_the_state_of_its_level() -> None:
    g = grid(*TOWN)
    assert LEVELS[line_levels(g)[line(g, "A-A1")]] == "main"
    assert LEVELS[line_levels(g)[line(g, "H-M1")]] == "feeder"
    assert LEVELS[transformer_levels(g)[transformer(g, "M1>A")]] == "transformer"
    assert LEVELS[transformer_levels(g)[transformer(g, "S1>H")]] == "substation"
    assert LEVELS[bus_levels(g)[bus(g, "A3")]] == "main"
    assert LEVELS[bus_levels(g)[bus(g, "M2")]] == "feeder"


def test_demand_at_no_element_is_refused() -> None:
    g = grid("S1-A 100")
    with pytest.raises(InputError, match=r"demand 1 .bus 7"):
        check_demands(g, demand_at_buses([0, 7], 5.0))


def test_demand_that_is_no_number_is_refused() -> None:
    g = grid("S1-A 100")
    with pytest.raises(InputError, match="finite kW"):
        check_demands(g, demand_at_buses([0], float("nan")))


def test_demand_with_a_state_missing_is_refused() -> None:
    g = grid("S1-A 100")
    with pytest.raises(InputError, match="one column a state"):
        check_demands(g, replace(demand_at_buses([0], 1.0), p_kw=np.zeros((1, 3))))


def test_demands_join_in_order() -> None:
    joined = join_demands([no_demands(), demand_at_buses([2], 1.0), demand_at_buses([1], 3.0)])
    assert joined.bus.tolist() == [2, 1]
    assert joined.p_kw[:, 0].tolist() == [1.0, 3.0]
    assert len(join_demands([])) == 0
