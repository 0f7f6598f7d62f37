"""Derive the synthetic layers and applications of the sample region from its published grid.

Run as ``python data/grid/derive_layers.py``; the same input gives the same files. Everything that
is written here is synthetic and says so in its columns; nothing is taken from records.
"""

from __future__ import annotations

import csv
import datetime
import hashlib
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import product
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from pyproj import Transformer

from gisplan.model.application import Application, ApplicationKind, Importance

FOLDER = Path(__file__).parent
SOURCE = "schutterwald_oberrhein_25832.gpkg"
DERIVED = "derived_25832.gpkg"
SRID = 25832

HOUSE_LENGTH_M, HOUSE_WIDTH_M = 12.0, 10.0
SETBACK_M = 1.5
"""Distance that a wall keeps from mains and from the middle between two houses, if there is room."""

SPARE_BAYS = {80: 2, 35: 0, 77: 1, 47: 1, 81: 1, 71: 1, 43: 1, 39: 2, 319: 1}
"""Spare bays by MV bus: half of the town's stations and both substation busbars."""
SWITCHING_STATIONS = frozenset({81})

FIRST_DAY = datetime.date(2024, 1, 1)
DAYS = 731

HEAT_PUMP_KVA, HEAT_PUMP_POWER_FACTOR = 9.0, 0.995


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """What the derivation reads of the sample region."""

    customers: gpd.GeoDataFrame
    heat_pumps: gpd.GeoDataFrame
    mv_buses: gpd.GeoDataFrame
    mv_lines: gpd.GeoDataFrame
    transformers: gpd.GeoDataFrame
    lv_mains: gpd.GeoDataFrame
    gas_mains: gpd.GeoDataFrame

    @property
    def mains(self) -> np.ndarray:
        """Geometry of all mains: evidence of streets, and what no house may stand on."""
        layers = (self.lv_mains, self.gas_mains, self.mv_lines)
        return np.concatenate([layer.geometry.to_numpy() for layer in layers])


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asks for, and where: at a house, on a plot in town, or in a field.

    ``place`` is a transformer zone for ``house`` and ``plot``, an MV bus for ``field``.
    """

    kind: str
    customer_class: str
    demand_kva: float
    where: str
    place: str
    importance: str = "ordinary"
    phases: int | None = None
    power_factor: float = 0.95
    installed_power_kw: float | None = None
    transformer_unit_kva: float | None = None
    expected_maximum_demand_kw: float | None = None
    count: int = 1


def read_region(source: Path) -> Region:
    """Read the published layers; every bus of the LV file knows its transformer zone."""
    layer = {name: gpd.read_file(source, layer=name) for name, _ in pyogrio.list_layers(source)}
    zone_of = layer["lv_bus"].set_index("idx")["zone"]
    mains = layer["lv_line"][layer["lv_line"]["std_type"].str.startswith("NAYY 4x150")]
    return Region(
        customers=layer["customer"].assign(zone=layer["customer"]["bus"].map(zone_of)),
        heat_pumps=layer["hp_application"],
        mv_buses=layer["mv_bus"].set_index("idx"),
        mv_lines=layer["mv_line"],
        transformers=layer["mv_trafo"],
        lv_mains=mains.assign(zone=mains["from_bus"].map(zone_of)),
        gas_mains=layer["gas_main"],
    )


# --- buildings ---------------------------------------------------------------------------------


def derive_buildings(region: Region) -> gpd.GeoDataFrame:
    """Put a footprint around every house, along the nearest main, clear of mains and neighbours."""
    houses = region.customers.geometry.to_numpy()
    mains = region.mains
    tree = shapely.STRtree(mains)
    room = _room_of_houses(houses, mains, tree)
    street = mains[tree.nearest(houses)]
    shapes = [_footprint(*house) for house in zip(houses, street, room, strict=True)]
    columns = {
        "building_id": [name.removeprefix("HH_") for name in region.customers["name"]],
        "lv_bus": region.customers["bus"].to_numpy(),
        "obstacle_kind": "building",
        "footprint_area_m2": np.round(shapely.area(shapes), 1),
        "synthetic": True,
        "derived_from": "house point, turned along the nearest main; not a surveyed building",
    }
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=SRID)


def _room_of_houses(
    houses: np.ndarray, mains: np.ndarray, tree: shapely.STRtree
) -> list[shapely.Geometry]:
    """Polygon around each house that is nearer to it than to any other and clear of mains.

    Cells of a Voronoi diagram do not overlap, so neither do footprints, in whatever order they
    are placed.
    """
    points = shapely.MultiPoint(houses)
    cells = np.array(shapely.voronoi_polygons(points, extend_to=points.buffer(100)).geoms)
    at, cell_of = shapely.STRtree(cells).query(houses, predicate="intersects")
    cell = cells[cell_of[np.argsort(at, kind="stable")]]
    room = []
    for house, own in zip(houses, cell, strict=True):
        near = mains[tree.query(house.buffer(20.0), predicate="intersects")]
        clearance_m = min(SETBACK_M, 0.5 * min(shapely.distance(house, near), default=SETBACK_M))
        margin_m = min(SETBACK_M / 2, 0.5 * house.distance(own.exterior))
        free = own.buffer(-margin_m).difference(shapely.union_all(near).buffer(clearance_m))
        room.append(next(part for part in shapely.get_parts(free) if part.intersects(house)))
    return room


def _footprint(
    house: shapely.Point, street: shapely.LineString, room: shapely.Geometry
) -> shapely.Polygon:
    """Largest rectangle of a set of sizes and shifts that holds the house and fits its room."""
    along = _direction(house, street)
    across = np.array([-along[1], along[0]])
    shifts = sorted(product((0.0, 0.2, -0.2, 0.4, -0.4, 0.49, -0.49), repeat=2), key=_shift_size)
    corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    shapely.prepare(room)
    for scale in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05):
        size = scale * np.array([HOUSE_LENGTH_M, HOUSE_WIDTH_M])
        local = (corners[None] + np.array(shifts)[:, None]) * size
        xy = np.array([house.x, house.y]) + local @ np.array([along, across])
        candidates = shapely.polygons(np.round(xy, 3))
        fitting = np.flatnonzero(shapely.covers(room, candidates))
        if len(fitting):
            return candidates[fitting[0]]
    raise ValueError(f"no footprint fits the house at {house.x:.1f}, {house.y:.1f}")


def _shift_size(shift: tuple[float, float]) -> tuple[float, float, float]:
    return abs(shift[0]) + abs(shift[1]), shift[0], shift[1]


def _direction(house: shapely.Point, street: shapely.LineString) -> np.ndarray:
    """Unit vector of the street's segment that is nearest to the house."""
    xy = shapely.get_coordinates(street)
    segments = shapely.linestrings(np.stack([xy[:-1], xy[1:]], axis=1))
    nearest = int(np.argmin(shapely.distance(segments, house)))
    step = xy[nearest + 1] - xy[nearest]
    return step / np.hypot(*step)


# --- bays --------------------------------------------------------------------------------------


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


# --- applications ------------------------------------------------------------------------------


def derive_heat_pumps(region: Region) -> list[Application]:
    """Turn every heat pump of the source into an application of 9 kVA, on a growing timeline."""
    order = np.argsort([_digest(name) for name in region.heat_pumps["name"]], kind="stable")
    rows = region.heat_pumps.iloc[order]
    places = _lon_lat(rows.geometry.to_numpy())
    # The square root makes the number of applications a day grow steadily from zero.
    days = (DAYS * np.sqrt((np.arange(len(rows)) + 0.5) / len(rows))).astype(int)
    return [
        Application(
            reference=name,
            lon=lon,
            lat=lat,
            kind=ApplicationKind.LOAD,
            demand_kva=HEAT_PUMP_KVA,
            customer_class="heat_pump",
            power_factor=HEAT_PUMP_POWER_FACTOR,
            existing_bus_id=f"lv/{bus}",
            applied_on=_day(day),
            wanted_on=_day(day + 90),
            synthetic=True,
        )
        for name, bus, (lon, lat), day in zip(
            rows["name"], rows["bus"], places, days.tolist(), strict=True
        )
    ]


def derive_applications(
    region: Region, buildings: gpd.GeoDataFrame, wishes: Sequence[Wish]
) -> list[Application]:
    """Give every wish its place; no two of them share one, and no heat pump asks twice."""
    asked = set(region.heat_pumps["bus"])
    houses = region.customers[~region.customers["bus"].isin(asked)]
    free = {
        "house": {zone: list(rows.itertuples()) for zone, rows in houses.groupby("zone")},
        "plot": _plots(region, buildings),
        "field": _fields(region, {wish.place for wish in wishes if wish.where == "field"}),
    }
    singles = [wish for wish in wishes for _ in range(wish.count)]
    applications = []
    for number, wish in enumerate(singles):
        spots = free[wish.where][wish.place]
        spot = spots.pop(len(spots) // 3)
        day = number * DAYS // len(singles)
        applications.append(_application(number + 1, wish, spot, day))
    return applications


def _application(number: int, wish: Wish, spot: object, day: int) -> Application:
    point = spot if isinstance(spot, shapely.Point) else spot.geometry  # type: ignore[attr-defined]
    bus_id = None if point is spot else f"lv/{spot.bus}"  # type: ignore[attr-defined]
    lon, lat = _lon_lat([point])[0]
    demand = asdict(wish)
    for key in ("where", "place", "count", "kind", "importance"):
        del demand[key]
    return Application(
        reference=f"S-{number:04d}",
        lon=lon,
        lat=lat,
        kind=ApplicationKind(wish.kind),
        importance=Importance(wish.importance),
        existing_bus_id=bus_id,
        applied_on=_day(day),
        wanted_on=_day(day + 180),
        synthetic=True,
        **demand,
    )


def _plots(region: Region, buildings: gpd.GeoDataFrame) -> dict[str, list[shapely.Point]]:
    """Open ground beside a main of each zone, on a lattice of 20 m, clear of houses and mains."""
    mains = region.lv_mains
    lattice = _lattice(mains.total_bounds, 20.0)
    tree = shapely.STRtree(mains.geometry.to_numpy())
    nearest = tree.nearest(lattice)
    to_main_m = shapely.distance(lattice, mains.geometry.to_numpy()[nearest])
    to_house_m = _distance_to(lattice, buildings.geometry.to_numpy())
    to_any_main_m = _distance_to(lattice, region.mains)
    kept = (to_main_m <= 30.0) & (to_any_main_m >= 8.0) & (to_house_m >= 6.0)
    zones = mains["zone"].to_numpy()[nearest]
    return {zone: list(lattice[kept & (zones == zone)]) for zone in sorted(set(zones))}


def _fields(region: Region, buses: Iterable[str]) -> dict[str, list[shapely.Point]]:
    """Open ground 20 to 120 m away from the MV lines around a bus outside the town."""
    places = {}
    for bus in sorted(buses):
        x_m, y_m = shapely.get_coordinates(region.mv_buses.geometry.loc[int(bus)])[0]
        lattice = _lattice((x_m - 300, y_m - 300, x_m + 300, y_m + 300), 40.0)
        to_line_m = _distance_to(lattice, region.mv_lines.geometry.to_numpy())
        places[bus] = list(lattice[(to_line_m >= 20.0) & (to_line_m <= 120.0)])
    return places


def _lattice(bounds: Iterable[float], step_m: float) -> np.ndarray:
    left, bottom, right, top = bounds
    x, y = np.meshgrid(np.arange(left, right, step_m), np.arange(bottom, top, step_m))
    return shapely.points(np.round(np.column_stack([x.ravel(), y.ravel()])))


def _distance_to(points: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    return shapely.distance(points, shapes[shapely.STRtree(shapes).nearest(points)])


# --- files -------------------------------------------------------------------------------------


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


def _lon_lat(points: Iterable[shapely.Point]) -> list[tuple[float, float]]:
    """Longitude and latitude (WGS 84) to 7 decimals, about a centimetre."""
    xy = shapely.get_coordinates(np.array(list(points)))
    transformer = Transformer.from_crs(SRID, 4326, always_xy=True)
    lon, lat = transformer.transform(xy[:, 0], xy[:, 1])
    return [(round(x, 7), round(y, 7)) for x, y in zip(lon.tolist(), lat.tolist(), strict=True)]


def _day(number: int) -> str:
    return (FIRST_DAY + datetime.timedelta(days=number)).isoformat()


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


WISHES = (
    # The stories that the demo tells: room, a full transformer, no supply, a large customer.
    Wish(
        kind="load",
        customer_class="heat_pump",
        demand_kva=9.0,
        power_factor=0.995,
        where="house",
        place="T_idx_119",
    ),
    Wish(
        kind="load",
        customer_class="heat_pump",
        demand_kva=9.0,
        power_factor=0.995,
        where="house",
        place="T_idx_35",
        count=3,
    ),
)


def main(folder: Path = FOLDER) -> None:
    """Write all derived files beside the source."""
    region = read_region(FOLDER / SOURCE)
    buildings = derive_buildings(region)
    layers = {"building": buildings, "bay": derive_bays(region)}
    applications = derive_applications(region, buildings, WISHES)
    heat_pumps = derive_heat_pumps(region)
    write_layers(folder / DERIVED, layers)
    write_applications(folder / "applications.csv", applications)
    write_applications(folder / "heat_pumps.csv", heat_pumps)
    sys.stdout.write(
        f"{len(buildings)} buildings, {len(layers['bay'])} stations with bays, "
        f"{len(applications)} applications, {len(heat_pumps)} heat pumps\n"
    )


if __name__ == "__main__":
    main()
