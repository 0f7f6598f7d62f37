"""What an area will ask for against what the grid can give, and in which season that runs out.

Cells hang on transformers, transformers on feeders, feeders on substations. Each element has its
headroom, which all that hang on it share: it is given once. Headrooms come as arrays; who computes
them has taken off what is promised. An unknown headroom is unknown: neither zero nor plenty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gisplan.model.grid import Floats, Integers

NOW = 0
"""Season of what is asked for today and does not fit; the first season of the forecast is 1."""

UNKNOWN = -1
NONE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One level of supply (transformers, feeders or substations) as the cells see it.

    ``element`` is the element that each cell hangs on, -1 for none of this level: it limits nothing
    there. ``headroom_kva`` is by element, NaN where unknown. ``asked_kva`` is by cell, what its
    applications count at this level.
    """

    element: Integers
    headroom_kva: Floats
    asked_kva: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """What each cell is given of what it asks: ``share`` 0..1, NaN where a headroom is unknown.

    ``limiting_level`` is the level that leaves the cell its share, -1 where all is given.
    """

    share: Floats
    limiting_level: Integers


def grant(levels: Sequence[Level]) -> Grants:
    """Share out the headroom of every level, from the tightest group up, the same part to all.

    Nobody is given more than he asks for; what one does not need, others get. At every element the
    shares times what they ask for sum up to its headroom at most.

    Raises
    ------
    InputError
        If the arrays of a level do not fit together or hold negative demands.
    """
    cells = _check_levels(levels)
    share = np.ones(cells)
    limiting = np.full(cells, NONE)
    is_known = np.ones(cells, np.bool_)
    for index, level in enumerate(levels):
        for element in np.unique(level.element[level.element >= 0]):
            members = np.flatnonzero(level.element == element)
            room_kva = float(level.headroom_kva[element])
            if np.isnan(room_kva):
                is_known[members] = False
                continue
            cap = _even_share(share[members], level.asked_kva[members], max(room_kva, 0.0))
            cut = members[share[members] > cap]
            share[cut], limiting[cut] = cap, index
    return Grants(share=np.where(is_known, share, np.nan), limiting_level=limiting)


def _even_share(share: Floats, asked_kva: Floats, room_kva: float) -> float:
    """Return the largest share for all at which nobody gets more than before and all fits."""
    if float(share @ asked_kva) <= room_kva:
        return 1.0
    order = np.argsort(share, kind="stable")
    kept, asked = share[order], asked_kva[order]
    below = np.append(0.0, np.cumsum(kept * asked))[:-1]
    above = np.cumsum(asked[::-1])[::-1]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        cap = np.where(above > 0, (room_kva - below) / above, np.inf)
    return max(0.0, float(cap[np.argmax(cap <= kept)]))


def runs_out(headroom_kva: Floats, asked_kva: Floats, growth_kva: Floats) -> Integers:
    """Return the first season in which each element has too little.

    ``NOW`` where what is asked for does not fit, ``UNKNOWN`` where the headroom is, and one more
    than the number of seasons where it lasts. Growth never shrinks: a season is as bad as the worst
    one before it.

    Parameters
    ----------
    headroom_kva, asked_kva
        By element.
    growth_kva
        Cumulated, shape (elements, seasons).
    """
    growth = np.maximum.accumulate(np.hstack([_nothing(growth_kva), growth_kva]), axis=1)
    wanted = asked_kva[:, None] + growth
    too_much = wanted > headroom_kva[:, None]
    first = np.where(too_much.any(axis=1), np.argmax(too_much, axis=1), wanted.shape[1])
    season: Integers = np.where(np.isnan(headroom_kva), UNKNOWN, first)
    return season


def _nothing(growth_kva: Floats) -> Floats:
    return np.zeros((len(growth_kva), 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSeasons:
    """Season in which each cell runs out and the level that makes it, -1 where none does."""

    season: Integers
    level: Integers


def seasons_of_cells(
    elements: Sequence[Integers], seasons: Sequence[Integers], *, lasts: int
) -> CellSeasons:
    """Return for each cell the season of the first of its elements to run out.

    A cell of which an element is unknown runs out where another one does, and else is unknown. A
    cell that hangs on nothing is unknown.

    Parameters
    ----------
    elements
        By level, the element of each cell, -1 for none.
    seasons
        By level, the season of each element (:func:`runs_out`).
    lasts
        The season that stands for "lasts".
    """
    cells = len(elements[0])
    season, level = np.full(cells, lasts), np.full(cells, NONE)
    is_open, hangs = np.zeros(cells, np.bool_), np.zeros(cells, np.bool_)
    for index, (element, of_element) in enumerate(zip(elements, seasons, strict=True)):
        own = np.append(of_element, lasts)[element]
        hangs |= element >= 0
        is_open |= own == UNKNOWN
        earlier = (own != UNKNOWN) & (own < season)
        season[earlier], level[earlier] = own[earlier], index
    unknown = (is_open | ~hangs) & (season == lasts)
    return CellSeasons(season=np.where(unknown, UNKNOWN, season), level=level)


def _check_levels(levels: Sequence[Level]) -> int:
    if not levels:
        raise InputError("no level of supply is given; expected one or more")
    cells = len(levels[0].element)
    for number, level in enumerate(levels):
        if len(level.element) != cells or len(level.asked_kva) != cells:
            raise InputError(
                f"level {number} has {len(level.element)} elements and {len(level.asked_kva)} "
                f"demands for {cells} cells; expected one each"
            )
        if cells and int(level.element.max()) >= len(level.headroom_kva):
            raise InputError(
                f"level {number} names element {int(level.element.max())} of "
                f"{len(level.headroom_kva)}; expected a headroom for each"
            )
        if not (np.isfinite(level.asked_kva).all() and (level.asked_kva >= 0).all()):
            raise InputError(f"level {number}: a cell asks for a negative or unknown kVA")
    return cells
