"""Lines cut into segments by joints between their buses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gisplan.errors import InputError
from gisplan.model.grid import Flags, Floats, Grid, Integers, Lines

NEAREST_END_RATIO = 1e-4
"""A joint keeps this share of the line to either end: no segment has zero length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joints:
    """Points on lines, sorted by line and position (0..1 from the line's first bus), no doubles."""

    line: Integers
    position: Floats

    def __len__(self) -> int:
        return len(self.line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """Stretches of lines between buses and joints; those of a line follow each other.

    ``from_node``/``to_node`` count buses of the grid first, then joints. ``share`` is the part of
    the line's length.
    """

    line: Integers
    from_node: Integers
    to_node: Integers
    from_closed: Flags
    to_closed: Flags
    share: Floats


def line_span_m(lines: Lines) -> Floats:
    """Length along which offsets count: that of the shape, or ``length_m`` where it has no extent.

    A surveyed cable length differs from its drawing; offsets come from the drawing.
    """
    xy, start = lines.shape.xy_m, lines.shape.offset
    if len(xy) < 2:
        return lines.length_m
    step = np.hypot(*np.diff(xy, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(step)])
    first, last = np.minimum(start[:-1], len(xy) - 1), np.maximum(start[1:] - 1, 0)
    drawn = along[last] - along[first]
    return np.where(drawn > 0, drawn, lines.length_m)


def joint_positions(grid: Grid, line: Integers, offset_m: Floats) -> Floats:
    """Positions 0..1 of offsets along their lines; an offset beyond an end is held at that end."""
    span = line_span_m(grid.lines)[line]
    return np.clip(offset_m / span, NEAREST_END_RATIO, 1 - NEAREST_END_RATIO)


def build_joints(line: Integers, position: Floats) -> tuple[Joints, Integers]:
    """Joints without doubles, and for each given point the row of its joint."""
    if not len(line):
        return Joints(line=np.empty(0, np.int64), position=np.empty(0)), np.empty(0, np.int64)
    points = np.stack([line.astype(np.float64), np.round(position, 9)], axis=1)
    unique, row = np.unique(points, axis=0, return_inverse=True)
    return Joints(line=unique[:, 0].astype(np.int64), position=unique[:, 1]), row.reshape(-1)


def build_segments(
    grid: Grid, from_closed: Flags, to_closed: Flags, joints: Joints, line_rows: Integers
) -> Segments:
    """Cut the lines of ``line_rows`` (ascending) at the joints.

    Parameters
    ----------
    from_closed, to_closed
        Per line of the grid: connected at its first and second bus.

    Raises
    ------
    InputError
        If a joint lies on a line that is not among ``line_rows``.
    """
    outside = ~np.isin(joints.line, line_rows)
    if outside.any():
        raise InputError(
            f"line {grid.lines.line_id[joints.line[outside][0]]} is cut by a joint but is not in "
            "the part of the network that is solved; choose a point on a line in service"
        )
    bus_count = len(grid.buses.bus_id)
    cuts = np.searchsorted(joints.line, line_rows, "right") - np.searchsorted(
        joints.line, line_rows, "left"
    )
    line = np.repeat(line_rows, cuts + 1)
    first = np.concatenate([[True], line[1:] != line[:-1]])[: len(line)]
    last = np.concatenate([line[1:] != line[:-1], [True]])[-len(line) :] if len(line) else first
    start, end = np.zeros(len(line)), np.ones(len(line))
    from_node, to_node = grid.lines.from_bus[line], grid.lines.to_bus[line]
    start[~first] = joints.position
    end[~last] = joints.position
    from_node[~first] = bus_count + np.arange(len(joints))
    to_node[~last] = bus_count + np.arange(len(joints))
    return Segments(
        line=line,
        from_node=from_node,
        to_node=to_node,
        from_closed=from_closed[line] | ~first,
        to_closed=to_closed[line] | ~last,
        share=end - start,
    )
