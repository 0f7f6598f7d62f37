"""Choosing a conductor: hand-calculated currents and drops."""

from __future__ import annotations

import numpy as np
import pytest

from gisplan.electrical.sizing import (
    SizingResult,
    size_conductor,
    voltage_drop_pct,
)
from gisplan.errors import InputError
from gisplan.rules.catalogue import Catalogue, load_catalogue


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue("eu")


def service(catalogue: Catalogue, demand_kva: float, length_m: float) -> SizingResult:
    return size_conductor(
        catalogue,
        voltage_level="lv",
        role="service",
        demand_kva=demand_kva,
        length_m=length_m,
        nominal_voltage_v=400,
        power_factor=1.0,
        drop_max_pct=3.0,
    )


def chosen(result: SizingResult) -> str:
    assert result.conductor is not None
    return f"{result.parallel_count} x {result.conductor.conductor_id}"


def test_voltage_drop_of_the_hand_calculation() -> None:
    drop = voltage_drop_pct(
        active_power_kw=50,
        reactive_power_kvar=0,
        length_m=200.0,
        resistance_ohm_per_km=0.206,
        reactance_ohm_per_km=0.08,
        nominal_voltage_v=400,
    )
    assert drop == pytest.approx(1.2875)


def test_voltage_drop_over_many_lengths() -> None:
    # 10 kvar over 100 m of 0.08 ohm/km: 0.008 * 10e3 / 400^2 = 0.05 %
    drop = voltage_drop_pct(
        active_power_kw=0,
        reactive_power_kvar=10,
        length_m=np.array([0.0, 100.0, 200.0]),
        resistance_ohm_per_km=0.206,
        reactance_ohm_per_km=0.08,
        nominal_voltage_v=400,
    )
    assert drop == pytest.approx([0, 0.05, 0.1])


def test_smallest_conductor_that_carries_the_demand_is_chosen(catalogue: Catalogue) -> None:
    result = service(catalogue, 30, 20)
    assert chosen(result) == "1 x nayy-4x50"
    assert result.rejected == ()
    # 43.3 A of 142 A
    assert result.loading_ratio == pytest.approx(0.3049, abs=1e-4)


def test_ampacity_rejects_a_smaller_conductor(catalogue: Catalogue) -> None:
    result = service(catalogue, 120, 20)
    assert chosen(result) == "1 x nayy-4x150"
    assert [r.conductor.conductor_id for r in result.rejected] == ["nayy-4x50"]
    assert result.rejected[0].reasons == ("ampacity: 173 A, rated 142 A",)


def test_voltage_drop_rejects_a_smaller_conductor(catalogue: Catalogue) -> None:
    # 50 kW over 200 m: 0.642 ohm/km drops 4.01 %, 0.208 ohm/km 1.3 %
    result = service(catalogue, 50, 200)
    assert chosen(result) == "1 x nayy-4x150"
    assert result.rejected[0].reasons == ("voltage drop: 4.01 %, allowed 3.00 %",)
    assert result.voltage_drop_pct == pytest.approx(1.3)


def test_parallel_systems_come_after_all_single_ones(catalogue: Catalogue) -> None:
    result = service(catalogue, 300, 20)
    assert chosen(result) == "2 x nayy-4x150"
    assert [r.parallel_count for r in result.rejected] == [1, 1]


def test_demand_beyond_all_conductors_is_a_result_with_reasons(catalogue: Catalogue) -> None:
    result = service(catalogue, 5000, 20)
    assert result.conductor is None
    assert all("ampacity" in r.reasons[0] for r in result.rejected)


@pytest.mark.parametrize("demand_kva", [0, -5, float("nan")])
def test_demand_that_is_no_positive_number_is_refused(
    catalogue: Catalogue, demand_kva: float
) -> None:
    with pytest.raises(InputError, match="cannot size a conductor"):
        service(catalogue, demand_kva, 20)
