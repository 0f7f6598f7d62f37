"""Steps from cell to cell in 8, 16 or 32 directions, and what they cost.

A step costs its length times the mean cost of a metre over the cells that it touches:

- 8 directions: the mean of the two cells (scikit-image's ``MCP_Geometric``). A diagonal step may
  pass the corner of one forbidden cell, never between two.
- 16 and 32 directions: the two cells and, for every whole cell along the longer side, the cells on
  either side of the straight line (pyorps). None of them may be forbidden.

References
----------
"An evaluation of lattice solutions to the problem of corridor location", Environment and Planning
A 9 (1977), 727-738.
"PYORPS: an open-source tool for automated power line routing", CIRED 2025.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gisplan.errors import InputError
from gisplan.model.grid import Integers

Labels = npt.NDArray[np.uint32]

REACH: dict[int, int] = {8: 1, 16: 2, 32: 3}
TOUCHED_MAX = 4
# Steps as (along the longer side, along the shorter side), and the cells between, by direction.
SHAPES = (
    ((1, 0), ()),
    ((1, 1), ((1, 0), (0, 1))),
    ((2, 1), ((1, 0), (1, 1))),
    ((3, 1), ((1, 0), (1, 1), (2, 0), (2, 1))),
    ((3, 2), ((1, 0), (1, 1), (2, 1), (2, 2))),
)
SIDES = ((1, 0), (0, 1), (-1, 0), (0, -1))
"""A step down, right, up, left as (rows, columns)."""
FACTOR_BITS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """All steps of one number of directions.

    Parameters
    ----------
    row, column : int64 (directions,), where a step leads
    between_row, between_column : int64 (directions, 4), cells between; the first ``between`` count
    between : int64 (directions,)
    shape : int64 (directions,), row of ``SHAPES``
    """

    directions: int
    row: Integers
    column: Integers
    between_row: Integers
    between_column: Integers
    between: Integers
    shape: Integers

    @property
    def reach(self) -> int:
        """Longest step in cells along one side."""
        return REACH[self.directions]


def build_steps(directions: int) -> Steps:
    """Return the steps of 8, 16 or 32 directions, straight ones first.

    Raises
    ------
    InputError
        If there are no steps of that number.
    """
    if directions not in REACH:
        raise InputError(f"{directions} directions; expected 8, 16 or 32")
    reach = REACH[directions]
    lying = [
        (shape, ahead, aside)
        for shape, ((along, across), _) in enumerate(SHAPES)
        if along <= reach
        for ahead, aside in _axes(along, across)
    ]
    to = np.array([_turned(ahead, aside, *SHAPES[shape][0]) for shape, ahead, aside in lying])
    between = np.zeros((len(lying), TOUCHED_MAX, 2), dtype=np.int64)
    for number, (shape, ahead, aside) in enumerate(lying):
        for place, cell in enumerate(SHAPES[shape][1]):
            between[number, place] = _turned(ahead, aside, *cell)
    return Steps(
        directions=directions,
        row=to[:, 0],
        column=to[:, 1],
        between_row=between[..., 0],
        between_column=between[..., 1],
        between=np.array([len(SHAPES[shape][1]) for shape, *_ in lying]),
        shape=np.array([shape for shape, *_ in lying]),
    )


def quadrant_turns(stride: int) -> Integers:
    """Return the two sides of each quadrant, then of each half quadrant, as place differences."""
    quadrants = [_offsets(SIDES[n], SIDES[(n + 1) % 4], stride) for n in range(4)]
    halves = [_offsets(ahead, aside, stride) for ahead, aside in _axes(2, 1)]
    return np.array(quadrants + halves, dtype=np.int64).reshape(-1)


def step_factors(directions: int, cell_m: float, unit_bits: int) -> tuple[Integers, int]:
    """Return the units of each shape of step for a cent a metre, and the shift that they need.

    A step over cells that cost ``total`` cents a metre together costs ``(total * factor +
    2 ** (shift - 1)) >> shift`` units of ``2 ** -unit_bits`` cents.
    """
    exact = [
        math.hypot(*shape) * cell_m * 2.0**unit_bits / (2 + len(between) * (directions > 8))
        for shape, between in SHAPES
    ]
    shift = FACTOR_BITS - math.ceil(math.log2(max(exact)))
    if not 0 < shift < 62:
        raise InputError(f"cells of {cell_m} m; expected 0.001 to 100,000 m")
    return np.rint(np.array(exact) * 2.0**shift).astype(np.int64), shift


Side = tuple[int, int]


def _axes(along: int, across: int) -> list[tuple[Side, Side]]:
    """Return the sides ahead and aside of each way in which a shape can lie."""
    if across == 0:
        return [(ahead, (0, 0)) for ahead in SIDES]
    turns = (1,) if along == across else (1, 3)
    return [(SIDES[n], SIDES[(n + turn) % 4]) for n in range(4) for turn in turns]


def _turned(ahead: Side, aside: Side, along: int, across: int) -> Side:
    return ahead[0] * along + aside[0] * across, ahead[1] * along + aside[1] * across


def _offsets(ahead: Side, aside: Side, stride: int) -> tuple[int, int]:
    return ahead[0] * stride + ahead[1], aside[0] * stride + aside[1]
