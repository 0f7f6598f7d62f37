"""A grid of four buses as a planner's GeoPackage would hold it, with German column names.

    knoten 1 (20 kV, infeed) --kabel 10, 100 m-- 2 --station T1-- 3 (0.4 kV) --kabel 11, 50 m-- 4

Each test changes what it is about: one value, one row, one line of the mapping.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
from shapely import LineString, Point

SRID = 25832

# Small files are written by the hundred; none of them has to survive a power cut.
pyogrio.set_gdal_config_options({"OGR_SQLITE_SYNCHRONOUS": "OFF"})
X, Y = 417_000.0, 5_368_000.0

Rows = list[dict[str, object]]


def place(x: float, y: float) -> Point:
    """Point beside the origin of the small grid."""
    return Point(X + x, Y + y)


def path(*xy: tuple[float, float]) -> LineString:
    """Line beside the origin of the small grid."""
    return LineString([(X + x, Y + y) for x, y in xy])


NODES: Rows = [
    {"nr": 1, "kv": 20.0, "art": "UW", "geometry": place(0, 0)},
    {"nr": 2, "kv": 20.0, "art": "ST", "geometry": place(100, 0)},
    {"nr": 3, "kv": 0.4, "art": "ST", "geometry": place(100, 0)},
    {"nr": 4, "kv": 0.4, "art": "HA", "geometry": place(150, 0)},
]
CABLES: Rows = [
    {"nr": 10, "von": 1, "nach": 2, "laenge_km": 0.1, "typ": "NA2XS2Y", "r": 0.2, "x": 0.12,
     "strom_a": 300.0, "geometry": path((0, 0), (100, 0))},
    {"nr": 11, "von": 3, "nach": 4, "laenge_km": 0.05, "typ": "NAYY", "r": 0.3, "x": 0.08,
     "strom_a": 200.0, "geometry": path((100, 0), (150, 0))},
]  # fmt: skip
STATIONS: Rows = [
    {"nr": "T1", "os": 2, "us": 3, "kva": 400.0, "uk": 6.0, "ur": 1.4, "stufe": 0,
     "geometry": place(100, 0)},
]  # fmt: skip
SWITCHES: Rows = [{"nr": 5, "knoten": 1, "kabel": 10, "stellung": "ein", "geometry": place(0, 0)}]
METERS: Rows = [{"nr": 7, "knoten": 4, "kw": 2.1, "kvar": 0.1, "geometry": place(150, 0)}]

LAYERS: Mapping[str, Rows] = {
    "knoten": NODES,
    "kabel": CABLES,
    "station": STATIONS,
    "schalter": SWITCHES,
    "zaehler": METERS,
}

MAPPING = """
name = "small grid"

[conductors.NA2XS2Y]
[conductors.NAYY]

[radial]
below_v = 1000

[[bus]]
layer = "knoten"
bus_id = "nr"
nominal_voltage_v = { column = "kv", factor = 1000 }
bus_kind = { column = "art", values = { UW = "substation_busbar", ST = "joint", HA = "customer" } }

[[line]]
layer = "kabel"
line_id = "nr"
from_bus_id = "von"
to_bus_id = "nach"
length_m = { column = "laenge_km", factor = 1000 }
resistance_ohm_per_km = "r"
reactance_ohm_per_km = "x"
rated_current_a = "strom_a"
conductor_type = "typ"
installation = { value = "cable" }

[[transformer]]
layer = "station"
transformer_id = "nr"
hv_bus_id = "os"
lv_bus_id = "us"
rated_power_kva = "kva"
hv_voltage_v = 20000
lv_voltage_v = 400
short_circuit_voltage_pct = "uk"
short_circuit_resistance_pct = "ur"
tap_neutral = 0
tap_position = "stufe"

[[switch]]
layer = "schalter"
switch_id = "nr"
bus_id = "knoten"
element_kind = { value = "line" }
element_id = "kabel"
closed = { column = "stellung", values = { ein = true, aus = false } }

[[source]]
layer = "knoten"
where = "art = 'UW'"
source_id = "nr"
bus_id = "nr"
voltage_pu = 1.0

[[load]]
layer = "zaehler"
load_id = "nr"
bus_id = "knoten"
active_power_kw = "kw"
reactive_power_kvar = "kvar"
customer_class = { value = "household" }
customer_count = 1
"""


def change(rows: Rows, row: int, **values: object) -> Rows:
    """Rows with some values of one row changed."""
    return [{**old, **values} if number == row else old for number, old in enumerate(rows)]


HOUSES = """
[[obstacle]]
layer = "haus"
obstacle_id = "nr"
obstacle_kind = { value = "building" }
"""

HEAT_PUMPS = """
[[load]]
layer = "zaehler"
load_id = { column = "nr", format = "pumpe/{}" }
bus_id = "knoten"
active_power_kw = 1.0
reactive_power_kvar = 0.1
customer_class = { value = "heat_pump" }
customer_count = 1
"""


def write_source(
    folder: Path, *, srid: int = SRID, name: str = "netz.gpkg", **layers: Rows
) -> Path:
    """Write the small grid, with some layers given otherwise; returns the GeoPackage."""
    target = folder / name
    for layer, rows in {**LAYERS, **layers}.items():
        frame = gpd.GeoDataFrame(pd.DataFrame(rows), geometry="geometry", crs=SRID)
        frame.to_crs(srid).to_file(target, layer=layer, driver="GPKG")
    return target


def write_mapping(folder: Path, text: str = MAPPING) -> Path:
    """Write a mapping beside the source."""
    target = folder / "zuordnung.toml"
    target.write_text(text, encoding="utf-8")
    return target


def replaced(old: str, new: str, text: str = MAPPING) -> str:
    """Mapping with one piece of text changed, which must be there exactly once."""
    assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in the mapping"
    return text.replace(old, new)
