"""Rasters, classes and pictures of what connecting costs."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely

from gisplan.errors import InputError
from gisplan.export.cost_map_classes import (
    REFUSED_COLOUR,
    SCALE,
    UNKNOWN_COLOUR,
    cost_classes,
)
from gisplan.export.cost_map_file import check_cost_map_ending, needs_raster
from gisplan.export.cost_map_picture import CostMapLabels, raster_classes, write_cost_png
from gisplan.export.cost_map_raster import CostRaster, legend_path, write_cost_geotiff
from gisplan.export.electrical_table import ElementTable
from gisplan.model.grid import Polylines
from gisplan.planning.cost_map.node_costs import REASON_TEXTS, CostReason

REACHED, REFUSED, UNKNOWN = (
    CostReason.REACHED,
    CostReason.DROP_TOO_LARGE,
    CostReason.NO_CORRIDOR,
)


def raster() -> CostRaster:
    return CostRaster(
        cost=np.array([[1000.0, 2500.5], [np.nan, np.nan]]),
        access=np.array([[1, 0], [1, -1]]),
        reason=np.array([[REACHED, REACHED], [REFUSED, UNKNOWN]], dtype=np.uint8),
        reason_texts=tuple(REASON_TEXTS[one] for one in CostReason),
        x_min_m=417_000.0,
        y_max_m=5_367_000.0,
        cell_m=10.0,
        srid=25832,
        currency="EUR",
    )


def points() -> ElementTable:
    names = ("access_kind", "access_element_kind", "access_id", "access_name", "limiting_kind")
    return ElementTable(
        element_kind="access_point",
        columns={
            "access_point": np.arange(3),
            **{name: np.array([f"{name} {n}" for n in range(3)]) for name in names},
            "offset_m": np.array([np.nan, 12.5, 0.0]),
            "is_uncertain": np.array([False, True, False]),
            "limiting_id": np.array(["", "T1", ""]),
            "limiting_name": np.array(["", "Nord", ""]),
            "loading_max_ratio": np.array([np.nan, 0.97, np.nan]),
        },
        shape=np.array([shapely.Point(n, n) for n in range(3)], dtype=object),
        srid=25832,
    )


def test_geotiff_holds_cost_winner_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "map.tif"
    facts = {"demand_kva": 100.0, "direction": "load", "cost_median": None}
    write_cost_geotiff(raster(), points(), facts, path, on=date(2026, 1, 31))
    with rasterio.open(path) as file:
        bands = file.read()
        assert np.array_equal(bands[0], np.float32(raster().cost), equal_nan=True)
        assert np.array_equal(bands[1], [[1, 0], [np.nan, np.nan]], equal_nan=True)
        assert bands[2].tolist() == [[0, 0], [3, 4]]
        assert np.isnan(file.nodata)
        assert file.units == ("EUR", "1", "1")
        assert (file.crs.to_epsg(), file.transform.c, file.transform.f) == (25832, 417e3, 5367e3)
        tags = file.tags()
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    assert (tags["UNIT"], tags["DATE"], tags["DEMAND_KVA"]) == ("EUR", "2026-01-31", "100.0")
    assert "COST_MEDIAN" not in tags
    assert tags["REASON_3"] == REASON_TEXTS[CostReason.DROP_TOO_LARGE]


def test_legend_beside_the_raster_names_the_winners(tmp_path: Path) -> None:
    path = tmp_path / "map.tif"
    write_cost_geotiff(raster(), points(), {}, path)
    with legend_path(path).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["access_point"] for row in rows] == ["0", "1"]
    assert (rows[1]["access_id"], rows[1]["loading_max_ratio"]) == ("access_id 1", "0.97")
    assert rows[0]["loading_max_ratio"] == ""


def test_classes_have_round_limits_and_cover_every_amount() -> None:
    classes = cost_classes(np.geomspace(900.0, 120_000.0, 500))
    assert len(classes.edges) <= 7
    assert all(f"{edge:g}".strip("0.")[0] in "12357" for edge in classes.edges)
    assert len(classes.texts) == classes.count == len(classes.edges) + 1
    assert classes.texts[0].startswith("<")
    assert classes.texts[-1].startswith("≥")


def test_cheap_is_blue_dear_is_red_and_unknown_is_grey() -> None:
    classes = cost_classes(np.geomspace(900.0, 120_000.0, 500))
    assert (classes.colours[0], classes.colours[classes.count - 1]) == (SCALE[0], SCALE[-1])
    assert classes.colours[classes.refused] == REFUSED_COLOUR
    assert classes.colours[classes.unknown] == UNKNOWN_COLOUR


@pytest.mark.parametrize("cost", [[], [np.nan], [1000.0], [1234.5] * 9, [0.0, 0.0]])
def test_few_amounts_have_classes_too(cost: list[float]) -> None:
    classes = cost_classes(np.array(cost))
    assert classes.edges
    assert len(classes.colours) == classes.count + 2


def test_refused_and_unknown_cells_are_told_apart() -> None:
    classes = cost_classes(raster().cost)
    found = raster_classes(raster(), classes)
    assert found[1].tolist() == [classes.refused, classes.unknown]
    assert found[0].max() < classes.count


def test_picture_is_the_same_for_the_same_map(tmp_path: Path) -> None:
    line = np.array([[417_001.0, 5_366_990.0], [417_015.0, 5_366_985.0]])
    labels = CostMapLabels(
        title="What $1 costs",
        subtitle="400 V",
        notes=("a note " * 40,),
        on=date(2026, 1, 31),
        lines=Polylines(offset=np.array([0, 2]), xy_m=line),
    )
    for name in ("a.png", "b.png"):
        write_cost_png(raster(), tmp_path / name, labels)
    one, other = ((tmp_path / name).read_bytes() for name in ("a.png", "b.png"))
    assert one == other
    assert one.startswith(b"\x89PNG")


def test_ending_decides_and_others_are_refused() -> None:
    assert [needs_raster(Path(f"a.{end}")) for end in ("tif", "png", "html", "gpkg", "csv")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    check_cost_map_ending(Path("a.GPKG"))
    with pytest.raises(InputError, match="expected one of"):
        check_cost_map_ending(Path("a.pdf"))
