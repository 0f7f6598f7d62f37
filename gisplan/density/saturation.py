"""How far demand grows where the use of the land sets a limit: the S-curve of a filling district.

References
----------
H. L. Willis, Spatial Electric Load Forecasting, 2nd ed. 2002, chapter 7: load of a small area
over time follows an S-curve up to its saturation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import InputError

if TYPE_CHECKING:
    from gisplan.model.grid import Floats


def saturated_growth(
    existing_kva: Floats,
    growth_kva: Floats,
    limit_kva: Floats,
    *,
    after: Floats,
    begun_share: float,
) -> Floats:
    """Bend growth so that existing load and growth together stay below their limit.

    A logistic curve through today's load with today's slope: growth speeds up below half of the
    limit and dies out above. The slope is that up to the last step, so that a forecast is bent as a
    whole. Up to ``begun_share`` of its limit a cell has not begun its curve, which would rise at
    once; it grows as forecast up to the limit.

    Parameters
    ----------
    existing_kva
        Load of today by cell, zero or more.
    growth_kva
        Forecast growth, cumulated, shape (cells, steps).
    limit_kva
        Limit by cell; NaN where none is known, which leaves the growth as it is.
    after
        Time of each step from today, ascending and above zero; any unit.
    begun_share
        Part of its limit (0..1) from which on a cell follows its curve.

    Raises
    ------
    InputError
        If shapes differ, or loads, growths or limits are negative.
    """
    _check(existing_kva, growth_kva, limit_kva)
    slope = growth_kva[:, -1:] / after[-1]
    now, limit = existing_kva[:, None], limit_kva[:, None]
    room = np.maximum(limit - now, 0.0)
    begun = (now > begun_share * limit) & (room > 0)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        speed = (slope / now) * (limit / room)  # no product of loads, which could be too small
        grown = limit / (1.0 + room / now * np.exp(-speed * after)) - now
    bent = np.where(begun, grown, growth_kva)
    return np.where(np.isnan(limit), growth_kva, np.clip(bent, 0.0, room))


def _check(existing_kva: Floats, growth_kva: Floats, limit_kva: Floats) -> None:
    cells = len(existing_kva)
    if growth_kva.ndim != 2 or len(growth_kva) != cells or len(limit_kva) != cells:
        raise InputError(
            f"growth of shape {growth_kva.shape} and {len(limit_kva)} limits for {cells} cells; "
            "expected a row of growth and a limit for each"
        )
    if growth_kva.shape[1] == 0:
        raise InputError("growth has no step; expected one or more")
    known = limit_kva[~np.isnan(limit_kva)]
    for name, values in (("load", existing_kva), ("growth", growth_kva)):
        if not (np.isfinite(values).all() and (values >= 0).all()):
            raise InputError(f"{name} of cells is negative or unknown; expected kVA, zero or more")
    if not (np.isfinite(known).all() and (known >= 0).all()):
        raise InputError("a limit of land use is negative; expected kVA, zero or more")
