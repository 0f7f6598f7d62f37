"""Lines and areas as somebody draws them, with what a file may hold that is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely

from gisplan.errors import GisplanError, SourceError
from gisplan.ingest import areas
from gisplan.ingest.drawings import read_areas, read_line
from gisplan.ingest.parcels import read_parcel
from gisplan.ingest.terrain import read_terrain

X, Y = 417_400.0, 5_367_900.0
READERS: dict[str, Callable[[Path], object]] = {
    "line": read_line,
    "avoid": read_areas,
    "terrain": lambda path: read_terrain(path, srid=25832),
    "cells": lambda path: areas.read_areas(path, srid=25832),
    "parcel": read_parcel,
}


def drawn(folder: Path, shape: shapely.Geometry) -> Path:
    file = folder / "drawn.gpkg"
    with np.errstate(invalid="ignore"):
        geopandas.GeoDataFrame({"surface": ["verge"]}, geometry=[shape], crs=25832).to_file(file)
    return file


@pytest.mark.parametrize("reader", READERS)
def test_vertex_that_is_no_number_is_refused_in_one_sentence(tmp_path: Path, reader: str) -> None:
    places = [(X, Y), (np.nan, Y), (X + 5, Y + 5)]
    with np.errstate(invalid="ignore"):
        shape = shapely.LineString(places) if reader == "line" else shapely.Polygon(places)
        file = drawn(tmp_path, shape)
    with pytest.raises(GisplanError, match=r"finite|nan"):
        READERS[reader](file)


def test_area_that_crosses_itself_keeps_both_its_halves(tmp_path: Path) -> None:
    bow = shapely.Polygon([(X, Y), (X + 10, Y + 10), (X + 10, Y), (X, Y + 10)])
    (area,) = read_areas(drawn(tmp_path, bow))
    assert area.is_valid
    assert area.geom_type == "MultiPolygon"


def test_vertex_that_is_nowhere_on_earth_is_refused(tmp_path: Path) -> None:
    far = shapely.box(1e12, 1e12, 1e12 + 5, 1e12 + 5)
    with pytest.raises(SourceError, match=r"nowhere on earth; is its CRS .* right"):
        read_areas(drawn(tmp_path, far))
