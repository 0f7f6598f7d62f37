"""Applications of a file are weighted and chosen as the stored ones are."""

from __future__ import annotations

from datetime import date

import pytest

from gisplan.errors import InputError
from gisplan.model.application import Application, ApplicationKind
from gisplan.model.density import (
    ApplicationFilter,
    ApplicationStatus,
    DensityLayer,
    DensityWeight,
    GivenApplications,
)
from gisplan.services.density import describe_points
from gisplan.services.given_points import given_points

LOAD, EV, PV = ApplicationKind.LOAD, ApplicationKind.EV, ApplicationKind.GENERATION


def application(reference: str, **values: object) -> Application:
    given = {"lon": 7.9, "lat": 48.5, "kind": LOAD, "demand_kva": 100.0, **values}
    return Application(reference=reference, **given)


FILE = GivenApplications(
    name="wishes.csv",
    applications=(
        application("a", lon=7.1, applied_on="2026-05-01"),
        application("b", lon=7.2, kind=EV, customer_class="ev_charging", applied_on="2026-05-02"),
        application("c", lon=7.3, kind=PV, expected_maximum_demand_kw=60.0),
        application("d", lon=7.4, customer_class="heat_pump", applied_on="2026-05-03"),
    ),
)


def points(weight: DensityWeight = DensityWeight.COUNT, **chosen: object):
    asked = ApplicationFilter(given=FILE, **chosen)
    return given_points(FILE, weight=weight, chosen=asked)


@pytest.mark.parametrize(
    ("weight", "weights"),
    [
        (DensityWeight.DEMAND_KVA, [100.0] * 4),
        (DensityWeight.POWER_KW, [95.0, 95.0, 60.0, 95.0]),
        (DensityWeight.COUNT, [1.0] * 4),
    ],
)
def test_weights_are_those_of_stored_applications(weight, weights):
    found = points(weight)
    assert found.weight.tolist() == weights
    assert found.lon.tolist() == [7.1, 7.2, 7.3, 7.4]
    assert found.power_kw.tolist() == [95.0, 95.0, 60.0, 95.0]


def test_customers_are_told_by_the_number_of_their_class():
    found = points()
    assert found.customer_class.tolist() == [0, 2, 0, 1]
    assert found.is_generation.tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("chosen", "lon"),
    [
        ({"kinds": (EV, PV)}, [7.2, 7.3]),
        ({"customer_classes": ("heat_pump", "ev_charging")}, [7.2, 7.4]),
        ({"kinds": (LOAD,), "customer_classes": ("heat_pump",)}, [7.4]),
        ({"customer_classes": ("industrial",)}, []),
        (
            {"statuses": (ApplicationStatus.RECEIVED, ApplicationStatus.REFUSED)},
            [7.1, 7.2, 7.3, 7.4],
        ),
        ({"applied_from": date(2026, 5, 2)}, [7.2, 7.4]),
        ({"applied_until": date(2026, 5, 2)}, [7.1, 7.2]),
        ({"applied_from": date(2027, 1, 1)}, []),
    ],
)
def test_filter_chooses_rows_of_a_file(chosen, lon):
    assert points(**chosen).lon.tolist() == lon


def test_status_that_no_application_of_a_file_has_is_refused():
    with pytest.raises(InputError, match="are all received, so none is accepted or"):
        points(statuses=(ApplicationStatus.ACCEPTED, ApplicationStatus.PLANNED))


@pytest.mark.parametrize("period", ["applied_from", "applied_until"])
def test_period_of_a_file_without_dates_is_refused(period):
    undated = GivenApplications(name="wishes.csv", applications=(application("a"),))
    with pytest.raises(InputError, match="has applied_on, which a period needs"):
        ApplicationFilter(given=undated, **{period: date(2026, 1, 1)})


def test_class_that_there_is_not_is_refused():
    with pytest.raises(InputError, match="'farm'; expected of household, heat_pump"):
        ApplicationFilter(customer_classes=("farm",))


def test_heading_names_file_and_classes():
    chosen = ApplicationFilter(given=FILE, kinds=(EV,), customer_classes=("heat_pump",))
    heading = describe_points(DensityLayer.APPLICATION, chosen)
    assert heading == "applications of the file wishes.csv · ev · heat_pump · received"
