"""Corridors with owner, laying, permit and ban; barriers; rights of way."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from gisplan.ingest.grid_reader import ReadGrid
from gisplan.ingest.tables import TABLES
from gisplan.ingest.words import BARRIER_WORDS, LAYING_WORDS, as_date
from gisplan.model.grid import BarrierKind, Laying
from gisplan.model.issue import IssueSeverity
from tests.small_source import MAPPING, Rows, X, Y, path, write_mapping, write_source
from tests.unit.ingest.reading import issues_of, read, read_small, rules_of

GROUND = """
[[corridor]]
layer = "weg"
corridor_id = "nr"
corridor_kind = { value = "street" }
surface = { value = "asphalt" }
evidence = { value = "surveyed" }
laying = "art"
owner = "eigner"
permit_lead_time_days = "tage"
excavation_ban_until = "sperre"

[[barrier]]
layer = "querung"
barrier_id = "nr"
barrier_kind = "art"
owner = "eigner"
permit_lead_time_days = "tage"
"""
WAY: dict[str, object] = {
    "nr": 1, "art": "trough", "eigner": "city", "tage": 30.0, "sperre": "2027-03-01",
    "geometry": path((0, 0), (100, 0)),
}  # fmt: skip
TRACK: dict[str, object] = {
    "nr": 8, "art": "rail", "eigner": "DB", "tage": 90.0, "geometry": path((50, -9), (50, 9)),
}  # fmt: skip


def read_ground(folder: Path, way: Rows | None = None, track: Rows | None = None) -> ReadGrid:
    layers = {"weg": way or [WAY], "querung": track or [TRACK]}
    return read_small(folder, MAPPING + GROUND, **layers)


def days(*texts: object) -> list[str | None]:
    ordinals, _ = as_date(pd.Series(list(texts), dtype=object))
    return [None if np.isnan(day) else str(date.fromordinal(int(day))) for day in ordinals]


def test_corridors_and_barriers_of_a_source_are_read(tmp_path: Path) -> None:
    grid = read_ground(tmp_path)
    assert grid.issues == ()
    way, track = grid.tables["corridor"].columns, grid.tables["barrier"].columns
    assert (way["laying"].tolist(), way["owner"].tolist()) == (["trough"], ["city"])
    assert way["permit_lead_time_days"].tolist() == [30.0]
    assert way["excavation_ban_until"].tolist() == [date(2027, 3, 1).toordinal()]
    assert (track["barrier_kind"].tolist(), track["owner"].tolist()) == (["rail"], ["DB"])
    assert track["permit_lead_time_days"].tolist() == [90.0]


def test_what_a_source_does_not_say_stays_unknown(tmp_path: Path) -> None:
    empty = {"art": None, "eigner": None, "tage": None, "sperre": None}
    way = read_ground(
        tmp_path, [WAY, {**WAY, **empty, "nr": 2, "geometry": path((0, 50), (9, 50))}]
    )
    columns = way.tables["corridor"].columns
    assert way.issues == ()
    assert (columns["laying"][1], columns["owner"][1]) == (None, None)
    assert np.isnan(
        [columns[n][1] for n in ("permit_lead_time_days", "excavation_ban_until")]
    ).all()


@pytest.mark.parametrize(
    ("word", "expected"),
    [("直埋", "direct_burial"), ("Direct Buried", "direct_burial"), ("HDD", "drilling"),
     ("DUCT", "duct"), ("电缆沟", "trough"), ("Overhead-Span", "overhead_span")],
)  # fmt: skip
def test_layings_may_be_said_in_other_words(tmp_path: Path, word: str, expected: str) -> None:
    grid = read_ground(tmp_path, [{**WAY, "art": word}])
    assert grid.tables["corridor"].columns["laying"].tolist() == [expected]


@pytest.mark.parametrize(
    ("word", "expected"),
    [("铁路", "rail"), ("River", "water"), ("Gewässer", "water"), ("燃气管道", "gas_main"),
     ("district heating", "heat_main"), ("ROAD", "road"), ("自来水管", "water_main")],
)  # fmt: skip
def test_barriers_may_be_said_in_other_words(tmp_path: Path, word: str, expected: str) -> None:
    grid = read_ground(tmp_path, track=[{**TRACK, "art": word}])
    assert grid.tables["barrier"].columns["barrier_kind"].tolist() == [expected]


def test_other_words_stand_for_codes_that_there_are() -> None:
    assert set(LAYING_WORDS.values()) <= {laying.name.lower() for laying in Laying}
    assert set(BARRIER_WORDS.values()) <= {kind.name.lower() for kind in BarrierKind}
    columns = [column for table in TABLES.values() for column in table.columns if column.words]
    assert all(word == word.lower() for column in columns for word in column.words)


@pytest.mark.parametrize(
    ("way", "rule", "told"),
    [
        ({"art": "buried deep"}, "value_not_allowed", "laying is 'buried deep'"),
        ({"sperre": "NaN"}, "value_unreadable", "excavation_ban_until is 'NaN'"),
        ({"sperre": "01/02/2027"}, "value_unreadable", "excavation_ban_until is '01/02/2027'"),
        ({"sperre": "2027-02-30"}, "value_unreadable", "excavation_ban_until is '2027-02-30'"),
        ({"tage": -1.0}, "value_out_of_range", "permit_lead_time_days is '-1'"),
        ({"tage": np.inf}, "value_unreadable", "permit_lead_time_days is 'inf'"),
        ({"geometry": path((5, 5), (5, 5))}, "geometry_invalid", "a line without extent"),
    ],
)
def test_a_corridor_that_cannot_be_is_named(
    tmp_path: Path, way: dict[str, object], rule: str, told: str
) -> None:
    (issue,) = read_ground(tmp_path, [{**WAY, **way}]).issues
    assert (issue.rule, issue.element) == (rule, "corridor 1")
    assert told in issue.found


@pytest.mark.parametrize(
    ("track", "rule", "told"),
    [
        ({"art": None}, "value_missing", "has no barrier_kind"),
        ({"art": "wall"}, "value_not_allowed", "barrier_kind is 'wall'"),
        ({"tage": -0.5}, "value_out_of_range", "permit_lead_time_days is '-0.5'"),
        ({"geometry": shapely.Point(X, Y)}, "geometry_kind", "Point of 1 part"),
    ],
)
def test_a_barrier_that_cannot_be_is_named(
    tmp_path: Path, track: dict[str, object], rule: str, told: str
) -> None:
    (issue,) = read_ground(tmp_path, track=[{**TRACK, **track}]).issues
    assert (issue.rule, issue.element) == (rule, "barrier 8")
    assert told in issue.found


def test_days_are_read_as_people_write_them() -> None:
    assert (
        days("2027-03-01", "2027/3/1", "20270301", "1.3.2027", "2027年3月1日") == ["2027-03-01"] * 5
    )
    assert days("2027-03-01T12:00:00", "2027/03/01 12:00:00+00", 20270301.0) == ["2027-03-01"] * 3
    assert days(pd.Timestamp(2027, 3, 1), None, float("nan"), pd.NaT) == ["2027-03-01", *[None] * 3]


def test_days_that_could_be_two_or_none_are_unreadable() -> None:
    texts = pd.Series(["1/3/2027", "0001-01-01", "2027-13-01", "soon", "inf", "99999999"])
    assert as_date(texts)[1].all()


def test_ends_that_nearly_meet_are_told_with_their_place(tmp_path: Path) -> None:
    side = {**WAY, "nr": 2, "geometry": path((40, 0.6), (40, 50))}
    grid = read_ground(tmp_path, [WAY, side])
    (issue,) = grid.issues
    assert (issue.rule, issue.severity) == ("corridor_end_near_miss", IssueSeverity.WARNING)
    assert (issue.element, issue.x_m, issue.y_m) == ("corridor 2", X + 40, Y + 0.6)
    assert issue.found == "ends 0.60 m beside corridor 1; the two are joined"


def test_corridor_without_a_place_is_no_end_that_nearly_meets(tmp_path: Path) -> None:
    assert rules_of(read_ground(tmp_path, [WAY, {**WAY, "nr": 2, "geometry": None}])) == [
        "geometry_missing"
    ]


def test_right_of_way_is_a_flag_that_is_no_unless_said(tmp_path: Path) -> None:
    mapping = """
[[obstacle]]
layer = "flur"
obstacle_id = "nr"
obstacle_kind = { value = "parcel" }
"""
    rows = [
        {
            "nr": number,
            "recht": word,
            "geometry": shapely.box(X + 20 * number, Y, X + 20 * number + 9, Y + 9),
        }
        for number, word in enumerate(["是", "no", "yes"])
    ]
    silent = read_small(tmp_path, MAPPING + mapping, flur=rows)
    assert silent.tables["obstacle"].columns["wayleave"].tolist() == [0.0, 0.0, 0.0]
    said = read(
        write_source(tmp_path, flur=rows),
        write_mapping(tmp_path, MAPPING + mapping + 'wayleave = "recht"\n'),
    )
    assert said.tables["obstacle"].columns["wayleave"].tolist() == [1.0, 0.0, 1.0]


def test_area_that_crosses_itself_is_named(tmp_path: Path) -> None:
    bow_tie = shapely.Polygon([(X, Y), (X + 9, Y + 9), (X + 9, Y), (X, Y + 9)])
    mapping = (
        MAPPING
        + '[[obstacle]]\nlayer = "flur"\nobstacle_id = "nr"\nobstacle_kind = { value = "parcel" }\n'
    )
    grid = read_small(tmp_path, mapping, flur=[{"nr": 4, "geometry": bow_tie}])
    assert [issue.element for issue in issues_of(grid, "geometry_invalid")] == ["obstacle 4"]
