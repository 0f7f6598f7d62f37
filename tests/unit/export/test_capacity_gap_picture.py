"""The picture of a capacity gap: classes, and that the same answer gives the same bytes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely

from gisplan.export.capacity_gap_classes import CLASSES, LASTS, LATER, UNKNOWN, gap_class
from gisplan.export.capacity_gap_picture import draw_gap, write_gap_png
from gisplan.export.density_phrases import Language, said
from gisplan.export.electrical_table import ElectricalAnswer, ElementTable
from gisplan.export.picture_font import possible_language
from gisplan.services.capacity_gap import GapAnswer
from maps.capacity_gap_map import render_gap
from maps.offline import find_loaded_addresses


@pytest.mark.parametrize(
    ("known", "runs_out", "season", "expected"),
    [
        (True, "today", 0, 0),
        (True, "2026-Q1", 1, 1),
        (True, "2026-Q4", 4, 1),
        (True, "2027-Q1", 5, 2),
        (True, "2028-Q4", 12, 3),
        (True, "2039-Q4", 60, LATER),
        (True, "", 21, LASTS),
        (False, "", -1, UNKNOWN),
    ],
)
def test_class_by_season(known: bool, runs_out: str, season: int, expected: int) -> None:
    assert gap_class({"is_known": known, "runs_out": runs_out, "season": season}) == expected
    assert len(CLASSES) == UNKNOWN + 1


def answer_of(count: int) -> ElectricalAnswer:
    box = shapely.multipolygons([shapely.box(417000, 5367000, 418000, 5368000)])
    known = np.arange(count) % 2 == 0
    columns = {
        "name": np.array([f"<T{n}>" for n in range(count)], np.str_),
        "nominal_voltage_v": np.full(count, 400.0),
        "is_known": known,
        "runs_out": np.where(known, "2027-Q1", "").astype(np.str_),
        "earliest": np.where(known, "2026-Q1", "").astype(np.str_),
        "latest": np.full(count, "", "<U7"),
        "season": np.where(known, 5, -1),
        "asked_kva": np.full(count, 10.0),
        "asked_count": np.full(count, 2),
        "growth_kva": np.full(count, 1.0),
    }
    of_area = {
        "given_kva": np.full(count, np.nan),
        "limiting_level": np.full(count, "feeder"),
        "limiting_name": np.full(count, "F"),
        "limiting_headroom_kva": np.full(count, np.nan),
        "limiting_asked_kva": np.full(count, 10.0),
    }
    of_unit = {
        "headroom_kva": np.full(count, 5.0),
        "reason": np.full(count, "overload"),
        "limiting_kind": np.full(count, "transformer"),
        "limiting_name": np.full(count, "T"),
    }
    areas = ElementTable(
        element_kind="supply_area",
        columns=columns | of_area,
        shape=np.array([box] * count, dtype=object),
        srid=25832,
    )
    units = ElementTable(
        element_kind="transformer",
        columns=columns | of_unit,
        shape=np.array([shapely.Point(417500, 5367500)] * count, dtype=object),
        srid=25832,
    )
    facts = {
        "direction": "load",
        "level": "transformer",
        "open_count": 2 * count,
        "counted_from": "2025-12",
        "until": "2030-Q4",
        "grid_version": 1,
        "ledger_sequence": 2,
        "profile": "eu",
    }
    return ElectricalAnswer(facts=facts, notes=("one & all",), tables=(areas, units))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_same_answer_gives_the_same_picture(tmp_path: Path, count: int) -> None:
    files = [tmp_path / f"{name}.png" for name in "ab"]
    for file in files:
        write_gap_png(answer_of(count), file, on=date(2026, 1, 2))
    assert files[0].read_bytes() == files[1].read_bytes()
    assert files[0].read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("count", [0, 3])
def test_map_is_one_file_and_names_are_text(count: int) -> None:
    answer = GapAnswer(tables=answer_of(count), back_tests=())
    html = render_gap(answer, None)
    assert find_loaded_addresses(html) == ()
    assert "<T0>" not in html
    assert "one &amp; all" in html
    assert ("Nothing runs out" in html) == (count == 0)
    assert html == render_gap(answer, None)


def test_legend_has_the_classes_of_the_transformers_too() -> None:
    drawn = answer_of(1)
    areas, units = drawn.tables
    columns = {**units.columns, "is_known": np.array([False]), "headroom_kva": np.array([np.nan])}
    tables = (areas, replace(units, columns=columns))
    html = render_gap(GapAnswer(tables=replace(drawn, tables=tables), back_tests=()), None)
    legend = html[html.index('<table class="legend">') :]
    assert CLASSES[UNKNOWN][1] in legend[: legend.index("</table>")]


def test_pop_up_tells_what_is_not_limited_and_when_it_may_run_out() -> None:
    drawn = answer_of(1)
    areas, units = drawn.tables
    columns = {**units.columns, "headroom_kva": np.array([np.nan]), "runs_out": np.array([""])}
    tables = (areas, replace(units, columns=columns))
    html = render_gap(GapAnswer(tables=replace(drawn, tables=tables), back_tests=()), None)
    assert "not limited" in html
    assert "lasts as far as is expected" in html
    assert "(2026-Q1 " in html


def test_map_is_in_two_languages() -> None:
    html = render_gap(GapAnswer(tables=answer_of(2), back_tests=()), None)
    for english, chinese in (
        ("Capacity gap for load", "负荷容量缺口"),
        ("Supply areas by transformer that run out", "容量用尽的供电区域（按配电变压器）"),
        ("within two years", "两年内"),
        ("First to run out", "最先用尽"),
    ):
        assert english in html
        assert chinese in html


def test_picture_is_in_the_language_that_is_asked_for() -> None:
    language = possible_language(Language.CHINESE)
    figure = draw_gap(answer_of(2), on=date(2026, 1, 2), language=Language.CHINESE)
    told = [text.get_text() for text in figure.texts]
    assert said("Capacity gap for load, by transformer", language) in told
    assert said("grid version 1, ledger 2, 2026-01-02", language) in told
    assert any("one & all" in text for text in told)
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert f"{said('within two years', language)}: 1" in legend
