"""A customer's parcel from the command and the service to the database and back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import shapely

from gisplan.errors import ConflictError, InputError
from gisplan.export.plan_document import plan_from_json, plan_to_json
from gisplan.store.applications import (
    get_application,
    list_applications,
    refuse_change_of_held,
    reserve,
    save_application,
    save_plan,
)
from gisplan.store.connection import connect
from tests.integration.conftest import Run
from tests.web.applications import APPLICATION, ROW, build_plan
from tests.web.tiny_grid import insert_tiny_grid

LON, LAT = 7.8793381, 48.4596464
BOX = shapely.box(LON - 1e-4, LAT - 1e-4, LON + 1e-4, LAT + 1e-4)
RING = tuple((round(lon, 7), round(lat, 7)) for lon, lat in BOX.exterior.coords)


def test_parcel_comes_back_as_it_was_saved(database_url: str) -> None:
    application = replace(APPLICATION, parcel=RING)
    with connect(database_url, autocommit=True) as connection:
        number = save_application(connection, application)
        assert get_application(connection, number).application == application
        assert list_applications(connection)[0].application.parcel == RING
        save_application(connection, replace(application, parcel=None))
        assert get_application(connection, number).application.parcel is None


def test_parcel_that_crosses_itself_is_refused_by_the_database(database_url: str) -> None:
    one, two, three, four, _ = RING
    with connect(database_url, autocommit=True) as connection, pytest.raises(InputError):
        save_application(connection, replace(APPLICATION, parcel=(one, three, two, four, one)))


def test_other_parcel_is_another_place_for_what_is_held(database_url: str) -> None:
    plan = build_plan(insert_tiny_grid(database_url))
    with connect(database_url, autocommit=True) as connection:
        number = save_application(connection, plan.application)
        document = plan_to_json(plan).decode()
        plan_id = save_plan(connection, application_id=number, plan=plan, document=document)
        reserve(connection, application_id=number, plan_id=plan_id, rows=[ROW])
        refuse_change_of_held(connection, plan.application)
        with pytest.raises(ConflictError):
            refuse_change_of_held(connection, replace(plan.application, parcel=RING))


@pytest.fixture
def parcel_file(tmp_path: Path) -> Path:
    path = tmp_path / "parcel.geojson"
    path.write_text(shapely.to_geojson(BOX))
    return path


@pytest.fixture
def _on_the_sample(sample_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", sample_url)
    monkeypatch.setenv("COLUMNS", "200")


@pytest.mark.usefixtures("_on_the_sample")
def test_command_plans_for_a_parcel(gisplan: Run, parcel_file: Path) -> None:
    status, out, _ = gisplan("plan", "--parcel", parcel_file, "--demand-kva", 60, "--json")
    plan = plan_from_json(out.encode())
    assert status == 0
    assert plan.application.parcel is not None
    assert (plan.application.lon, plan.application.lat) == pytest.approx((LON, LAT), abs=1e-5)
    exits = [
        shapely.Point(option.route.segments[0].coordinates[0])
        for option in plan.options
        if option.route.segments
    ]
    assert exits
    assert all(BOX.exterior.distance(place) < 1e-6 for place in exits)


@pytest.mark.usefixtures("_on_the_sample")
def test_parcel_beside_a_list_or_away_from_its_place_is_refused(
    gisplan: Run, parcel_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "list.csv").write_text("reference,lon,lat,demand_kva\n")
    words = ("plan", tmp_path / "list.csv", "--parcel", parcel_file)
    status, _, err = gisplan(*words)
    assert (status, "--parcel belongs to one place" in err) == (2, True)
    at = f"{LON + 0.01},{LAT}"
    status, _, err = gisplan("plan", "--at", at, "--parcel", parcel_file, "--demand-kva", 9)
    assert (status, "outside the parcel" in err) == (2, True)


@pytest.mark.usefixtures("_on_the_sample")
def test_parcel_file_that_crosses_itself_is_refused_by_name(gisplan: Run, tmp_path: Path) -> None:
    one, two, three, four, _ = RING
    path = tmp_path / "bow.geojson"
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [[one, three, two, four, one]]}))
    status, _, err = gisplan("plan", "--parcel", path, "--demand-kva", 9)
    assert status == 2
    assert "bow.geojson: parcel crosses itself" in err
