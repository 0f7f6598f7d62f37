"""Shapes as they go into tiles, and polygons that are kept for a while."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import shapely

from api.density_areas import AreaStore
from api.density_tiles import shown_cells, shown_gap, web_shapes
from api.shape_cache import ShapeCache
from gisplan.errors import UnknownElementError
from gisplan.export.capacity_gap_classes import CLASSES
from gisplan.export.density_classes import NO_DATA_COLOUR
from gisplan.services.capacity_gap import GapAnswer
from tests.unit.export.surfaces import X_M, Y_M
from tests.unit.export.test_capacity_gap_picture import answer_of
from tests.unit.export.test_shape_picture import cells
from tests.unit.ingest.test_area_upload import BOX, sent


def answer(values: list[float]):
    found = cells(values)
    return type(found)(
        facts={**found.facts, "point_count": 2, "total": 5.0}, notes=("mind",), tables=found.tables
    )


def tile_of(shape: shapely.Geometry, zoom: int) -> tuple[int, int, int]:
    half_m = np.pi * 6_378_137.0
    middle = shapely.centroid(shape)
    side_m = 2 * half_m / 2**zoom
    return zoom, int((middle.x + half_m) // side_m), int((half_m - middle.y) // side_m)


def test_unknown_is_left_out_of_properties_and_grey():
    (layer,) = shown_cells(answer([np.nan, 9.0])).layers
    found = layer.in_tile(*tile_of(layer.shape[0], 12))
    first, second = map(json.loads, found.properties)
    assert found.layer == "cell"
    assert (first["density_kva_per_km2"], first["class"], first["colour"]) == (
        None,
        0,
        NO_DATA_COLOUR,
    )
    assert second["density_kva_per_km2"] == 9.0
    assert second["class"] > 0


def test_tile_holds_only_what_lies_in_it():
    (layer,) = shown_cells(answer([1.0] * 50)).layers
    zoom, column, row = tile_of(layer.shape[0], 15)
    near = layer.in_tile(zoom, column, row)
    assert 0 in near.numbers
    assert 0 < len(near.numbers) < 50
    assert list(near.numbers) == sorted(near.numbers)
    assert not layer.in_tile(zoom, 0, 0).numbers


def test_tile_of_too_many_shapes_has_one_feature_a_class(monkeypatch):
    monkeypatch.setattr("api.density_tiles.FEATURES_MAX", 3)
    table = cells([1.0, 1.0, 1.0, 90.0, np.nan]).tables[0]
    codes, colours = np.array([1, 1, 1, 2, 0], np.uint8), ("#bdbdbd", "#ffffff", "#800000")
    areas = web_shapes(table, codes, colours)
    tile = tile_of(areas.shape[0], 12)
    found = areas.in_tile(*tile)
    assert [json.loads(one) for one in found.properties] == [
        {"class": code, "colour": colour} for code, colour in enumerate(colours)
    ]
    joined = shapely.from_wkb(found.wkb)
    assert shapely.get_num_interior_rings(joined[1]) == 0
    assert shapely.area(joined).sum() == pytest.approx(shapely.area(areas.shape).sum())
    monkeypatch.setattr("api.density_tiles.SHAPES_MAX", 1)
    assert [json.loads(one)["class"] for one in areas.in_tile(*tile).properties] == [2]
    monkeypatch.undo()
    monkeypatch.setattr("api.density_tiles.FEATURES_MAX", 3)
    for make in (shapely.boundary, shapely.centroid):
        changed = replace(table, shape=make(table.shape))
        kinds = web_shapes(changed, codes, colours).in_tile(*tile)
        assert len(kinds.wkb) == 3


def test_shape_too_small_for_the_grid_of_a_tile_is_left_out_and_a_point_never():
    (layer,) = shown_cells(answer([1.0])).layers
    assert not layer.in_tile(*tile_of(layer.shape[0], 2)).numbers
    table = cells([1.0], [shapely.Point(X_M, Y_M)]).tables[0]
    dots = web_shapes(table, np.array([1], np.uint8), ("#000000", "#ffffff"))
    assert dots.in_tile(*tile_of(dots.shape[0], 2)).numbers == [0]


def test_no_shapes_are_an_empty_tile():
    shown = shown_cells(answer([]))
    assert [len(one.in_tile(0, 0, 0).numbers) for one in shown.layers] == [0]
    assert shown.legend.notes == ["mind"]


def test_capacity_gap_has_areas_and_elements_by_class():
    gap = GapAnswer(tables=answer_of(2), back_tests=())
    shown = shown_gap(gap)
    assert [one.table.element_kind for one in shown.layers] == ["supply_area", "transformer"]
    areas = shown.layers[0]
    found = areas.in_tile(*tile_of(areas.shape[0], 12))
    colours = [json.loads(one)["colour"] for one in found.properties]
    assert colours == [CLASSES[2][1], CLASSES[-1][1]]
    assert [one.text for one in shown.legend.classes] == [text for text, _ in CLASSES]


def test_layer_of_an_asking_stays_and_another_ages():
    now, made = [0.0], []
    cache = ShapeCache(clock=lambda: now[0])

    def ask(asking: int) -> int:
        def make():
            made.append(asking)
            return shown_cells(answer([1.0]))

        cache.get("question", asking, make, lambda *_: None)
        return len(made)

    assert (ask(0), ask(0), ask(7)) == (1, 1, 2)
    now[0] = 1000.0
    assert (ask(7), ask(0)) == (2, 3)


def test_polygons_are_found_again_in_the_same_crs_only():
    store = AreaStore()
    kept = store.keep(sent(BOX), srid=25832)
    assert store.keep(sent(BOX), srid=25832) == kept
    assert len(store.get(kept.areas, srid=25832)) == kept.count == 1
    with pytest.raises(UnknownElementError, match="send them again"):
        store.get(kept.areas, srid=25833)


@pytest.mark.parametrize("store", [AreaStore(sets_max=2), AreaStore(corners_max=11)])
def test_polygons_not_asked_for_longest_make_room(store):
    names = [
        store.keep(sent(shapely.affinity.translate(BOX, step / 100)), srid=25832).areas
        for step in range(2)
    ]
    store.get(names[0], srid=25832)
    store.keep(sent(shapely.affinity.translate(BOX, 0.05)), srid=25832)
    assert len(store.get(names[0], srid=25832)) == 1
    with pytest.raises(UnknownElementError):
        store.get(names[1], srid=25832)
