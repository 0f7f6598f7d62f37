import pytest

from gisplan.units import active_and_reactive_power, three_phase_current_a


def test_apparent_power_splits_by_power_factor():
    assert active_and_reactive_power(apparent_power_kva=100.0, power_factor=0.8) == pytest.approx(
        (80.0, 60.0)
    )


def test_630_kva_draws_909_a_at_400_v():
    assert three_phase_current_a(
        apparent_power_kva=630.0, nominal_voltage_v=400.0
    ) == pytest.approx(909.33, abs=0.01)
