"""Applications of a file as weighted points, as the store gives its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.model.application import ApplicationKind
from gisplan.model.application_table import build_application_table
from gisplan.model.density import ApplicationStatus, DensityWeight
from gisplan.model.grid import CLASS_NAMES
from gisplan.store.density_points import LonLatPoints

if TYPE_CHECKING:
    from gisplan.model.application_table import ApplicationTable
    from gisplan.model.density import ApplicationFilter, GivenApplications
    from gisplan.model.grid import Flags, Floats

_CLASSES = np.array(CLASS_NAMES)


def given_points(
    given: GivenApplications, *, weight: DensityWeight, chosen: ApplicationFilter
) -> LonLatPoints:
    """Place, weight and customer of the chosen applications, in the order of the file."""
    every = build_application_table(given.applications, status=ApplicationStatus.RECEIVED)
    table = every.take(_is_chosen(every, chosen))
    return LonLatPoints(
        lon=table.lon,
        lat=table.lat,
        weight=_weight(table, weight),
        power_kw=table.expected_kw,
        customer_class=np.argmax(table.customer_class[:, None] == _CLASSES, axis=1).astype(
            np.uint8
        ),
        is_generation=table.kind == ApplicationKind.GENERATION,
    )


def _weight(table: ApplicationTable, weight: DensityWeight) -> Floats:
    match weight:
        case DensityWeight.DEMAND_KVA:
            return table.demand_kva
        case DensityWeight.POWER_KW:
            return table.expected_kw
    return np.ones(len(table))


def _is_chosen(table: ApplicationTable, chosen: ApplicationFilter) -> Flags:
    """Tell which rows a filter lets through; a day that is not known is in no period."""
    keep = np.isin(table.status, chosen.statuses)
    if chosen.kinds:
        keep &= np.isin(table.kind, chosen.kinds)
    if chosen.customer_classes:
        keep &= np.isin(table.customer_class, chosen.customer_classes)
    if chosen.applied_from is not None:
        keep &= table.applied_on >= chosen.applied_from.toordinal()
    if chosen.applied_until is not None:
        keep &= table.applied_on <= chosen.applied_until.toordinal()
    return keep
