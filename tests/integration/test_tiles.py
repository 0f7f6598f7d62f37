from __future__ import annotations

import mapbox_vector_tile
import pytest

from gisplan.errors import InputError, NoGridError, UnknownElementError
from gisplan.export.plan_document import plan_to_json
from gisplan.store.applications import reserve, save_application, save_plan
from gisplan.store.connection import connect
from gisplan.store.tiles import (
    ElementKind,
    TileLayer,
    find_active_version,
    get_element,
    get_grid_summary,
    get_tile,
)
from tests.web.applications import APPLICATION, ROW, build_plan
from tests.web.tiny_grid import insert_tiny_grid

TILE_OF_THE_STREET = {
    9: (267, 177),
    13: (4275, 2832),
    14: (8551, 5664),
    15: (17102, 11328),
    16: (34205, 22656),
}


@pytest.fixture
def connection(database_url):
    insert_tiny_grid(database_url)
    with connect(database_url, autocommit=True) as connection:
        yield connection


def features(connection, layer, zoom):
    column, row = TILE_OF_THE_STREET[zoom]
    tile = get_tile(connection, layer, zoom=zoom, column=column, row=row)
    return mapbox_vector_tile.decode(tile).get(layer, {"features": []})["features"]


def names(connection, layer, zoom):
    found = features(connection, layer, zoom)
    return {each["properties"][f"{layer}_id"] for each in found}


def test_services_appear_later_than_mains(connection):
    assert names(connection, TileLayer.LINE, 9) == set()
    assert names(connection, TileLayer.LINE, 13) == {"main 1"}
    assert names(connection, TileLayer.LINE, 15) == {"main 1", "service 1"}


def test_line_carries_its_voltage(connection):
    (main,) = features(connection, TileLayer.LINE, 14)
    assert main["properties"]["nominal_voltage_v"] == 400
    assert main["geometry"]["type"] == "LineString"


def test_buses_appear_by_their_weight(connection):
    assert names(connection, TileLayer.BUS, 13) == {"mv/1"}
    assert names(connection, TileLayer.BUS, 14) == {"mv/1", "lv/1", "lv/2"}
    assert names(connection, TileLayer.BUS, 16) == {"lv/3"}


@pytest.mark.parametrize(
    ("layer", "element_id"),
    [
        (TileLayer.TRANSFORMER, "T/1"),
        (TileLayer.CORRIDOR, "street 1"),
        (TileLayer.OBSTACLE, "house 1"),
    ],
)
def test_layer_shows_its_element_when_near_and_not_from_far(connection, layer, element_id):
    assert names(connection, layer, 14) == {element_id}
    assert names(connection, layer, 9) == set()


def test_everything_is_empty_elsewhere(connection):
    for layer in TileLayer:
        assert get_tile(connection, layer, zoom=14, column=0, row=0) == b""


def test_application_is_a_point_with_its_status(connection):
    save_application(connection, APPLICATION)
    (point,) = features(connection, TileLayer.APPLICATION, 14)
    assert point["properties"]["reference"] == "A-1"
    assert point["properties"]["status"] == "received"


def test_route_is_shown_once_its_capacity_is_held(connection):
    application_id = save_application(connection, APPLICATION)
    plan = build_plan(find_active_version(connection) or 0)
    keys = {"application_id": application_id}
    document = plan_to_json(plan).decode()
    keys["plan_id"] = save_plan(connection, **keys, plan=plan, document=document)
    assert features(connection, TileLayer.OPTION, 13) == []
    reserve(connection, **keys, rows=[ROW])
    (route,) = features(connection, TileLayer.OPTION, 13)
    assert (route["properties"]["rank"], route["geometry"]["type"]) == (1, "LineString")


@pytest.mark.parametrize("place", [(17, 0, 0), (-1, 0, 0), (3, 8, 0), (3, 0, -1)])
def test_tile_outside_the_pyramid_is_refused(connection, place):
    zoom, column, row = place
    with pytest.raises(InputError, match="does not exist"):
        get_tile(connection, TileLayer.LINE, zoom=zoom, column=column, row=row)


def test_summary_counts_and_bounds_the_active_version(connection):
    summary = get_grid_summary(connection)
    assert (summary.bus_count, summary.line_count, summary.transformer_count) == (4, 2, 1)
    assert summary.west == pytest.approx(7.89229, abs=1e-5)
    assert summary.north == pytest.approx(48.45541, abs=1e-5)
    assert summary.warning_count == 2


def test_without_a_grid_there_is_no_summary(database_url):
    with connect(database_url) as connection, pytest.raises(NoGridError, match="gisplan load"):
        get_grid_summary(connection)


@pytest.mark.parametrize(
    ("kind", "element_id", "attribute", "value"),
    [
        (ElementKind.BUS, "lv/3", "load_kw", 2.1),
        (ElementKind.LINE, "main 1", "rated_current_a", 270),
        (ElementKind.TRANSFORMER, "T/1", "rated_power_kva", 400),
        (ElementKind.CORRIDOR, "street 1", "surface", "asphalt"),
        (ElementKind.OBSTACLE, "house 1", "cost_factor", None),
    ],
)
def test_element_tells_its_attributes(connection, kind, element_id, attribute, value):
    assert get_element(connection, kind, element_id)[attribute] == value


@pytest.mark.parametrize("element_id", ["T/2", "T/1' or '1'='1", "", "T/1; drop table grid.line"])
def test_id_that_is_no_id_is_unknown(connection, element_id):
    with pytest.raises(UnknownElementError, match="not in the active grid version"):
        get_element(connection, ElementKind.TRANSFORMER, element_id)


def test_id_that_no_text_column_can_hold_is_refused(connection):
    with pytest.raises(InputError, match="reading an element"):
        get_element(connection, ElementKind.BUS, "lv\x001")
