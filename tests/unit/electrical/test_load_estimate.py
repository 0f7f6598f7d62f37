"""What a load draws, from the best that is known of it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gisplan.electrical.load.load_estimate import LoadBasis, LoadEstimates, estimate_loads
from gisplan.errors import InputError
from gisplan.model.grid import Grid
from gisplan.network.topology import build_topology
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid, row

CATALOGUE = load_catalogue("eu")


def estimates(g: Grid, *unknown: str) -> LoadEstimates:
    """Estimate with the active power of some loads not recorded."""
    g.loads.active_power_kw[np.isin(g.loads.load_id, unknown)] = np.nan
    return estimate_loads(g, build_topology(g), CATALOGUE)


def low_voltage(*loads: str) -> Grid:
    return grid("S>A 400", "A-B 50", *loads)


def found(g: Grid, own: LoadEstimates, name: str) -> tuple[float, float, int]:
    at = row(g.loads.load_id, name)
    return float(own.p_kw[at]), float(own.q_kvar[at]), int(own.basis[at])


def test_recorded_power_stands_as_it_is() -> None:
    g = low_voltage("B: 7 kW 2 kvar 99999 kWh contract=40")
    assert found(g, estimates(g), "B") == (7, 2, LoadBasis.RECORDED)


def test_energy_over_full_use_hours_comes_before_the_contract() -> None:
    g = low_voltage("B: 10000 kWh contract=40 commercial")
    p, q, basis = found(g, estimates(g, "B"), "B")
    # 10 MWh over 2500 h; power factor 0.95 gives q / p = 0.328684
    assert (p, basis) == (4, LoadBasis.ENERGY)
    assert q == pytest.approx(4 * 0.328684, rel=1e-5)


def test_contract_counts_by_the_flat_factor_of_its_class() -> None:
    g = low_voltage("B: contract=40 commercial")
    p, q, basis = found(g, estimates(g, "B"), "B")
    assert math.hypot(p, q) == pytest.approx(40 * 0.75)
    assert basis == LoadBasis.CONTRACT
    assert p == pytest.approx(30 * 0.95)


def test_contract_counts_by_the_number_below_the_transformer() -> None:
    g = low_voltage("B: contract=140 10 customers", "A: 3 kW 15 customers", "S: 1 kW 99 customers")
    p, q, _ = found(g, estimates(g, "B"), "B")
    # 25 households: 0.07 + 0.93 / 5 = 0.256
    assert math.hypot(p, q) == pytest.approx(140 * 0.256)


def test_customers_at_medium_voltage_are_counted_by_feeder() -> None:
    g = grid("S-M 100", "M-N 100", "M: contract=1000", "N: 1 kW 3 customers", "S: 9 kW")
    p, q, _ = found(g, estimates(g, "M"), "M")
    # 4 households: 0.07 + 0.93 / 2 = 0.535
    assert math.hypot(p, q) == pytest.approx(535)


def test_customer_without_supply_is_counted_alone() -> None:
    g = grid("S>A 400", "X-Y 50", "X: contract=10", "Y: 1 kW 8 customers", "X 400V")
    p, q, _ = found(g, estimates(g, "X"), "X")
    assert math.hypot(p, q) == pytest.approx(10)


def test_typical_customer_is_assumed_where_nothing_is_known() -> None:
    g = low_voltage("B: 4 customers")
    p, q, basis = found(g, estimates(g, "B"), "B")
    # 4 x 14 kVA x (0.07 + 0.93 / 2)
    assert math.hypot(p, q) == pytest.approx(29.96)
    assert basis == LoadBasis.TYPICAL


def test_aggregate_of_unknown_size_is_left_out_and_marked() -> None:
    g = low_voltage("B: aggregate")
    assert found(g, estimates(g, "B"), "B") == (0, 0, LoadBasis.UNKNOWN)


def test_reactive_power_follows_from_the_power_factor_of_the_class() -> None:
    g = low_voltage("B: 10 kW heat_pump")
    g.loads.reactive_power_kvar[:] = np.nan
    p, q, basis = found(g, estimates(g), "B")
    assert (p, basis) == (10, LoadBasis.RECORDED)
    assert p / math.hypot(p, q) == pytest.approx(0.995)


def test_derived_power_without_a_catalogue_names_the_load() -> None:
    g = low_voltage("B: 1000 kWh")
    g.loads.active_power_kw[:] = np.nan
    with pytest.raises(InputError, match="load B has no recorded"):
        estimate_loads(g, build_topology(g))
