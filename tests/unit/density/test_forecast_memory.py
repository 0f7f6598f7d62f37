"""Choices of a forecast are remembered by the numbers behind them, and no more than a few."""

from __future__ import annotations

import numpy as np

from gisplan.density.back_test import choose_forecast
from gisplan.density.forecast import ForecastSettings
from gisplan.density.forecast_memory import KEPT, ForecastMemory

SETTINGS = ForecastSettings(half_life_months=12, season_from_months=99)
ALONE = np.full((2, 1), -1)
COUNTS = np.ones((2, 15))


def test_the_same_history_is_tested_once() -> None:
    memory = ForecastMemory()
    first = memory.choose(COUNTS, ALONE, SETTINGS, gain_min=0.05)
    assert memory.choose(COUNTS.copy(), ALONE, SETTINGS, gain_min=0.05) is first
    assert first.rows == choose_forecast(COUNTS, ALONE, SETTINGS, gain_min=0.05).rows


def test_another_history_neighbour_setting_or_gain_is_another_question() -> None:
    memory = ForecastMemory()
    more = COUNTS.copy()
    more[0, 3] = 2.0
    other = ForecastSettings(half_life_months=6, season_from_months=99)
    asked = [
        memory.choose(COUNTS, ALONE, SETTINGS, gain_min=0.05),
        memory.choose(more, ALONE, SETTINGS, gain_min=0.05),
        memory.choose(COUNTS, np.array([[1], [0]]), SETTINGS, gain_min=0.05),
        memory.choose(COUNTS, ALONE, other, gain_min=0.05),
        memory.choose(COUNTS, ALONE, SETTINGS, gain_min=0.5),
    ]
    assert len({id(one) for one in asked}) == 5


def test_what_was_not_asked_for_longest_is_forgotten() -> None:
    memory = ForecastMemory()
    first = memory.choose(COUNTS, ALONE, SETTINGS, gain_min=0.05)
    for number in range(KEPT):
        memory.choose(COUNTS + number + 1, ALONE, SETTINGS, gain_min=0.05)
    assert memory.choose(COUNTS, ALONE, SETTINGS, gain_min=0.05) is not first
