from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gisplan.density.load_class import load_class_limits, load_classes
from gisplan.errors import CatalogueError
from gisplan.rules.catalogue import load_catalogue

LIMITS = load_class_limits(load_catalogue("cn"))


@pytest.mark.parametrize(
    ("mw_per_km2", "name"),
    [
        (0.0, "E"),
        (0.099, "E"),
        (0.1, "D"),
        (0.99, "D"),
        (1.0, "C"),
        (5.9, "C"),
        (6.0, "B"),
        (14.9, "B"),
        (15.0, "A"),
        (29.9, "A"),
        (30.0, "A+"),
        (300.0, "A+"),
    ],
)
def test_classes_begin_at_the_densities_of_the_standard(mw_per_km2, name):
    # A+ from 30 MW/km2, A from 15, B from 6, C from 1, D from 0.1, E below
    assert load_classes(np.array([mw_per_km2 * 8.0]), np.array([8.0]), LIMITS).tolist() == [name]


def test_area_below_five_square_kilometres_has_no_class_and_is_not_e():
    classes = load_classes(np.array([0.0, 400.0]), np.array([4.99, 0.05]), LIMITS)
    assert classes.tolist() == ["", ""]


def test_unknown_load_has_no_class():
    assert load_classes(np.array([np.nan]), np.array([8.0]), LIMITS).tolist() == [""]


def test_area_of_nothing_has_no_class():
    assert load_classes(np.array([1.0]), np.array([0.0]), LIMITS).tolist() == [""]


def test_both_profiles_hold_the_same_limits():
    assert load_class_limits(load_catalogue("eu")) == LIMITS


def test_limits_that_do_not_ascend_are_refused():
    catalogue = load_catalogue("eu")
    name = "density.class_b_min_mw_per_km2"
    rules = {**catalogue.rules, name: replace(catalogue.rules[name], value=0.5)}
    with pytest.raises(CatalogueError, match="ascending"):
        load_class_limits(replace(catalogue, rules=rules))
