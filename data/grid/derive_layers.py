"""Derive the synthetic layers and applications of the sample region from its published grid.

Run as ``python data/grid/derive_layers.py [FOLDER]``; the same input gives the same files. All that
is written is synthetic and says so in its columns; nothing is taken from records.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
from derive_applications import derive_applications, derive_heat_pumps, read_wishes
from derive_buildings import derive_buildings
from region import SRID, Region, read_region

from gisplan.model.application import Application

HERE = Path(__file__).parent
SOURCE = "schutterwald_oberrhein_25832.gpkg"
DERIVED = "derived_25832.gpkg"
WISHES = "application_wishes.csv"

# Spare bays by MV bus: half of the town's stations and both substation busbars.
SPARE_BAYS = {80: 2, 35: 0, 77: 1, 47: 1, 81: 1, 71: 1, 43: 1, 39: 2, 319: 1}
SWITCHING_STATIONS = frozenset({81})


def derive_bays(region: Region) -> gpd.GeoDataFrame:
    """Count the bays in use at the chosen MV buses and add the synthetic spare ones."""
    ends = region.mv_lines[["from_bus", "to_bus"]].to_numpy().ravel()
    windings = region.transformers[["hv_bus", "lv_bus"]].to_numpy().ravel()
    buses = sorted(SPARE_BAYS)
    used = [int(np.sum(ends == bus) + np.sum(windings == bus)) for bus in buses]
    columns = {
        "mv_bus": buses,
        "bus_kind": [_bus_kind(bus, region.transformers) for bus in buses],
        "bays_total": [n + SPARE_BAYS[bus] for bus, n in zip(buses, used, strict=True)],
        "bays_spare": [SPARE_BAYS[bus] for bus in buses],
        "synthetic": True,
        "derived_from": "lines and transformers at the bus plus an invented number of spare bays",
    }
    return gpd.GeoDataFrame(
        columns, geometry=region.mv_buses.geometry.loc[buses].to_numpy(), crs=SRID
    )


def _bus_kind(bus: int, transformers: gpd.GeoDataFrame) -> str:
    main = transformers[transformers["vn_hv_kv"] > 50]
    if bus in set(main["lv_bus"]):
        return "substation_busbar"
    return "switching_station" if bus in SWITCHING_STATIONS else "ring_main_unit"


def write_layers(path: Path, layers: dict[str, gpd.GeoDataFrame]) -> None:
    """Write a GeoPackage with a fixed date inside, so that it is the same file every time."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2024-01-01T00:00:00.000Z"})
    path.unlink(missing_ok=True)
    for name, frame in layers.items():
        frame.to_file(path, layer=name, driver="GPKG")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def write_applications(path: Path, applications: Iterable[Application]) -> None:
    """Write applications with the fields of the model as columns; unknown is an empty cell."""
    names = [field.name for field in fields(Application)]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for application in applications:
            writer.writerow([_cell(getattr(application, name)) for name in names])


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def main(folder: Path) -> None:
    """Write all derived files into a folder."""
    region = read_region(HERE / SOURCE)
    buildings = derive_buildings(region)
    bays = derive_bays(region)
    applications = derive_applications(region, buildings, read_wishes(HERE / WISHES))
    heat_pumps = derive_heat_pumps(region)
    write_layers(folder / DERIVED, {"building": buildings, "bay": bays})
    write_applications(folder / "applications.csv", applications)
    write_applications(folder / "heat_pumps.csv", heat_pumps)
    sys.stdout.write(
        f"{len(buildings)} buildings, {len(bays)} stations with bays, "
        f"{len(applications)} applications, {len(heat_pumps)} heat pumps\n"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
