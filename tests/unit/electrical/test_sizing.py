"""Choosing a conductor: hand-calculated currents and drops."""

from __future__ import annotations

import numpy as np
import pytest

from gisplan.electrical.sizing.sizing import (
    SizedConductor,
    SizingResult,
    design_current_a,
    size_conductor,
    voltage_drop_pct,
)
from gisplan.errors import InputError
from gisplan.rules.catalogue import Catalogue, load_catalogue


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue("eu")


def service(
    catalogue: Catalogue,
    demand_kva: float,
    length_m: float,
    *,
    phase_count: int = 3,
    short_circuit_ka: float | None = None,
) -> SizingResult:
    return size_conductor(
        catalogue,
        voltage_level="lv",
        role="service",
        demand_kva=demand_kva,
        length_m=length_m,
        nominal_voltage_v=400,
        power_factor=1.0,
        drop_max_pct=3.0,
        phase_count=phase_count,
        short_circuit_ka=short_circuit_ka,
    )


def medium(
    catalogue: Catalogue,
    role: str,
    *,
    trunk_section_mm2: float = 0.0,
    short_circuit_ka: float | None = None,
    demand_kva: float = 630.0,
) -> SizingResult:
    return size_conductor(
        catalogue,
        voltage_level="mv",
        role=role,
        demand_kva=demand_kva,
        length_m=200,
        nominal_voltage_v=20_000,
        power_factor=0.95,
        drop_max_pct=3.0,
        leg_count=2 if role == "trunk" else 1,
        trunk_section_mm2=trunk_section_mm2,
        short_circuit_ka=short_circuit_ka,
    )


def chosen(result: SizingResult) -> str:
    assert result.conductor is not None
    return f"{result.parallel_count} x {result.conductor.conductor_id}"


def figures(result: SizingResult) -> SizedConductor:
    assert result.chosen is not None
    return result.chosen


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
    # 30 kVA at 360 V, the lowest voltage allowed: 48.11 A of 142 A
    assert figures(result).loading_ratio == pytest.approx(0.3388, abs=1e-4)


def test_ampacity_rejects_a_smaller_conductor(catalogue: Catalogue) -> None:
    result = service(catalogue, 120, 20)
    assert chosen(result) == "1 x nayy-4x150"
    assert [r.conductor.conductor_id for r in result.rejected] == ["nayy-4x50"]
    assert result.rejected[0].reasons == ("ampacity: 192 A at the lowest voltage, allowed 142 A",)


def test_voltage_drop_rejects_a_smaller_conductor(catalogue: Catalogue) -> None:
    # 50 kW over 200 m: 0.642 ohm/km drops 4.01 %, 0.208 ohm/km 1.3 %
    result = service(catalogue, 50, 200)
    assert chosen(result) == "1 x nayy-4x150"
    assert result.rejected[0].reasons == ("voltage drop: 4.01 %, allowed 3.00 %",)
    assert figures(result).voltage_drop_pct == pytest.approx(1.3)


def test_parallel_systems_come_after_all_single_ones(catalogue: Catalogue) -> None:
    result = service(catalogue, 250, 20)
    assert chosen(result) == "2 x nayy-4x150"
    assert [r.parallel_count for r in result.rejected] == [1, 1]


def test_parallel_systems_in_one_trench_carry_less_than_their_sum(catalogue: Catalogue) -> None:
    # 300 kVA at 360 V are 481 A: 2 x 270 A would do, 2 x 270 A x 0.85 = 459 A do not
    result = service(catalogue, 300, 20)
    assert chosen(result) == "3 x nayy-4x150"
    assert figures(result).rated_current_a == pytest.approx(3 * 270 * 0.75)
    assert result.rejected[-1].reasons == ("ampacity: 481 A at the lowest voltage, allowed 459 A",)


def test_every_low_voltage_customer_that_is_allowed_finds_a_cable(catalogue: Catalogue) -> None:
    assert chosen(service(catalogue, catalogue.value("supply.lv_max_kva"), 5)) == "4 x nayy-4x150"


def test_demand_beyond_all_conductors_is_a_result_with_reasons(catalogue: Catalogue) -> None:
    result = service(catalogue, 5000, 20)
    assert (result.conductor, result.parallel_count) == (None, 0)
    assert all("ampacity" in r.reasons[0] for r in result.rejected)


@pytest.mark.parametrize("demand_kva", [0, -5, float("nan")])
def test_demand_that_is_no_positive_number_is_refused(
    catalogue: Catalogue, demand_kva: float
) -> None:
    with pytest.raises(InputError, match="cannot size a conductor"):
        service(catalogue, demand_kva, 20)


def test_single_phase_demand_draws_three_times_the_current(catalogue: Catalogue) -> None:
    # 4.6 kVA between phase and neutral at 0.9 * 230.94 V: 22.13 A
    current_a = design_current_a(
        catalogue, voltage_level="lv", nominal_voltage_v=400, demand_kva=4.6, phase_count=1
    )
    assert current_a == pytest.approx(22.13, abs=0.01)


def test_single_phase_demand_drops_six_times_as_much(catalogue: Catalogue) -> None:
    # 4.6 kW over 60 m out and back of 0.642 ohm/km: 20 A * 0.07704 ohm / 231 V = 0.664 %
    assert figures(service(catalogue, 4.6, 60, phase_count=1)).voltage_drop_pct == pytest.approx(
        0.6645, abs=1e-3
    )


def test_short_circuit_rejects_a_smaller_conductor(catalogue: Catalogue) -> None:
    # XLPE on aluminium: 94.5 A*sqrt(s)/mm2, so 15 kA for 1 s need 159 mm2
    result = medium(catalogue, "branch", short_circuit_ka=15.0)
    assert chosen(result) == "1 x na2xs2y-1x185-20kv"
    assert result.rejected[0].reasons == (
        "short circuit: 15.0 kA for 1 s need 159 mm2, has 150 mm2",
    )
    assert figures(result).section_min_mm2 == pytest.approx(158.8, abs=0.1)
    assert result.not_proven == ()


def test_parallel_systems_do_not_share_a_short_circuit(catalogue: Catalogue) -> None:
    result = medium(catalogue, "branch", short_circuit_ka=40.0)
    assert result.conductor is None
    assert {one.parallel_count for one in result.rejected} == {1, 2}


def test_unknown_short_circuit_current_is_told_as_not_proven(catalogue: Catalogue) -> None:
    result = medium(catalogue, "branch")
    assert chosen(result) == "1 x na2xs2y-1x150-20kv"
    assert figures(result).section_min_mm2 is None
    assert len(result.not_proven) == 1
    assert "not proven" in result.not_proven[0]


def test_loop_in_takes_the_trunk_section_whatever_the_demand(catalogue: Catalogue) -> None:
    result = medium(catalogue, "trunk", trunk_section_mm2=240.0, demand_kva=100.0)
    assert chosen(result) == "1 x na2xs2y-1x240-20kv"
    assert result.rejected[0].reasons == ("ring trunk: 185 mm2, kept 240 mm2",)


def test_legs_of_a_loop_in_warm_each_other(catalogue: Catalogue) -> None:
    result = medium(catalogue, "trunk", trunk_section_mm2=185.0)
    assert figures(result).rated_current_a == pytest.approx(362 * 0.83)


@pytest.mark.parametrize("demand_kva", [50.0, 120.0, 180.0, 320.0, 400.0])
@pytest.mark.parametrize("short_circuit_ka", [None, 5.0, 25.0, 30.0])
def test_what_is_chosen_meets_all_that_is_asked(
    catalogue: Catalogue, demand_kva: float, short_circuit_ka: float | None
) -> None:
    best = figures(service(catalogue, demand_kva, 40, short_circuit_ka=short_circuit_ka))
    assert best.loading_ratio <= 1.0
    assert best.voltage_drop_pct <= 3.0
    assert (best.section_min_mm2 or 0.0) <= best.conductor.section_mm2
