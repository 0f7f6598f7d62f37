"""Verdicts at the edges of the load band."""

from __future__ import annotations

import pytest

from gisplan.electrical.load.load_band import (
    EdgeFailure,
    band_factors,
    band_finding,
    refusal_finding,
)
from gisplan.model.option import Finding, Severity
from gisplan.rules.catalogue import load_catalogue

CATALOGUE = load_catalogue("eu")


def broken(load_factor: float, element: str, measured: float | None = 1.07) -> EdgeFailure:
    return EdgeFailure(
        load_factor=load_factor,
        finding=Finding(
            rule="loading.transformer_max",
            severity=Severity.VIOLATION,
            element=element,
            text="cannot be told",
            measured=measured,
            limit=1.0,
            margin=-0.07,
        ),
    )


@pytest.mark.parametrize("profile", ["eu", "cn"])
def test_band_is_a_fifth_down_and_up(profile: str) -> None:
    assert band_factors(load_catalogue(profile)) == pytest.approx((0.8, 1.2))


def test_verdict_that_nothing_breaks_holds() -> None:
    finding = band_finding(CATALOGUE, ())
    assert (finding.rule, finding.severity) == ("load.band_pct", Severity.INFO)
    assert finding.text == "Holds with existing load at 80% and at 120%"
    assert (finding.measured, finding.confidence) == (None, "practice")


def test_verdict_that_breaks_names_edge_element_value_and_limit() -> None:
    finding = band_finding(CATALOGUE, (broken(1.2, "transformer T7"), broken(1.2, "line L1")))
    assert finding.severity is Severity.WARNING
    assert "at 120% of the existing load transformer T7 is at 1.07, limit 1" in finding.text
    assert "L1" not in finding.text
    assert (finding.element, finding.measured, finding.limit) == ("transformer T7", 1.07, 1.0)


def test_both_edges_are_told_lower_first() -> None:
    text = band_finding(CATALOGUE, (broken(1.2, "line L1"), broken(0.8, "bus B2"))).text
    assert text.index("at 80% of the existing load bus B2") < text.index("line L1")


def test_what_cannot_be_measured_is_told_in_words() -> None:
    finding = band_finding(CATALOGUE, (broken(1.2, "line L1", measured=None),))
    assert "line L1: cannot be told" in finding.text


def test_refusal_that_both_edges_share_holds() -> None:
    finding = refusal_finding(CATALOGUE, (broken(0.8, "line L1"), broken(1.2, "line L1")))
    assert (finding.severity, finding.text) == (
        Severity.INFO,
        "Is refused with existing load at 80% and at 120% alike",
    )


def test_refusal_that_less_load_would_lift_is_told() -> None:
    finding = refusal_finding(CATALOGUE, (broken(1.2, "line L1"),))
    assert finding.severity is Severity.WARNING
    assert "feasible at 80%" in finding.text
