"""The order of options, total and stable."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from gisplan.model.option import AccessKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gisplan.model.option import Option

Found = TypeVar("Found")

FEASIBLE_SHOWN = 5
FAILED_SHOWN = 3


def chosen(found: Iterable[Found], option_of: Callable[[Found], Option]) -> tuple[Found, ...]:
    """Return what has an option worth reading: the best ones, and the cheapest of those that fail.

    The best of every kind of access point stays, of both, and so does the site's own service.
    """
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: _order(option_of(one))):
        option = option_of(one)
        same = [o for o in map(option_of, kept) if o.feasible == option.feasible]
        first_of_kind = all(o.access_point.kind != option.access_point.kind for o in same)
        if option.feasible:
            wanted = len(same) < FEASIBLE_SHOWN or first_of_kind
        else:
            own = option.access_point.kind is AccessKind.EXISTING_SERVICE
            wanted = len(same) < FAILED_SHOWN or first_of_kind or own
        if wanted:
            kept.append(one)
    return tuple(kept)


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
