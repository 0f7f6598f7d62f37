"""Which of the elements that a supply area hangs on is the tightest."""

from __future__ import annotations

import numpy as np

from gisplan.electrical.screening.capacity import Capacities
from gisplan.planning.capacity_gap import ElementGap
from gisplan.services.capacity_gap_columns import slack_of

LASTS = 9


def gap(headroom_kva: list[float], asked_kva: list[float], season: list[int]) -> ElementGap:
    count = len(season)
    nothing = np.zeros(count, np.int64)
    return ElementGap(
        headroom=Capacities(
            kva=np.array(headroom_kva),
            limiting=np.full(count, "loading"),
            element_kind=np.zeros(count, np.uint8),
            element_row=nothing,
        ),
        asked_kva=np.array(asked_kva),
        asked_count=nothing,
        growth_kva=np.zeros(count),
        season=np.array(season),
        earliest=nothing,
        latest=nothing,
    )


def test_element_without_any_headroom_is_tighter_than_one_that_runs_out_later() -> None:
    assert np.argmin(slack_of(gap([50.0, 0.0], [40.0, 40.0], [3, 0]))) == 1


def test_of_one_season_the_most_used_is_tightest() -> None:
    assert np.argmin(slack_of(gap([100.0, 60.0, np.inf], [50.0, 50.0, 50.0], [LASTS] * 3))) == 1


def test_unknown_headroom_is_never_the_tightest() -> None:
    slack = slack_of(gap([np.nan, 1.0], [50.0, 0.0], [-1, LASTS]))
    assert slack.tolist() == [np.inf, LASTS]
