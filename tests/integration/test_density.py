from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import psycopg
import pytest
import rasterio
import typer
from typer.testing import CliRunner

from gisplan.cli.density import density
from gisplan.errors import InputError, NoGridError
from gisplan.model.application import ApplicationKind
from gisplan.model.density import (
    ApplicationFilter,
    ApplicationStatus,
    BandwidthMethod,
    DensityWeight,
)
from gisplan.services.density import (
    DensityQuestion,
    layer_density,
    save_density,
)
from gisplan.store.connection import connect
from gisplan.store.density_points import read_application_points, read_grid_lines
from tests.web.tiny_grid import LAT, LON, insert_tiny_grid

QUESTION = DensityQuestion(cell_m=10.0, bandwidth_m=50.0)
INSERT = """
insert into planning.application (
    reference, kind, customer_class, demand_kva, power_factor, importance, applied_on, status,
    synthetic, lon, lat)
select
    'A-' || number, %(kind)s, 'household', %(demand_kva)s, 0.95, 'ordinary', %(applied_on)s,
    %(status)s, true, %(lon)s + number * 0.0001, %(lat)s
from generate_series(%(first)s::int, %(last)s::int) as number
"""


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    insert_tiny_grid(database_url)
    with connect(database_url) as opened:
        yield opened


def insert(connection: psycopg.Connection, first: int, last: int, **changes: object) -> None:
    values: dict[str, object] = {
        "kind": "load",
        "demand_kva": 9.0,
        "applied_on": date(2026, 1, first % 28 + 1),
        "status": "received",
        "lon": LON,
        "lat": LAT,
    }
    connection.execute(INSERT, {"first": first, "last": last, **values, **changes})


def count(connection: psycopg.Connection, **chosen: object) -> int:
    points = read_application_points(
        connection, weight=DensityWeight.COUNT, chosen=ApplicationFilter(**chosen)
    )
    return len(points.weight)


def test_points_come_with_their_weights_in_the_order_of_their_numbers(connection):
    insert(connection, 1, 2)
    insert(connection, 3, 3, demand_kva=630.0)
    points = read_application_points(
        connection, weight=DensityWeight.DEMAND_KVA, chosen=ApplicationFilter()
    )
    assert points.weight.tolist() == [9.0, 9.0, 630.0]
    assert points.lon == pytest.approx([LON + 0.0001, LON + 0.0002, LON + 0.0003], abs=1e-12)
    assert points.lat.tolist() == [LAT] * 3


def test_order_is_that_of_the_numbers_wherever_rows_lie_on_disk(connection):
    insert(connection, 1, 3)
    # a change writes a row anew, behind the others
    connection.execute(
        "update planning.application set demand_kva = 630 where lon < %s", (LON + 0.00015,)
    )
    points = read_application_points(
        connection, weight=DensityWeight.DEMAND_KVA, chosen=ApplicationFilter(), with_customers=True
    )
    assert points.weight.tolist() == [630.0, 9.0, 9.0]
    assert (np.diff(points.lon) > 0).all()
    assert len(points.power_kw) == 3


def test_more_points_than_one_chunk_are_all_read(connection):
    insert(connection, 1, 100_001)
    assert count(connection) == 100_001


def test_refused_and_withdrawn_applications_do_not_count_unless_asked_for(connection):
    for number, status in enumerate(ApplicationStatus, start=1):
        insert(connection, number, number, status=status.value)
    assert count(connection) == 3
    assert count(connection, statuses=(ApplicationStatus.WITHDRAWN,)) == 1


def test_kinds_are_chosen(connection):
    insert(connection, 1, 3)
    insert(connection, 4, 5, kind="ev")
    assert count(connection, kinds=(ApplicationKind.EV,)) == 2
    assert count(connection, kinds=(ApplicationKind.EV, ApplicationKind.LOAD)) == 5


def test_customer_classes_are_chosen(connection):
    insert(connection, 1, 3)
    connection.execute(
        "update planning.application set customer_class = 'heat_pump' where reference = 'A-2'"
    )
    assert count(connection, customer_classes=("heat_pump",)) == 1
    assert count(connection, customer_classes=("heat_pump", "household")) == 3
    assert count(connection, customer_classes=("industrial",)) == 0


def test_periods_include_both_ends_and_no_undated_application(connection):
    for day in (1, 2, 3):
        insert(connection, day, day, applied_on=date(2026, 5, day))
    insert(connection, 4, 4, applied_on=None)
    assert count(connection) == 4
    assert count(connection, applied_from=date(2026, 5, 2)) == 2
    assert count(connection, applied_until=date(2026, 5, 2)) == 2


def test_surface_is_in_the_working_crs_and_keeps_the_total(connection):
    insert(connection, 1, 20)
    density = layer_density(connection, QUESTION)
    assert density.surface.srid == 25832
    assert density.surface.total == 180.0
    assert density.surface.unit == "kVA/km2"
    assert density.surface.values.sum() * 0.01**2 == pytest.approx(180.0, rel=1e-9)
    assert len(density.places) == 20
    # The tiny grid has one main, 100 m to the east from its station.
    assert np.diff(density.grid_lines.xy_m, axis=0).tolist() == [[100.0, 0.0]]


def test_count_weighs_every_application_alike(connection):
    insert(connection, 1, 3, demand_kva=630.0)
    density = layer_density(connection, replace(QUESTION, weight=DensityWeight.COUNT))
    assert (density.surface.total, density.surface.unit) == (3.0, "1/km2")


@pytest.mark.parametrize("method", [BandwidthMethod.CROSS_VALIDATION, BandwidthMethod.SCOTT])
def test_bandwidth_does_not_depend_on_the_demand(connection, method):
    insert(connection, 1, 20)
    insert(connection, 40, 60, demand_kva=630.0)
    question = replace(QUESTION, bandwidth_m=None, bandwidth_method=method)
    by_demand = layer_density(connection, question).surface.bandwidth
    counted = replace(question, weight=DensityWeight.COUNT)
    assert layer_density(connection, counted).surface.bandwidth == by_demand
    assert by_demand.method is method


def test_no_application_is_a_grid_of_no_data(connection):
    found = layer_density(connection, QUESTION)
    surface = found.surface
    assert np.isnan(surface.values).all()
    assert surface.values.shape[1] >= 10  # the main is 100 m long
    assert found.warnings == ("there are no applications of this kind: there is no data",)


def test_applications_outside_are_told(connection):
    insert(connection, 1, 2)
    insert(connection, 3, 3, lat=LAT + 0.1)
    extent = layer_density(connection, QUESTION).surface.extent
    near = replace(extent, y_max_m=extent.y_min_m + 500.0)
    found = layer_density(connection, replace(QUESTION, extent=near))
    assert "1 applications lie outside the area and are not in it" in found.warnings


def test_applications_in_another_place_of_the_earth_are_left_out_and_told(connection):
    insert(connection, 1, 2)
    insert(connection, 3, 3, lon=LAT, lat=LON)  # the two were exchanged
    found = layer_density(connection, QUESTION)
    assert (found.surface.point_count, found.points.far_count) == (2, 1)
    assert "1 applications lie more than 100 km from the grid" in " ".join(found.warnings)


def test_grid_without_mains_has_no_lines_and_a_single_cell(connection):
    connection.execute("delete from grid.line")
    density = layer_density(connection, QUESTION)
    assert len(density.grid_lines) == 0
    assert density.surface.values.shape == (1, 1)


def test_lines_of_another_version_are_not_read(connection):
    assert len(read_grid_lines(connection, 999)) == 0


def test_without_a_grid_there_is_no_working_crs(database_url):
    with connect(database_url) as connection, pytest.raises(NoGridError):
        layer_density(connection, QUESTION)


def test_file_is_written_by_its_ending(connection, tmp_path):
    insert(connection, 1, 20)
    found = layer_density(connection, QUESTION)
    for name in ("density.tif", "density.png"):
        save_density(found, tmp_path / name, on=date(2026, 3, 1))
    with rasterio.open(tmp_path / "density.tif") as raster:
        assert raster.tags()["TOTAL"] == "180.0 kVA"
        assert raster.descriptions == ("Applications: density of the contract capacity",)
    assert (tmp_path / "density.png").read_bytes().startswith(b"\x89PNG")


def test_picture_of_nothing_is_drawn_too(connection, tmp_path):
    connection.execute("delete from grid.line")
    chosen = ApplicationFilter(applied_from=date(2026, 1, 1), kinds=(ApplicationKind.EV,))
    question = replace(QUESTION, applications=chosen)
    save_density(layer_density(connection, question), tmp_path / "nothing.png")
    assert (tmp_path / "nothing.png").exists()


@pytest.mark.parametrize("cells", [(), ("--cells", "square")])
def test_wrong_ending_is_refused_before_anything_is_read(monkeypatch, cells):
    monkeypatch.setenv("DATABASE_URL", "postgresql://nowhere.invalid/none")
    app = typer.Typer()
    app.command()(density)
    result = CliRunner().invoke(app, ("--out", "density.pdf", *cells))
    assert isinstance(result.exception, InputError)
    assert "no export of density" in str(result.exception)


@pytest.fixture
def run(database_url, monkeypatch):
    """Run the command on the tiny grid with five applications."""
    insert_tiny_grid(database_url)
    with connect(database_url) as connection:
        insert(connection, 1, 5)
    monkeypatch.setenv("DATABASE_URL", database_url)
    app = typer.Typer()
    app.command()(density)
    return lambda *words: CliRunner().invoke(app, words)


def test_command_writes_a_raster_and_answers_with_one_object(run, tmp_path):
    out = tmp_path / "density.tif"
    result = run("--out", str(out), "--cell-m", "10", "--bandwidth-m", "50", "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert (answer["total"], answer["unit"], answer["point_count"]) == (45.0, "kVA/km2", 5)
    assert (answer["bandwidth_m"], answer["bandwidth_method"]) == (50.0, "given")
    with rasterio.open(out) as raster:
        assert raster.shape == (answer["rows"], answer["columns"])
        assert raster.tags()["DATE"] == date.today().isoformat()


def test_command_finds_a_bandwidth_and_filters(run, tmp_path):
    out = tmp_path / "density.png"
    words = ("--out", str(out), "--weight", "count", "--kind", "load", "--status", "received")
    result = run(*words, "--since", "2026-01-01", "--until", "2026-12-31", "--on", "2026-03-01")
    assert result.exit_code == 0, result.output
    assert "cross-validation" in result.stdout
    assert out.exists()


def test_command_refuses_a_given_method_without_a_number(run, tmp_path):
    result = run("--out", str(tmp_path / "a.tif"), "--bandwidth-method", "given")
    assert isinstance(result.exception, InputError)
