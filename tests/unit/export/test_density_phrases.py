"""What density maps say in Chinese: every sentence that is made, and nothing of others' words."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gisplan.density.bandwidth import cross_validated_bandwidth, rule_bandwidth
from gisplan.export.capacity_gap_classes import CLASSES, class_text
from gisplan.export.density_phrases import Language, both, in_chinese, said
from gisplan.export.density_picture import how_made
from gisplan.export.hot_spot_raster import KIND_TEXTS
from gisplan.model.application import ApplicationKind
from gisplan.model.density import (
    ApplicationFilter,
    ApplicationStatus,
    BandwidthMethod,
    DensityLayer,
    DensityWeight,
    GivenApplications,
)
from gisplan.model.grid import CLASS_NAMES
from gisplan.services.capacity_gap import ABOUT_HEADROOM
from gisplan.services.density import density_title, describe_points, measure_name
from gisplan.services.electrical_columns import CAPACITY_REASONS
from gisplan.services.shape_file import CORRIDOR_TITLE, summed_text
from tests.unit.export.surfaces import surface

ENGLISH = re.compile(r"[a-z]{4,}", re.IGNORECASE)
NAMES = re.compile(r"EPSG|Getis-Ord|Benjamini-Hochberg|Scott|Silverman|peak_kw|gisplan screen")


def is_chinese(text: str) -> bool:
    return ENGLISH.search(NAMES.sub("", in_chinese(text))) is None


@pytest.mark.parametrize("layer", DensityLayer)
@pytest.mark.parametrize("weight", DensityWeight)
def test_titles_are_chinese(layer, weight):
    assert is_chinese(density_title(layer, weight))
    assert is_chinese(summed_text(layer, weight))
    assert is_chinese(f"Hot spots of applications: {measure_name(weight)}")


def test_filter_is_chinese():
    chosen = ApplicationFilter(
        kinds=tuple(ApplicationKind),
        customer_classes=CLASS_NAMES,
        statuses=tuple(ApplicationStatus),
    )
    assert is_chinese(describe_points(DensityLayer.APPLICATION, chosen))
    assert is_chinese(describe_points(DensityLayer.LOAD, ApplicationFilter()))
    assert "、" in in_chinese("received, planned")
    of_file = ApplicationFilter(given=GivenApplications(name="wishes.csv", applications=()))
    heading = in_chinese(describe_points(DensityLayer.APPLICATION, of_file))
    assert heading == "文件 wishes.csv 中的申请 · 全部类别 · 已受理"
    told = in_chinese("applications of the file wishes.csv, not those of the store")
    assert told == "文件 wishes.csv 中的申请，而非库中的申请"


def test_classes_are_chinese():
    assert all(map(is_chinese, KIND_TEXTS.values()))
    assert all(map(is_chinese, CAPACITY_REASONS.values()))
    texts = [class_text(label, Language.CHINESE) for label, _ in CLASSES]
    assert all(ENGLISH.search(text) is None for text in texts)
    assert class_text("today", Language.ENGLISH) == "today"


def test_warnings_of_bandwidths_are_chinese():
    random = np.random.default_rng(2)
    x_m, y_m, alike = random.random(40) * 1e4, random.random(40) * 1e4, np.ones(40)
    pairs = ((x_m, y_m), (x_m[:1], y_m[:1]), (np.zeros(40), np.zeros(40)))
    found = [
        warning
        for x, y in pairs
        for warning in cross_validated_bandwidth(x, y, alike[: len(x)], cell_m=100.0).warnings
    ]
    scott = rule_bandwidth(x_m, y_m, alike, cell_m=10.0, method=BandwidthMethod.SCOTT)
    assert found
    assert all(map(is_chinese, (*found, *scott.warnings)))


@pytest.mark.parametrize(
    "text",
    [
        ABOUT_HEADROOM,
        CORRIDOR_TITLE,
        how_made(surface()),
        "12 of 1,641 loads have no recorded yearly energy and are left out: unknown is not zero",
        "1 generators lie more than 100 km from the grid and are left out: check their coordinates",
        "3 applications lie outside the study area and are not in it",
        "3 applications lie in no cell and are not in it",
        "2 of 9 areas lie beyond the study area and are left out",
        "5 loads lie more than 150 m from every corridor and are left out",
        "none of the loads lies at a corridor: there is no data",
        "none of the applications lies inside: the whole surface is no data",
        "there are no applications of this kind: nothing is summed",
        "4 applications of generation add nothing to peak_kw",
        "7 of 8 areas are smaller than 5 km2 and have no load-density class",
        "63 applications in 9,000 cells are few: a single one may make a hot spot; take larger "
        "cells or a wider radius",
        "study area of 178.8 km2: the convex hull of the grid's buses, widened by 500 m",
        "study area of 3.0 km2 as given",
        "Counted as built: 60% of what is received and 85% of what is planned (unverified values "
        "of the catalogue)",
        "At low voltage the smoothed mean forecasts: the history is too short to test another one",
        "At medium voltage a regression forecasts: its loss in back-tests is less by 7.1%",
        "At low voltage the smoothed mean forecasts: a regression on neighbours and trend has 4.0% "
        "more loss in back-tests; at least 5% less at every horizon is asked",
        "The forecast rests on 12 applications: its interval is wide",
        "9 of 63 applications have no date, so no part in it",
        "At low voltage growth bends under the limit of the land in 4 areas; 1 of them have "
        "reached theirs and are told no growth",
        "At low voltage all cells together strayed by 23% beyond chance a year ahead in "
        "back-tests, which the interval counts",
        "At medium voltage nothing could be tested: the interval takes the level to stay",
        "all 300 applications lie in one cell, of which no test can tell anything: take smaller "
        "cells",
        "2 applications lie where nothing supplies and are in no area",
        "Capacity gap for generation, by feeder",
        "Supply areas by transformer that run out",
        "Quarter in which 63 open applications and those to come ask more than the grid can give; "
        "counted from 2026-02, looked at until today",
        "grid version 3, ledger 12, 2026-03-01",
        "1,640 points, 36,430 kVA on 156.5 km of corridors",
        "heat along the corridors, bandwidth 150 m, pieces of about 25 m",
        "Getis-Ord Gi*, cells of 250 m, discs of 500 m, false discovery rate 0.05 "
        "(Benjamini-Hochberg) · EPSG:25832",
    ],
)
def test_sentence_is_chinese(text):
    english, chinese = both(text)
    assert english == text
    assert chinese != text
    assert is_chinese(text)


def test_figures_stay_in_their_sentence():
    said_of = in_chinese(
        "12 of 1,641 loads have no recorded power and are left out: unknown is not zero"
    )
    assert said_of == "1,641 项负荷中 12 项未记录功率，未计入：未知不等于零"


@pytest.mark.parametrize("text", ["City of Offenburg, 2026", "{0}", "", "applications of mine"])
def test_words_of_others_stay_as_they_are(text):
    assert said(text, Language.CHINESE) == text


def test_english_stays_english():
    assert said("no data", Language.ENGLISH) == "no data"
