"""The order of options, total and stable."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gisplan.model.option import Option


def ranked(options: Iterable[Option]) -> tuple[Option, ...]:
    """Return options in order, feasible ones first, then by cost, length and element."""
    ordered = sorted(options, key=_order)
    return tuple(replace(option, rank=rank) for rank, option in enumerate(ordered, start=1))


def _order(option: Option) -> tuple[bool, float, float, str, float]:
    point = option.access_point
    return (
        not option.feasible,
        option.cost.total,
        option.route.length_m,
        point.element_id,
        point.offset_m or 0.0,
    )
