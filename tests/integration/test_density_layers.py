"""Layers, cells and hot spots through the services, on a real database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import geopandas
import numpy as np
import psycopg
import pytest
import rasterio
import shapely
import typer
from typer.testing import CliRunner

from gisplan.cli.density import density
from gisplan.cli.hotspots import hotspots
from gisplan.density.cells import Cells
from gisplan.density.hot_spots import HotSpotKind
from gisplan.errors import InputError, NoGridError
from gisplan.model.application import ApplicationKind
from gisplan.model.density import ApplicationFilter, DensityLayer, DensityWeight, Extent
from gisplan.services.density import DensityQuestion, layer_density
from gisplan.services.density_cells import CellShape, CellsQuestion, layer_cells
from gisplan.services.hot_spots import HotSpotQuestion, layer_hot_spots
from gisplan.store.connection import connect
from tests.integration.test_density import insert
from tests.web.tiny_grid import LAT, LON, X_M, Y_M, insert_tiny_grid

SURFACE = DensityQuestion(cell_m=10.0, bandwidth_m=50.0)
LOADS = replace(SURFACE, layer=DensityLayer.LOAD, weight=DensityWeight.POWER_KW)
EVERYWHERE = shapely.box(X_M - 2000, Y_M - 2000, X_M + 3000, Y_M + 2000)
LOAD = """
insert into grid.load (
    version_id, load_id, bus_id, active_power_kw, reactive_power_kvar, customer_class,
    customer_count, annual_energy_kwh, contract_capacity_kva)
select version_id, %(load_id)s, 'lv/2', %(power_kw)s, 0, 'household', 1, %(energy_kwh)s,
    %(contract_kva)s
from grid.version
"""
GENERATOR = """
insert into grid.generator (
    version_id, generator_id, bus_id, active_power_kw, reactive_power_kvar)
select version_id, 'pv 1', 'lv/2', 30, 40 from grid.version
"""


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    insert_tiny_grid(database_url)
    with connect(database_url) as opened:
        yield opened


def add_load(connection: psycopg.Connection, **values: object) -> None:
    known = {"load_id": "load 2", "power_kw": 5.0, "energy_kwh": None, "contract_kva": None}
    connection.execute(LOAD, {**known, **values})


def columns(answer) -> dict[str, list[object]]:
    return {name: values.tolist() for name, values in answer.tables[0].columns.items()}


def areas(*shapes: shapely.Polygon) -> Cells:
    return Cells(name=np.array([f"area {n}" for n in range(len(shapes))]), shape=np.array(shapes))


def test_load_gathers_where_its_bus_is(connection):
    found = layer_density(connection, LOADS)
    assert (found.surface.total, found.surface.unit) == (pytest.approx(2.1), "kW/km2")
    # the only load hangs on the house, 155 m east and 10 m north of the station
    assert found.places.tolist() == [[X_M + 155, Y_M + 10]]


def test_unknown_contract_is_left_out_and_told_and_is_not_zero(connection):
    question = replace(LOADS, weight=DensityWeight.DEMAND_KVA)
    unknown = layer_density(connection, question)
    assert np.isnan(unknown.surface.values).all()
    assert "1 of 1 loads have no recorded contract capacity" in " ".join(unknown.warnings)
    add_load(connection, contract_kva=14.0)
    known = layer_density(connection, question)
    assert (known.surface.total, known.surface.point_count) == (14.0, 1)
    assert known.points.unknown_count == 1


def test_energy_is_in_megawatt_hours(connection):
    add_load(connection, energy_kwh=3500.0)
    found = layer_density(connection, replace(LOADS, weight=DensityWeight.ENERGY_MWH))
    assert (found.surface.total, found.surface.unit) == (3.5, "MWh/km2")


def test_generators_gather_by_apparent_and_active_power(connection):
    connection.execute(GENERATOR)
    question = replace(SURFACE, layer=DensityLayer.GENERATION)
    assert layer_density(connection, question).surface.total == 50.0
    by_power = replace(question, weight=DensityWeight.POWER_KW)
    assert layer_density(connection, by_power).surface.total == 30.0


def test_expected_power_of_an_application_is_derived_where_it_is_not_given(connection):
    insert(connection, 1, 2, demand_kva=100.0)  # power factor 0.95
    connection.execute(
        "update planning.application set expected_maximum_demand_kw = 60 where reference = 'A-2'"
    )
    found = layer_density(connection, replace(SURFACE, weight=DensityWeight.POWER_KW))
    assert found.surface.total == pytest.approx(95.0 + 60.0)


def test_negative_power_is_refused_and_counted(connection):
    add_load(connection, power_kw=-3.0)
    with pytest.raises(InputError, match="1 with a negative weight"):
        layer_density(connection, LOADS)


@pytest.mark.parametrize("layer", [DensityLayer.APPLICATION, DensityLayer.GENERATION])
def test_energy_that_nobody_records_is_refused(connection, layer):
    with pytest.raises(InputError, match="record no yearly energy"):
        layer_density(connection, replace(SURFACE, layer=layer, weight=DensityWeight.ENERGY_MWH))


def test_period_of_a_layer_without_dates_is_refused(connection):
    chosen = ApplicationFilter(applied_from=date(2026, 1, 1))
    with pytest.raises(InputError, match="the layer load has none of them"):
        layer_density(connection, replace(LOADS, applications=chosen))


def test_study_area_keeps_the_total_and_is_grey_beyond(connection):
    insert(connection, 1, 20)
    area = shapely.box(X_M, Y_M - 100, X_M + 400, Y_M + 100)
    found = layer_density(connection, replace(SURFACE, study_area=area)).surface
    inside = found.total
    assert np.nansum(found.values) * 0.01**2 == pytest.approx(inside, rel=1e-9)
    assert np.isnan(found.values[0, 0])


def test_adaptive_kernels_keep_the_total_and_say_their_range(connection):
    insert(connection, 1, 20)
    found = layer_density(connection, replace(SURFACE, is_adaptive=True)).surface
    assert found.values.sum() * 0.01**2 == pytest.approx(180.0, rel=1e-6)
    assert found.bandwidth.range_m is not None


def test_all_applications_in_one_place_are_one_hill(connection):
    for number in range(1, 6):
        insert(connection, number, number, lon=7.8944 - number * 0.0001)
    question = replace(SURFACE, bandwidth_m=None)
    found = layer_density(connection, question)
    assert found.surface.values.sum() * 0.01**2 == pytest.approx(45.0, rel=1e-9)
    assert "fewer than two places" in " ".join(found.warnings)


@pytest.mark.parametrize("cell_m", [0.001, 1e-9])
def test_cell_size_that_would_make_a_billion_cells_is_refused_with_one_that_does(
    connection, cell_m
):
    insert(connection, 1, 20)
    with pytest.raises(InputError, match=r"take cells of \d+ m or more"):
        layer_density(connection, replace(SURFACE, cell_m=cell_m))
    with pytest.raises(InputError, match=r"take cells of \d+ m or more"):
        layer_hot_spots(connection, HotSpotQuestion(cell_m=cell_m))


@pytest.mark.parametrize("cell_m", [0.0, -1.0, float("nan"), float("inf")])
def test_cell_size_that_is_no_length_is_refused(connection, cell_m):
    insert(connection, 1, 2)
    with pytest.raises(InputError, match="cell size"):
        layer_density(connection, replace(SURFACE, cell_m=cell_m))
    with pytest.raises(InputError, match="cell size"):
        layer_hot_spots(connection, HotSpotQuestion(cell_m=cell_m))
    with pytest.raises(InputError, match="cell size"):
        layer_cells(connection, CellsQuestion(cell_m=cell_m))


@pytest.mark.parametrize("area", [shapely.Polygon(), shapely.Polygon([(0, 0), (1, 0), (2, 0)])])
def test_area_without_extent_is_refused(connection, area):
    insert(connection, 1, 2)
    with pytest.raises(InputError, match="covers nothing"):
        layer_density(connection, replace(SURFACE, study_area=area))
    with pytest.raises(InputError, match="covers nothing"):
        layer_hot_spots(connection, HotSpotQuestion(study_area=area))


def test_area_of_another_place_is_all_no_data(connection):
    insert(connection, 1, 2)
    area = shapely.box(8.0, 48.0, 9.0, 49.0)  # degrees that are taken for metres
    found = layer_density(connection, replace(SURFACE, cell_m=0.1, bandwidth_m=1, study_area=area))
    assert np.isnan(found.surface.values).all()
    assert found.surface.outside_count == 2


@pytest.mark.parametrize("shape", [CellShape.SQUARE, CellShape.HEXAGON, CellShape.H3])
def test_cells_keep_count_and_sum(connection, shape):
    insert(connection, 1, 20)
    answer = layer_cells(connection, CellsQuestion(shape=shape, cell_m=50.0, h3_resolution=11))
    found = columns(answer)
    assert len(found["cell"]) > 1
    assert (sum(found["count"]), sum(found["sum_kva"])) == (20, pytest.approx(180.0))
    density = np.array(found["density_kva_per_km2"]) * answer.tables[0].shape[0].area / 1e6
    assert density.sum() == pytest.approx(180.0, rel=1e-3)
    assert "load_class" not in found
    assert answer.facts["total"] == 180.0


def test_cell_of_one_household_has_its_peak_and_many_have_less_each(connection):
    insert(connection, 1, 1, demand_kva=14.0)
    alone = columns(layer_cells(connection, CellsQuestion(cell_m=5000.0)))["peak_kw"]
    assert alone == [pytest.approx(14 * 0.95, abs=1e-3)]
    insert(connection, 2, 100, demand_kva=14.0, lon=7.88)
    many = columns(layer_cells(connection, CellsQuestion(cell_m=20_000.0)))["peak_kw"]
    # 100 households, of many 0.07: 100 * 13.3 * (0.07 + 0.93 / 10)
    assert many == [pytest.approx(216.79, abs=1e-2)]


def test_generation_adds_no_peak_to_load_and_all_of_it_alone(connection):
    insert(connection, 1, 1, kind="generation", demand_kva=100.0)
    only = CellsQuestion(applications=ApplicationFilter(kinds=(ApplicationKind.GENERATION,)))
    assert columns(layer_cells(connection, only))["peak_kw"] == [95.0]
    insert(connection, 2, 2, demand_kva=10.0)
    answer = layer_cells(connection, CellsQuestion(cell_m=5000.0))
    assert columns(answer)["peak_kw"] == [9.5]
    assert "1 applications of generation add nothing to peak_kw" in answer.notes


def test_class_is_of_load_and_applications_over_five_square_kilometres_only(connection):
    insert(connection, 1, 1, kind="generation", demand_kva=9_000_000.0)
    insert(connection, 2, 2, demand_kva=20_000.0)
    large = shapely.box(X_M - 1500, Y_M - 1500, X_M + 1500, Y_M + 1500)
    small = shapely.box(X_M - 1500, Y_M + 2000, X_M, Y_M + 3000)
    question = CellsQuestion(shape=CellShape.GIVEN, areas=areas(large, small))
    answer = layer_cells(connection, question)
    found = columns(answer)
    assert found["load_class"] == ["C", ""]  # 19 MW on 9 km2
    # one household of 19,000 kW, and 2.1 kW at 0.13 / 0.15 from transformer to substation
    assert found["class_mw_per_km2"][0] == pytest.approx((19.0 + 0.00182) / 9, rel=1e-6)
    assert np.isnan(found["class_mw_per_km2"][1])
    assert "1 of 2 areas are smaller than 5 km2" in " ".join(answer.notes)


def test_points_in_no_given_area_are_told(connection):
    insert(connection, 1, 3)
    far = shapely.box(X_M + 5000, Y_M, X_M + 6000, Y_M + 1000)
    question = CellsQuestion(shape=CellShape.GIVEN, areas=areas(far))
    answer = layer_cells(connection, question)
    assert columns(answer)["count"] == [0]
    assert columns(answer)["sum_kva"] == [0.0]
    assert "3 applications lie in no cell and are not in it" in answer.notes


def test_cell_of_unknown_weights_is_unknown_and_not_zero(connection):
    question = CellsQuestion(layer=DensityLayer.LOAD, cell_m=20_000.0)
    found = columns(layer_cells(connection, question))
    assert (found["count"], found["unknown_count"]) == ([1], [1])
    assert np.isnan(found["sum_kva"][0])
    assert np.isnan(found["density_kva_per_km2"][0])


def test_change_between_two_periods_counts_cells_of_both(connection):
    insert(connection, 1, 2, applied_on=date(2025, 3, 1))
    insert(connection, 40, 44, applied_on=date(2026, 3, 1))
    first, last = (
        ApplicationFilter(applied_from=date(year, 1, 1), applied_until=date(year, 12, 31))
        for year in (2025, 2026)
    )
    answer = layer_cells(connection, CellsQuestion(cell_m=100.0, applications=last, before=first))
    found = columns(answer)
    assert sum(found["sum_kva_before"]) == 18.0
    assert sum(found["sum_kva_change"]) == 45.0 - 18.0
    assert min(found["sum_kva_change"]) < 0 < max(found["sum_kva_change"])
    counted = CellsQuestion(
        cell_m=20_000.0, weight=DensityWeight.COUNT, applications=last, before=first
    )
    assert columns(layer_cells(connection, counted))["count_change"] == [3.0]


def test_study_area_cuts_cells_and_leaves_points_out(connection):
    insert(connection, 1, 20)
    half = shapely.box(X_M, Y_M - 1000, X_M + 150, Y_M + 1000)
    whole = columns(layer_cells(connection, CellsQuestion(cell_m=100.0)))
    found = columns(layer_cells(connection, CellsQuestion(cell_m=100.0, study_area=half)))
    assert 0 <= sum(found["count"]) < sum(whole["count"])


def test_area_beyond_the_study_area_is_left_out_and_told(connection):
    insert(connection, 1, 20)
    near = shapely.box(X_M - 50, Y_M - 500, X_M + 500, Y_M + 500)
    beside = shapely.box(X_M + 500, Y_M - 500, X_M + 900, Y_M + 500)
    # of this one the study area leaves a square and a line
    bent = shapely.union_all(
        [
            shapely.box(X_M - 50, Y_M + 500, X_M + 500, Y_M + 600),
            shapely.box(X_M + 500, Y_M + 500, X_M + 600, Y_M + 800),
        ]
    )
    study = shapely.box(X_M - 50, Y_M - 500, X_M + 500, Y_M + 800)
    whole = CellsQuestion(shape=CellShape.GIVEN, areas=areas(beside, near, bent))
    answer = layer_cells(connection, replace(whole, study_area=study))
    found = columns(answer)
    assert found["cell"] == ["area 1", "area 2"]
    assert found["area_km2"] == [0.55, 0.055]
    assert found["count"] == columns(layer_cells(connection, whole))["count"][1:]
    assert "1 of 3 areas lie beyond the study area and are left out" in answer.notes


def test_layer_without_points_is_no_data_in_given_areas_and_not_zero(connection):
    question = CellsQuestion(shape=CellShape.GIVEN, areas=areas(EVERYWHERE))
    found = columns(layer_cells(connection, question))
    assert found["count"] == [0]
    for name in ("sum_kva", "density_kva_per_km2", "peak_kw"):
        assert np.isnan(found[name]).all()
    insert(connection, 1, 3, applied_on=date(2025, 3, 1))
    later = ApplicationFilter(applied_from=date(2026, 1, 1))
    before = ApplicationFilter(applied_until=date(2025, 12, 31))
    ended = replace(question, applications=later, before=before)
    assert columns(layer_cells(connection, ended))["sum_kva_change"] == [-27.0]


def test_no_application_is_an_empty_table_that_says_so(connection):
    answer = layer_cells(connection, CellsQuestion())
    assert len(answer.tables[0]) == 0
    assert "there are no applications of this kind: nothing is summed" in answer.notes


def test_cluster_is_hot_and_the_default_area_is_told(connection):
    for number in range(1, 13):
        insert(connection, number, number, demand_kva=50.0, lon=LON - 0.0001 * number)
    question = HotSpotQuestion(cell_m=25.0, radius_m=100.0)
    raster = layer_hot_spots(connection, replace(question, study_area=EVERYWHERE)).raster
    row, column = np.unravel_index(np.nanargmax(raster.sums), raster.sums.shape)
    assert raster.kind[row, column] == HotSpotKind.HOT
    assert np.nansum(raster.sums) == 600.0
    found = layer_hot_spots(connection, question)
    assert "the convex hull of the grid's buses, widened by 100 m" in found.area_text
    assert found.point_count + found.outside_count == 12


def test_hot_spots_of_nothing_are_no_data(connection):
    found = layer_hot_spots(connection, HotSpotQuestion(cell_m=50.0, study_area=EVERYWHERE))
    assert (found.raster.kind == HotSpotKind.NO_DATA).all()
    assert "there are no applications of this kind" in " ".join(found.warnings)
    assert "as given" in found.area_text


def test_few_points_are_warned_of(connection):
    insert(connection, 1, 3)
    insert(connection, 4, 4, lon=LON + 0.001)
    found = layer_hot_spots(connection, HotSpotQuestion(cell_m=50.0, study_area=EVERYWHERE))
    assert "a single one may make a hot spot" in " ".join(found.warnings)


def test_many_points_in_one_cell_tell_nothing(connection):
    for number in range(1, 41):
        insert(connection, number, number, lon=LON - 0.0001 * number)
    found = layer_hot_spots(connection, HotSpotQuestion(cell_m=50.0, study_area=EVERYWHERE))
    assert "40 applications lie in one cell" in " ".join(found.warnings)


def test_kernel_that_reaches_far_beyond_its_window_is_refused(connection):
    insert(connection, 1, 3)
    window = Extent(x_min_m=X_M, y_min_m=Y_M, x_max_m=X_M + 100, y_max_m=Y_M + 100)
    wide = replace(SURFACE, extent=window, bandwidth_m=10_000.0, cells_max=10_000)
    with pytest.raises(InputError, match="reaches 50000 m around the area"):
        layer_density(connection, wide)


def test_period_without_a_day_is_refused():
    with pytest.raises(InputError, match="from 2025-05-01 to 2024-01-01 holds no day"):
        ApplicationFilter(applied_from=date(2025, 5, 1), applied_until=date(2024, 1, 1))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"radius_m": -1.0}, "radius is -1.0 m"),
        ({"radius_m": 10.0, "study_area": EVERYWHERE}, "expected 1 to 500"),
        ({"alpha": 0.0}, "false discovery rate"),
        ({"alpha": float("nan")}, "false discovery rate"),
    ],
)
def test_hot_spots_that_cannot_be_asked_are_refused(connection, changes, message):
    with pytest.raises(InputError, match=message):
        layer_hot_spots(connection, replace(HotSpotQuestion(cell_m=50.0), **changes))


def test_grid_without_buses_has_no_ground(connection):
    for table in ("line", "transformer", "load", "bus"):
        connection.execute(f"delete from grid.{table}")
    with pytest.raises(InputError, match="no bus"):
        layer_hot_spots(connection, HotSpotQuestion())


def test_without_a_grid_there_is_nothing(database_url):
    with connect(database_url) as connection:
        for ask in (
            lambda: layer_hot_spots(connection, HotSpotQuestion()),
            lambda: layer_cells(connection, CellsQuestion()),
        ):
            with pytest.raises(NoGridError):
                ask()


@pytest.fixture
def run(database_url, monkeypatch):
    """Run a command on the tiny grid with sixty applications."""
    insert_tiny_grid(database_url)
    with connect(database_url) as connection:
        insert(connection, 1, 60, lon=7.888)
    monkeypatch.setenv("DATABASE_URL", database_url)

    def invoke(command, *words: str):
        app = typer.Typer()
        app.command()(command)
        return CliRunner().invoke(app, words)

    return invoke


@pytest.mark.parametrize(
    ("command", "words", "endings"),
    [
        (density, ("--cell-m", "20", "--bandwidth-m", "60"), "tif png gpkg html"),
        (hotspots, ("--cell-m", "50", "--radius-m", "100"), "tif png fgb html"),
        (
            density,
            ("--cells", "hexagon", "--cell-m", "100", "--weight", "power_kw"),
            "csv html png",
        ),
    ],
)
def test_command_writes_every_ending(run, tmp_path, command, words, endings):
    for ending in endings.split():
        out = tmp_path / f"out.{ending}"
        result = run(command, "--out", str(out), *words, "--on", "2026-03-01", "--json")
        assert result.exit_code == 0, result.output
        answer = json.loads(result.stdout)
        assert (answer["file"], answer["layer"]) == (str(out), "application")
        assert out.stat().st_size > 0
    assert len(list(tmp_path.iterdir())) == len(endings.split())


def test_sums_in_cells_are_no_raster(run, tmp_path):
    result = run(density, "--out", str(tmp_path / "a.tif"), "--cells", "square")
    assert isinstance(result.exception, InputError)


def test_command_reads_areas_of_a_file(run, tmp_path):
    file = tmp_path / "areas.gpkg"
    frame = geopandas.GeoDataFrame({"name": ["town"]}, geometry=[EVERYWHERE], crs=25832)
    frame.to_file(file, engine="pyogrio")
    out = tmp_path / "town.gpkg"
    result = run(density, "--out", str(out), "--cells", str(file), "--json")
    assert result.exit_code == 0, result.output
    found = geopandas.read_file(out)
    assert found["cell"].tolist() == ["town"]
    assert found["load_class"].tolist() == ["E"]
    assert found["count"].tolist() == [60]
    raster = tmp_path / "town.tif"
    words = ("--cell-m", "20", "--bandwidth-m", "60", "--area", str(file), "--adaptive")
    assert run(density, "--out", str(raster), *words).exit_code == 0
    with rasterio.open(raster) as opened:
        assert np.isnan(opened.read(1)).any()


@pytest.fixture
def wishes(tmp_path):
    """A file of two applications near the grid and one of another country."""
    rows = [f"W-{n},{LON + 0.001 * n},{LAT},{n}00,heat_pump" for n in (1, 2)]
    rows.append("W-3,2.3,48.8,9,household")
    file = tmp_path / "wishes.csv"
    file.write_text("\n".join(["reference,lon,lat,demand_kva,customer_class", *rows]))
    return str(file)


def test_file_is_summed_instead_of_the_store(run, tmp_path, wishes):
    areas_file, out = tmp_path / "areas.gpkg", tmp_path / "town.gpkg"
    frame = geopandas.GeoDataFrame({"name": ["town"]}, geometry=[EVERYWHERE], crs=25832)
    frame.to_file(areas_file, engine="pyogrio")
    words = ("--out", str(out), "--cells", str(areas_file), "--customer-class", "heat_pump")
    result = run(density, wishes, *words, "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert (answer["total"], answer["point_count"]) == (300.0, 2)
    assert "applications of the file wishes.csv, not those of the store" in answer["notes"]
    # a tenth of 285 kW of heat pumps, 13/15 of the house's 2.1 kW, on 20 km2
    found = geopandas.read_file(out)["class_mw_per_km2"]
    assert found.tolist() == pytest.approx([(0.0285 + 0.00182) / 20], abs=1e-6)


def test_hot_spots_of_a_file_leave_out_and_count_what_lies_far(run, tmp_path, wishes):
    out = tmp_path / "hot.html"
    result = run(hotspots, wishes, "--out", str(out), "--cell-m", "50", "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert (answer["point_count"], answer["far_count"]) == (2, 1)
    assert "文件 wishes.csv 中的申请" in out.read_text(encoding="utf-8")


def test_file_that_cannot_be_read_names_its_rows(run, tmp_path):
    file = tmp_path / "bad.csv"
    file.write_text("reference,lon,lat,demand_kva\na,7.9,nan,5\nb,412345,48,-3\n")
    result = run(density, str(file), "--out", str(tmp_path / "a.tif"))
    assert isinstance(result.exception, InputError)
    assert "row 2: lat is 'nan'" in str(result.exception)
    assert "row 3: lon is '412345'" in str(result.exception)


def test_file_and_another_layer_are_refused(run, tmp_path, wishes):
    result = run(density, wishes, "--out", str(tmp_path / "a.tif"), "--layer", "load")
    assert "file choose applications; the layer load has none" in str(result.exception)


@pytest.mark.parametrize("words", ["octagon", "missing.gpkg"])
def test_command_refuses_cells_that_are_none(run, tmp_path, words):
    result = run(density, "--out", str(tmp_path / "a.csv"), "--cells", words)
    assert isinstance(result.exception, InputError)


def test_command_compares_two_periods(run, tmp_path):
    out = tmp_path / "change.csv"
    words = ("--cells", "square", "--since", "2026-01-02", "--before-until", "2026-01-01")
    assert run(density, "--out", str(out), *words).exit_code == 0
    assert "sum_kva_change" in out.read_text().splitlines()[0]


def test_page_of_two_layers_has_words_of_both_languages(run, tmp_path):
    out = tmp_path / "spots.html"
    run(hotspots, "--out", str(out), "--layer", "load", "--weight", "power_kw", "--cell-m", "50")
    html = out.read_text(encoding="utf-8")
    assert "Hot spots of loads: power at the peak" in html
    assert "负荷热点分析：峰值功率" in html
