"""Elements and buses joined by place: nearest bus, snapped line ends, joints where none is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely import STRtree

if TYPE_CHECKING:
    from gisplan.model.grid import Flags, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class BusIndex:
    """Buses that can be found by place or id; the arrays run parallel."""

    bus_id: np.ndarray
    points: np.ndarray
    nominal_voltage_v: Floats

    def find_nearest(
        self, places: np.ndarray, *, within_m: float, nominal_voltage_v: float | None = None
    ) -> np.ndarray:
        """Ids (``None`` where there is none) of the nearest bus to each place, of one voltage.

        Of buses equally near the one with the first id is taken.
        """
        chosen = np.full(len(places), None, dtype=object)
        usable = ~shapely.is_missing(self.points)
        if nominal_voltage_v is not None:
            usable &= np.isclose(self.nominal_voltage_v, nominal_voltage_v)
        rows = np.flatnonzero(usable)
        rows = rows[np.argsort(self.bus_id[rows].astype(str), kind="stable")]
        place, near = STRtree(self.points[rows]).query_nearest(
            shapely.force_2d(places), max_distance=within_m, all_matches=True
        )
        order = np.lexsort((near, place))
        place, first = np.unique(place[order], return_index=True)
        chosen[place] = self.bus_id[rows[near[order][first]]]
        return chosen

    def get_points(self, bus_ids: np.ndarray) -> np.ndarray:
        """Places of buses by id; ``None`` where the id is unknown."""
        known = dict(zip(self.bus_id, self.points, strict=True))
        return np.array([known.get(bus_id) for bus_id in bus_ids], dtype=object)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJoints:
    """Joints made for line ends that had no bus; ``end_bus_id`` names one for each end asked."""

    bus_id: np.ndarray
    points: np.ndarray
    nominal_voltage_v: Floats
    end_bus_id: np.ndarray


def empty_index() -> BusIndex:
    """Return an index without buses."""
    nothing = np.array([], dtype=object)
    return BusIndex(bus_id=nothing, points=nothing, nominal_voltage_v=np.array([]))


def snap_ends(
    ends: np.ndarray, *, buses: BusIndex, within_m: float, nominal_voltage_v: Floats
) -> np.ndarray:
    """Nearest bus of each line end, of the line's voltage where that is known (else NaN)."""
    found = np.full(len(ends), None, dtype=object)
    for voltage_v in np.unique(nominal_voltage_v):
        unknown = np.isnan(voltage_v)
        rows = np.isnan(nominal_voltage_v) if unknown else nominal_voltage_v == voltage_v
        found[rows] = buses.find_nearest(
            ends[rows], within_m=within_m, nominal_voltage_v=None if unknown else float(voltage_v)
        )
    return found


def build_joints(ends: np.ndarray, *, within_m: float, nominal_voltage_v: Floats) -> NewJoints:
    """Make one joint for all ends of one voltage that lie within a distance of each other.

    The id tells the place in whole centimetres, so that the same file always gives the same ids.
    """
    group = _group_ends(ends, within_m=within_m, nominal_voltage_v=nominal_voltage_v)
    order = np.lexsort(shapely.get_coordinates(ends).T[::-1])  # by x, then y
    _, first, member = np.unique(group[order], return_index=True, return_inverse=True)
    points, voltage_v = ends[order][first], nominal_voltage_v[order][first]
    end_bus = np.empty(len(ends), dtype=object)
    names = np.array(
        [
            f"joint/{volt:g}/{x:.2f},{y:.2f}"
            for (x, y), volt in zip(shapely.get_coordinates(points), voltage_v, strict=True)
        ],
        dtype=object,
    )
    end_bus[order] = names[member]
    return NewJoints(bus_id=names, points=points, nominal_voltage_v=voltage_v, end_bus_id=end_bus)


def orient(geometry: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, Flags]:
    """Turn lines so that they run from their first bus to their second; also which were turned."""
    first, last = shapely.get_point(geometry, 0), shapely.get_point(geometry, -1)
    along = shapely.distance(first, start) + shapely.distance(last, end)
    against = shapely.distance(first, end) + shapely.distance(last, start)
    turned = np.asarray(against < along)
    return np.where(turned, shapely.reverse(geometry), geometry), turned


def _group_ends(ends: np.ndarray, *, within_m: float, nominal_voltage_v: Floats) -> np.ndarray:
    one, other = STRtree(ends).query(ends, predicate="dwithin", distance=within_m)
    alike = nominal_voltage_v[one] == nominal_voltage_v[other]
    one, other = one[alike], other[alike]
    links = coo_array((np.ones(len(one)), (one, other)), shape=(len(ends), len(ends)))
    return np.asarray(connected_components(links, directed=False)[1])
