"""The sample region and what is derived from it."""

import csv
import datetime
import subprocess
import sys
from collections import Counter
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from pyproj import Transformer

from gisplan.model.application import Application, ApplicationKind, Importance
from gisplan.rules.catalogue import load_catalogue

FOLDER = Path(__file__).parents[2] / "data" / "grid"
SOURCE = FOLDER / "schutterwald_oberrhein_25832.gpkg"
DERIVED = FOLDER / "derived_25832.gpkg"


def read_rows(name):
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def points_of(rows):
    to_metres = Transformer.from_crs(4326, 25832, always_xy=True)
    lon_lat = np.array([(float(row["lon"]), float(row["lat"])) for row in rows])
    return shapely.points(*to_metres.transform(lon_lat[:, 0], lon_lat[:, 1]))


def distance_to(points, shapes):
    return shapely.distance(points, shapes[shapely.STRtree(shapes).nearest(points)])


@pytest.fixture(scope="module")
def layers():
    return {name: gpd.read_file(SOURCE, layer=name) for name, _ in pyogrio.list_layers(SOURCE)}


@pytest.fixture(scope="module")
def mains(layers):
    lv = layers["lv_line"]
    shapes = [lv[lv["std_type"] == "NAYY 4x150 SE"], layers["mv_line"], layers["gas_main"]]
    return np.concatenate([layer.geometry.to_numpy() for layer in shapes])


@pytest.fixture(scope="module")
def buildings():
    return gpd.read_file(DERIVED, layer="building")


@pytest.fixture(scope="module")
def bays():
    return gpd.read_file(DERIVED, layer="bay").set_index("mv_bus")


@pytest.fixture(scope="module")
def applications():
    return read_rows("applications.csv")


@pytest.fixture(scope="module")
def heat_pumps():
    return read_rows("heat_pumps.csv")


def test_every_layer_is_in_utm_32():
    for path in (SOURCE, DERIVED):
        for name, _ in pyogrio.list_layers(path):
            assert pyogrio.read_info(path, layer=name)["crs"] == "EPSG:25832"


def test_deriving_again_gives_the_same_files(tmp_path):
    script = FOLDER / "derive_layers.py"
    subprocess.run([sys.executable, script, tmp_path], check=True, capture_output=True)
    for name in ("applications.csv", "heat_pumps.csv"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()
    for layer in ("building", "bay"):
        again, kept = (gpd.read_file(p, layer=layer) for p in (tmp_path / DERIVED.name, DERIVED))
        assert again.equals(kept)


def test_every_house_has_one_building(layers, buildings):
    assert sorted(buildings["lv_bus"]) == sorted(layers["customer"]["bus"])
    assert buildings["building_id"].is_unique
    assert buildings.geometry.is_valid.all()
    assert buildings["synthetic"].all()


def test_service_ends_inside_its_house(layers, buildings):
    house = layers["customer"].set_index("bus").geometry
    shapes = buildings.geometry.to_numpy()
    assert shapely.covers(shapes, house.loc[buildings["lv_bus"]].to_numpy()).all()


def test_building_stands_on_no_main(mains, buildings):
    crossing, _ = shapely.STRtree(mains).query(buildings.geometry.to_numpy(), "intersects")
    assert len(crossing) == 0


def test_buildings_do_not_touch_each_other(buildings):
    shapes = buildings.geometry.to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, "intersects")
    assert (one == other).all()


def test_most_buildings_have_their_full_size(buildings):
    area_m2 = shapely.area(buildings.geometry.to_numpy())
    assert np.mean(area_m2 > 119.0) > 0.92
    assert area_m2.max() < 120.1


def test_half_of_the_stations_have_known_bays(layers, bays):
    stations = {int(n) for n in layers["lv_trafo"]["name"].str.extract(r"T_idx_(\d+)")[0].dropna()}
    town = bays[bays.index.isin(stations)]
    assert len(town) == 7
    assert len(stations) == 13
    assert {0, 2} <= set(town["bays_spare"])
    assert (bays["bays_spare"] <= bays["bays_total"]).all()


def test_both_substation_busbars_have_bays(layers, bays):
    main = layers["mv_trafo"][layers["mv_trafo"]["vn_hv_kv"] == 110.0]
    assert set(bays.index[bays["bus_kind"] == "substation_busbar"]) == set(main["lv_bus"])


def test_bays_in_use_are_lines_and_transformers_at_the_bus(bays):
    # mv/80: three lines and one transformer; mv/119 is left unknown.
    assert bays.loc[80, "bays_total"] - bays.loc[80, "bays_spare"] == 4
    assert 119 not in bays.index


def test_columns_are_the_fields_of_an_application(applications, heat_pumps):
    names = list(Application.__dataclass_fields__)
    assert list(applications[0]) == names
    assert list(heat_pumps[0]) == names


def test_all_kinds_and_classes_ask(applications):
    assert {row["kind"] for row in applications} == {kind.value for kind in ApplicationKind}
    assert {row["importance"] for row in applications} == {level.value for level in Importance}
    demands = [float(row["demand_kva"]) for row in applications]
    assert (min(demands), max(demands)) == (3.7, 2000.0)
    assert 55 <= len(applications) <= 70


def test_references_are_unique_and_rows_are_marked_synthetic(applications, heat_pumps):
    rows = applications + heat_pumps
    assert len({row["reference"] for row in rows}) == len(rows)
    assert {row["synthetic"] for row in rows} == {"true"}


def test_no_site_is_used_twice(applications, heat_pumps):
    sites = Counter((row["lon"], row["lat"]) for row in applications + heat_pumps)
    assert max(sites.values()) == 1


def test_house_applications_stand_at_their_bus(layers, applications, heat_pumps):
    rows = [row for row in applications + heat_pumps if row["existing_bus_id"]]
    houses = layers["customer"].assign(bus_id="lv/" + layers["customer"]["bus"].astype(str))
    expected = houses.set_index("bus_id").geometry.loc[[row["existing_bus_id"] for row in rows]]
    assert shapely.distance(points_of(rows), expected.to_numpy()).max() < 0.02


def test_new_sites_stand_on_open_ground_near_mains(applications, buildings, mains):
    points = points_of([row for row in applications if not row["existing_bus_id"]])
    assert distance_to(points, buildings.geometry.to_numpy()).min() > 5.9
    assert distance_to(points, mains).min() > 7.9
    assert distance_to(points, mains).max() < 150.0


def test_demo_customer_of_630_kva_has_a_spare_bay_and_a_cable_near(layers, applications):
    rows = [row for row in applications if row["demand_kva"] == "630"]
    station = layers["mv_bus"].set_index("idx").geometry.loc[80]
    (point,) = points_of(rows)
    assert point.distance(station) < 250.0
    assert distance_to(np.array([point]), layers["mv_line"].geometry.to_numpy())[0] < 100.0


def test_applications_sit_in_the_zones_of_the_demo(layers, applications):
    zone = layers["lv_bus"].set_index("idx")["zone"]
    asked = [row["existing_bus_id"] for row in applications if row["existing_bus_id"]]
    zones = Counter(zone.loc[[int(bus_id.removeprefix("lv/")) for bus_id in asked]])
    assert zones["T_idx_35"] >= 5
    assert zones["T_idx_ZUSATZ"] == 1
    assert zones["T_idx_119"] >= 1


def test_every_heat_pump_of_the_source_asks_once(layers, heat_pumps):
    assert {row["reference"] for row in heat_pumps} == set(layers["hp_application"]["name"])
    assert len(heat_pumps) == 1251


def test_heat_pump_nameplate_leads_back_to_the_published_load(heat_pumps):
    eu = load_catalogue("eu")
    ratio = eu.coincidence("heat_pump", "transformer", "load")
    for row in heat_pumps:
        active_kw = float(row["demand_kva"]) * float(row["power_factor"]) * ratio
        assert active_kw == pytest.approx(1.0, abs=0.001)


def test_timeline_of_heat_pumps_grows(heat_pumps):
    days = [datetime.date.fromisoformat(row["applied_on"]) for row in heat_pumps]
    assert days == sorted(days)
    first_year = sum(day.year == 2024 for day in days)
    assert 0 < first_year < len(days) - first_year
