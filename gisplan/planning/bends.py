"""Bends of a route: the corners that are paid for, and the tightest one.

A corner that is paid for is one between two straight legs as drawn, so the bends of a way are the
sum of those of its parts and of the corners between them, whichever way it is cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.errors import CatalogueError
from gisplan.model.grid import Polylines
from gisplan.model.option import Finding, Severity
from gisplan.routing.bend_graph import turn_deg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gisplan.model.grid import Floats, Integers
    from gisplan.planning.route import Stretch
    from gisplan.planning.variants import Variant
    from gisplan.rules.catalogue import Catalogue

LEG_MIN_M = 1e-6
"""What is shorter has no direction."""
ROUNDING_DEG = 1e-6
"""So much below the angle of a bend is a bend: a right angle is one of 90 degrees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bends:
    """Polylines as bends: number within each and headings at its ends in degrees, NaN for none.

    Arrays of shape (polylines,).
    """

    count: Integers
    first_deg: Floats
    last_deg: Floats


def bend_price_cents(catalogue: Catalogue) -> int:
    """Return the price of a bend in whole cents.

    Raises
    ------
    CatalogueError
        If it is negative, or no corner can be a bend.
    """
    cost, min_deg = catalogue.value("civil.bend_cost"), catalogue.value("civil.bend_min_deg")
    if not cost >= 0:
        raise CatalogueError(f"civil.bend_cost is {cost:g}; expected 0 for no price, or more")
    if not 0 < min_deg <= 180:
        raise CatalogueError(
            f"civil.bend_min_deg is {min_deg:g} deg; expected an angle above 0 and up to 180"
        )
    return round(cost * 100)


def bends_of(shape: Polylines, min_deg: float) -> Bends:
    """Return the bends of polylines: corners between legs that turn so far or further."""
    rows = len(shape.offset) - 1
    vertex_row = np.repeat(np.arange(rows), np.diff(shape.offset))
    legs = np.diff(shape.xy_m, axis=0)
    is_leg = (vertex_row[1:] == vertex_row[:-1]) & (np.hypot(legs[:, 0], legs[:, 1]) > LEG_MIN_M)
    row = vertex_row[1:][is_leg]
    heading = np.degrees(np.arctan2(legs[is_leg, 1], legs[is_leg, 0]))
    is_bend = turn_deg(heading[:-1], heading[1:]) >= min_deg - ROUNDING_DEG
    is_bend &= row[1:] == row[:-1]
    first, last = np.full(rows, np.nan), np.full(rows, np.nan)
    first[row[::-1]] = heading[::-1]
    last[row] = heading
    count: Integers = np.bincount(row[1:][is_bend], minlength=rows)
    return Bends(count=count, first_deg=first, last_deg=last)


def bends_along(xy_m: Floats, min_deg: float) -> Bends:
    """Return the bends of one polyline of shape (vertices, 2)."""
    return bends_of(polylines([xy_m]), min_deg)


def polylines(rows: Sequence[Floats]) -> Polylines:
    """Return polylines of shape (vertices, 2) each as one ragged geometry."""
    offset = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return Polylines(offset=offset, xy_m=np.concatenate([np.zeros((0, 2)), *rows]))


def count_bends(stretches: Sequence[Stretch], variant: Variant) -> int:
    """Return the bends of a whole way laid out from its site on."""
    if not stretches:
        return 0
    xy_m = np.concatenate([stretch.xy_m for stretch in stretches])
    return int(bends_along(xy_m, variant.bend_min_deg).count[0])


def unweighed_bends(
    catalogue: Catalogue, variant: Variant, stretches: Sequence[Stretch]
) -> tuple[Finding, ...]:
    """Say of a way that was chosen without the price of its bends that they are in its cost."""
    count = count_bends(stretches, variant) if variant.bend_cents else 0
    if count == 0:
        return ()
    rule = catalogue.rule("civil.bend_cost")
    return (
        Finding(
            rule=rule.rule_id,
            severity=Severity.INFO,
            element=variant.conductor.conductor_id,
            text=f"{count} bend{'s' if count > 1 else ''} at {variant.bend_cents / 100:,.2f} each "
            "are in the cost; the choice of this way did not weigh them, so one with fewer bends "
            "may be cheaper",
            measured=float(count),
            confidence=rule.confidence,
        ),
    )


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
