"""The tightest bend of a route, as a trench can be dug that need not follow every drawn vertex."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from gisplan.model.grid import Floats


def tightest_radius_m(xy_m: Floats, tolerance_m: float) -> float:
    """Return the largest radius in metres that fits at the tightest corner of a polyline.

    Wiggles within the tolerance are drawn straight. At each corner that is left the arc may take
    half of both legs, because the neighbouring corners take the other halves; the first and the
    last leg have one corner only, which may take them whole.

    Parameters
    ----------
    xy_m : vertices, shape (vertices, 2)

    Returns
    -------
    Radius in metres; infinity where the route is straight, zero where it turns back on itself.
    """
    line = shapely.simplify(shapely.LineString(xy_m), tolerance_m)
    legs = np.diff(shapely.get_coordinates(line), axis=0)
    length_m = np.hypot(legs[:, 0], legs[:, 1])
    legs, length_m = legs[length_m > 0], length_m[length_m > 0]
    if len(legs) < 2:
        return float("inf")
    heading = np.arctan2(legs[:, 1], legs[:, 0])
    turn = np.abs((np.diff(heading) + np.pi) % (2 * np.pi) - np.pi)
    room_m = length_m / 2
    room_m[[0, -1]] *= 2
    tangent_m = np.minimum(room_m[:-1], room_m[1:])
    with np.errstate(divide="ignore"):
        radius_m = np.where(np.pi - turn < 1e-9, 0.0, tangent_m / np.tan(turn / 2))
    return float(radius_m.min())
