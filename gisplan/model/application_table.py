"""Many applications as arrays, for questions about all of them at once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date

import numpy as np

from gisplan.model.application import Application
from gisplan.model.grid import Flags, Floats, Integers, Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationTable:
    """One row an application; what is not known is NaN, or empty where it is a text.

    ``applied_on`` is a proleptic Gregorian ordinal, ``maximum_kw`` the expected maximum demand.
    """

    reference: Texts
    kind: Texts
    customer_class: Texts
    status: Texts
    existing_bus_id: Texts
    lon: Floats
    lat: Floats
    demand_kva: Floats
    maximum_kw: Floats
    power_factor: Floats
    applied_on: Floats

    def __len__(self) -> int:
        return len(self.reference)

    @property
    def expected_kw(self) -> Floats:
        """Expected maximum demand, derived from the contract where it is not given."""
        contract_kw = self.demand_kva * self.power_factor
        expected_kw: Floats = np.where(np.isnan(self.maximum_kw), contract_kw, self.maximum_kw)
        return expected_kw

    def take(self, rows: Integers | Flags) -> ApplicationTable:
        """Return some of the rows."""
        return ApplicationTable(
            **{field.name: getattr(self, field.name)[rows] for field in fields(self)}
        )

    def fingerprint(self) -> str:
        """Return a mark of the rows that is another where any value or row is."""
        told = hashlib.sha256()
        for field in fields(self):
            column = getattr(self, field.name)
            is_text = column.dtype.kind == "U"
            told.update("\0".join(column.tolist()).encode() if is_text else column.tobytes())
            told.update(b"\1")
        return told.hexdigest()[:16]


def build_application_table(
    applications: Sequence[Application], *, status: str
) -> ApplicationTable:
    """Return applications that all stand alike as a table, in their order."""

    def texts(name: str) -> Texts:
        return np.array([getattr(one, name) or "" for one in applications], np.str_)

    def numbers(name: str) -> Floats:
        values = [getattr(one, name) for one in applications]
        return np.array([np.nan if one is None else one for one in values], np.float64)

    days = [one.applied_on for one in applications]
    return ApplicationTable(
        reference=texts("reference"),
        kind=texts("kind"),
        customer_class=texts("customer_class"),
        status=np.full(len(applications), status),
        existing_bus_id=texts("existing_bus_id"),
        lon=numbers("lon"),
        lat=numbers("lat"),
        demand_kva=numbers("demand_kva"),
        maximum_kw=numbers("expected_maximum_demand_kw"),
        power_factor=numbers("power_factor"),
        applied_on=np.array(
            [np.nan if day is None else date.fromisoformat(day).toordinal() for day in days],
            np.float64,
        ),
    )


def join_tables(*tables: ApplicationTable) -> ApplicationTable:
    """Return the rows of several tables, one after the other."""
    return ApplicationTable(
        **{
            field.name: np.concatenate([getattr(table, field.name) for table in tables])
            for field in fields(ApplicationTable)
        }
    )
