"""One place of a cost-to-connect map: what it costs there, where it would end, what limits it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gisplan.planning.cost_map.node_costs import REASON_TEXTS, CostReason
from gisplan.planning.cost_map.site_costs import site_costs
from gisplan.planning.region import site_metres
from gisplan.services.cost_map_columns import money

if TYPE_CHECKING:
    from gisplan.export.feature import Value
    from gisplan.services.cost_map import CostMapAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class CostHere:
    """What connecting costs at a place; ``cost`` is ``None`` where ``reason`` says why.

    The access point is the winner, or the one that would be cheapest if it took the demand; its
    texts are empty where there is none. ``loading_max_ratio`` is that of the limiting element.
    """

    lon: float
    lat: float
    cost: float | None
    currency: str
    length_m: float | None
    cable: str
    parallel_count: int
    access_kind: str
    access_element_kind: str
    access_id: str
    access_name: str
    is_uncertain: bool
    limiting_kind: str
    limiting_id: str
    limiting_name: str
    loading_max_ratio: float | None
    reason: str


def cost_at(answer: CostMapAnswer, lon: float, lat: float) -> CostHere:
    """Return what connecting the demand of a map costs at a place.

    Raises
    ------
    OutsideAreaError
        If the place lies outside the loaded region.
    """
    asked = answer.pricing.answer
    xy_m = np.array([site_metres(asked.state.region, lon, lat)])
    found = site_costs(answer.pricing, xy_m)
    reached, row = bool(found.is_reached[0]), int(found.access[0])
    point = _point(answer, row)
    reason = REASON_TEXTS[CostReason(int(found.reason[0]))]
    cable = asked.asked.variants[int(found.variant[0])] if reached else None
    return CostHere(
        lon=lon,
        lat=lat,
        cost=float(money(found.cost_cents)[0]) if reached else None,
        currency=asked.currency,
        length_m=round(float(found.length_m[0]), 2) if reached else None,
        cable="" if cable is None else cable.conductor.name,
        parallel_count=0 if cable is None else cable.parallel_count,
        access_kind=str(point["access_kind"]),
        access_element_kind=str(point["access_element_kind"]),
        access_id=str(point["access_id"]),
        access_name=str(point["access_name"]),
        is_uncertain=reached and bool(point["is_uncertain"]),
        limiting_kind=str(point["limiting_kind"]),
        limiting_id=str(point["limiting_id"]),
        limiting_name=str(point["limiting_name"]),
        loading_max_ratio=_known(point["loading_max_ratio"]),
        reason="; ".join(filter(None, (reason, "" if reached else str(point["reason"])))),
    )


def _point(answer: CostMapAnswer, row: int) -> dict[str, Value]:
    """Return the columns of one access point, empty where there is none."""
    columns = answer.points.columns
    if row < 0:
        return dict.fromkeys(columns, "")
    return {name: values[row].item() for name, values in columns.items()}


def _known(value: Value) -> float | None:
    return value if isinstance(value, float) and np.isfinite(value) else None
