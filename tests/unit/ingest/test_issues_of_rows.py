"""What is wrong with single rows is told all at once, each with element, finding, expectation."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from gisplan.model.issue import IssueSeverity
from tests.small_source import (
    CABLES,
    HOUSES,
    MAPPING,
    METERS,
    NODES,
    STATIONS,
    X,
    Y,
    change,
    path,
    place,
    replaced,
    write_mapping,
    write_source,
)
from tests.unit.ingest.reading import issues_of, read, read_small, rules_of


def test_every_fault_of_a_source_is_told_at_once(tmp_path: Path) -> None:
    grid = read_small(
        tmp_path,
        knoten=change(NODES, 3, kv=-0.4),
        kabel=change(change(CABLES, 0, nr=None), 1, r=-1.0),
        zaehler=change(METERS, 0, kw=None),
    )
    assert rules_of(grid) == ["id_missing", "value_missing", "value_out_of_range"]
    assert len(grid.issues) == 4
    assert all(issue.severity is IssueSeverity.ERROR for issue in grid.issues)


def test_an_issue_names_element_finding_expectation_and_place(tmp_path: Path) -> None:
    (issue,) = read_small(tmp_path, knoten=change(NODES, 3, kv=-0.4)).issues
    assert issue.element == "bus 4"
    assert issue.found == "nominal_voltage_v is '-400'"
    assert issue.expected == "more than 0"
    assert (issue.x_m, issue.y_m) == (X + 150, Y)


def test_a_row_without_id_is_named_by_its_layer_and_number(tmp_path: Path) -> None:
    (issue,) = read_small(tmp_path, kabel=change(CABLES, 1, nr=None)).issues
    assert issue.rule == "id_missing"
    assert issue.element == "line row 2 of layer kabel"


@pytest.mark.parametrize(
    ("value", "rule"),
    [("viel", "value_unreadable"), ("inf", "value_unreadable"), ("", "value_missing")],
)
def test_a_number_that_is_none_is_told_with_its_text(tmp_path: Path, value: str, rule: str) -> None:
    meters = change(METERS, 0, kw=value)
    (issue,) = read_small(tmp_path, zaehler=meters).issues
    assert issue.rule == rule


def test_half_a_tap_position_is_unreadable(tmp_path: Path) -> None:
    (issue,) = read_small(tmp_path, station=change(STATIONS, 0, stufe=1.5)).issues
    assert (issue.rule, issue.expected) == ("value_unreadable", "a whole number")


def test_an_unknown_kind_lists_the_known_ones(tmp_path: Path) -> None:
    text = replaced('UW = "substation_busbar"', 'UW = "umspannwerk"')
    (issue,) = read_small(tmp_path, text).issues
    assert issue.rule == "value_not_allowed"
    assert "ring_main_unit" in issue.expected


def test_a_flag_that_is_none_is_told(tmp_path: Path) -> None:
    text = replaced("ein = true", 'ein = "vielleicht"')
    (issue,) = read_small(tmp_path, text).issues
    assert (issue.rule, issue.expected) == ("value_unreadable", "a true or false")


def test_a_text_that_postgresql_cannot_store_is_told(tmp_path: Path) -> None:
    text = replaced("customer_count = 1", "customer_count = 1").replace(
        'load_id = "nr"', 'load_id = { value = "a\\u0000b" }'
    )
    (issue,) = read_small(tmp_path, text).issues
    assert issue.rule == "value_unreadable"


@pytest.mark.parametrize(
    ("geometry", "rule"),
    [
        (None, "geometry_missing"),
        (shapely.LineString(), "geometry_empty"),
        (shapely.LineString([(X, Y), (X, float("inf"))]), "geometry_not_finite"),
        (shapely.LineString([(X, Y), (X, Y)]), "geometry_invalid"),
        (shapely.LineString([(7.9, 48.4), (7.91, 48.4)]), "geometry_outside_crs"),
        (shapely.Polygon([(X, Y), (X + 1, Y), (X, Y + 1)]), "geometry_kind"),
    ],
)
def test_geometry_that_cannot_be_a_line_is_told_by_its_first_fault(
    tmp_path: Path, geometry: shapely.Geometry | None, rule: str
) -> None:
    (issue,) = read_small(tmp_path, kabel=change(CABLES, 0, geometry=geometry)).issues
    assert (issue.rule, issue.element) == (rule, "line 10")


def test_a_line_of_two_separate_parts_is_told(tmp_path: Path) -> None:
    apart = shapely.MultiLineString([path((0, 0), (40, 0)), path((60, 0), (100, 0))])
    (issue,) = read_small(tmp_path, kabel=change(CABLES, 0, geometry=apart)).issues
    assert issue.found == "MultiLineString of 2 part(s)"


def test_parts_that_continue_one_another_are_one_line(tmp_path: Path) -> None:
    parts = shapely.MultiLineString([path((0, 0), (40, 0)), path((40, 0), (100, 0))])
    grid = read_small(tmp_path, kabel=change(CABLES, 0, geometry=parts))
    assert grid.issues == ()
    assert grid.tables["line"].geometry is not None
    assert grid.tables["line"].geometry[0].length == 100


def test_an_area_that_crosses_itself_is_told_with_the_reason(tmp_path: Path) -> None:
    bow_tie = shapely.Polygon([(X, Y), (X + 9, Y + 9), (X + 9, Y), (X, Y + 9)])
    text = MAPPING + HOUSES
    (issue,) = read_small(tmp_path, text, haus=[{"nr": 1, "geometry": bow_tie}]).issues
    assert issue.rule == "geometry_invalid"
    assert "Self-intersection" in issue.found


def test_heights_are_dropped_with_a_note(tmp_path: Path) -> None:
    raised = shapely.force_3d(path((0, 0), (100, 0)), 120.0)
    grid = read_small(tmp_path, kabel=change(CABLES, 0, geometry=raised))
    assert [(issue.rule, issue.severity) for issue in grid.issues] == [
        ("geometry_flattened", IssueSeverity.NOTE)
    ]
    assert grid.tables["line"].geometry is not None
    assert not shapely.has_z(grid.tables["line"].geometry).any()


def test_an_element_a_hundred_kilometres_away_is_told(tmp_path: Path) -> None:
    nodes = [{**NODES[0], "nr": 100 + n, "geometry": place(n, n)} for n in range(20)]
    far = {**NODES[0], "nr": 99, "geometry": place(100_000, 0)}
    grid = read_small(tmp_path, knoten=[*NODES, *nodes, far])
    (issue,) = issues_of(grid, "geometry_far_away")
    assert (issue.element, issue.found) == ("bus 99", "100 km from the middle of its table")


def test_rows_of_a_lowered_rule_are_left_out_and_the_issue_says_so(tmp_path: Path) -> None:
    text = replaced('name = "small grid"', '[severity]\nvalue_out_of_range = "warning"')
    source = write_source(tmp_path, kabel=change(CABLES, 1, r=-1.0))
    grid = read(source, write_mapping(tmp_path, text))
    assert grid.tables["line"].columns["line_id"].tolist() == ["10"]
    (issue,) = grid.issues
    assert issue.found.endswith("the row was left out")
