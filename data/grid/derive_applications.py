"""Synthetic applications: a file of wishes gets places, the source's heat pumps get dates.

The file of wishes says where: ``house`` (without a heat pump application) or ``plot`` (open ground
beside a main) of a transformer zone, or ``field`` (open ground beside a line) of an MV bus.
"""

from __future__ import annotations

import csv
import datetime
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from pyproj import Transformer
from region import SRID, Region, Shapes

from gisplan.model.application import Application, ApplicationKind, Importance
from gisplan.model.grid import Flags, Floats

FIRST_DAY = datetime.date(2024, 1, 1)
DAYS = 731
HEAT_PUMP_KVA, HEAT_PUMP_POWER_FACTOR = 9.0, 0.995


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asks for, and where: at a house, on a plot in town, or in a field.

    ``place`` is a transformer zone for ``house`` and ``plot``, an MV bus for ``field``. The row
    holds the columns of the application as text.
    """

    where: str
    place: str
    row: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place that an application may take; ``bus_id`` where a service is there already."""

    point: shapely.Point
    bus_id: str | None


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


def read_wishes(path: Path) -> list[Wish]:
    """Read the wishes, each as often as its count says; the story is for the reader."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        Wish(where=row["where"], place=row["place"], row=row)
        for row in rows
        for _ in range(int(row["count"]))
    ]


def derive_applications(
    region: Region, buildings: gpd.GeoDataFrame, wishes: Sequence[Wish]
) -> list[Application]:
    """Give every wish its place; no two of them share one, and no heat pump asks twice."""
    buses = {wish.place for wish in wishes if wish.where == "field"}
    free = {
        "house": _houses(region),
        "plot": _plots(region, buildings),
        "field": _fields(region, buildings, buses),
    }
    applications = []
    for number, wish in enumerate(wishes):
        spots = free[wish.where][wish.place]
        spot = spots.pop(len(spots) // 3)
        applications.append(_application(number + 1, wish.row, spot, number * DAYS // len(wishes)))
    return applications


def _application(number: int, row: dict[str, str], spot: Spot, day: int) -> Application:
    lon, lat = _lon_lat([spot.point])[0]
    return Application(
        reference=f"S-{number:04d}",
        lon=lon,
        lat=lat,
        kind=ApplicationKind(row["kind"]),
        demand_kva=float(row["demand_kva"]),
        customer_class=row["customer_class"],
        installed_power_kw=_number(row["installed_power_kw"]),
        transformer_unit_kva=_number(row["transformer_unit_kva"]),
        expected_maximum_demand_kw=_number(row["expected_maximum_demand_kw"]),
        power_factor=float(row["power_factor"]),
        phases=int(row["phases"]) if row["phases"] else None,
        largest_motor_kw=_number(row["largest_motor_kw"]),
        steps_per_hour=_number(row["steps_per_hour"]),
        importance=Importance(row["importance"]),
        existing_bus_id=spot.bus_id,
        applied_on=_day(day),
        wanted_on=_day(day + 180),
        synthetic=True,
    )


def _number(text: str) -> float | None:
    return float(text) if text else None


def _houses(region: Region) -> dict[str, list[Spot]]:
    """Houses of each zone that no heat pump was asked for."""
    asked = region.customers["bus"].isin(region.heat_pumps["bus"])
    return {
        zone: [
            Spot(point=point, bus_id=f"lv/{bus}")
            for point, bus in zip(rows.geometry, rows["bus"], strict=True)
        ]
        for zone, rows in region.customers[~asked].groupby("zone")
    }


def _plots(region: Region, buildings: gpd.GeoDataFrame) -> dict[str, list[Spot]]:
    """Open ground beside a main of each zone, on a lattice of 20 m, clear of houses and mains."""
    mains = region.lv_mains.geometry.to_numpy()
    lattice = _lattice(region.lv_mains.total_bounds, 20.0)
    nearest = shapely.STRtree(mains).nearest(lattice)
    to_main_m = shapely.distance(lattice, mains[nearest])
    kept = (to_main_m <= 30.0) & _is_clear(lattice, region, buildings)
    zones = region.lv_mains["zone"].to_numpy()[nearest]
    return {zone: _spots(lattice[kept & (zones == zone)]) for zone in sorted(set(zones))}


def _fields(
    region: Region, buildings: gpd.GeoDataFrame, buses: Iterable[str]
) -> dict[str, list[Spot]]:
    """Open ground 20 to 120 m away from the MV lines around a bus, the nearest to it first."""
    lines = region.mv_lines.geometry.to_numpy()
    places = {}
    for bus in sorted(buses):
        station = region.mv_buses.geometry.loc[int(bus)]
        lattice = _lattice(station.buffer(300.0).bounds, 40.0)
        to_line_m = _distance_to(lattice, lines)
        kept = (to_line_m >= 20.0) & (to_line_m <= 120.0) & _is_clear(lattice, region, buildings)
        near = lattice[kept]
        places[bus] = _spots(near[np.argsort(shapely.distance(near, station), kind="stable")])
    return places


def _is_clear(points: Shapes, region: Region, buildings: gpd.GeoDataFrame) -> Flags:
    to_house_m = _distance_to(points, buildings.geometry.to_numpy())
    return (to_house_m >= 6.0) & (_distance_to(points, region.mains) >= 8.0)


def _spots(points: Iterable[shapely.Point]) -> list[Spot]:
    return [Spot(point=point, bus_id=None) for point in points]


def _lattice(bounds: Iterable[float], step_m: float) -> Shapes:
    left, bottom, right, top = bounds
    x, y = np.meshgrid(np.arange(left, right, step_m), np.arange(bottom, top, step_m))
    points: Shapes = np.asarray(shapely.points(np.round(np.column_stack([x.ravel(), y.ravel()]))))
    return points


def _distance_to(points: Shapes, shapes: Shapes) -> Floats:
    return shapely.distance(points, shapes[shapely.STRtree(shapes).nearest(points)])


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
