"""Density surfaces: how much of something lies on a square kilometre, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from gisplan.errors import InputError
from gisplan.model.application import Application, ApplicationKind
from gisplan.model.grid import CLASS_NAMES, Floats


class DensityLayer(StrEnum):
    """What gathers: applications, or the loads or generators of the grid that serves."""

    APPLICATION = "application"
    LOAD = "load"
    GENERATION = "generation"


class DensityWeight(StrEnum):
    """What is summed, of an application, a load or a generator.

    ``DEMAND_KVA`` is the contract capacity (of a generator: its apparent power), ``POWER_KW`` the
    active power at the peak as it is recorded or expected, ``ENERGY_MWH`` that of a year.
    """

    DEMAND_KVA = "demand_kva"
    POWER_KW = "power_kw"
    ENERGY_MWH = "energy_mwh"
    COUNT = "count"

    @property
    def unit(self) -> str:
        """Unit of the sum; a bare number counts."""
        return {"demand_kva": "kVA", "power_kw": "kW", "energy_mwh": "MWh", "count": "1"}[self]


class ApplicationStatus(StrEnum):
    """Where an application stands."""

    RECEIVED = "received"
    PLANNED = "planned"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenApplications:
    """Applications of a file, all of them received, and the name of the file."""

    name: str
    applications: tuple[Application, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFilter:
    """Which applications are counted; the default is all stored ones whose demand still stands.

    No kind means every kind, and so with classes of customers. An application without a date is in
    no period: as soon as ``applied_from`` (the first day) or ``applied_until`` (the last) is given,
    it is left out. With ``given`` they are chosen from a file instead of the stored ones.
    """

    kinds: tuple[ApplicationKind, ...] = ()
    customer_classes: tuple[str, ...] = ()
    statuses: tuple[ApplicationStatus, ...] = (
        ApplicationStatus.RECEIVED,
        ApplicationStatus.PLANNED,
        ApplicationStatus.ACCEPTED,
    )
    applied_from: date | None = None
    applied_until: date | None = None
    given: GivenApplications | None = None

    def __post_init__(self) -> None:
        """Refuse a period without a day, a class that there is not, and what a file cannot answer.

        Raises
        ------
        InputError
            Naming what was found and what is expected.
        """
        first, last = self.applied_from, self.applied_until
        if first is not None and last is not None and first > last:
            raise InputError(f"the period from {first} to {last} holds no day; exchange the two")
        for one in self.customer_classes:
            if one not in CLASS_NAMES:
                raise InputError(f"customer class {one!r}; expected of {', '.join(CLASS_NAMES)}")
        if self.given is not None:
            self._check_given(self.given)

    def _check_given(self, given: GivenApplications) -> None:
        if ApplicationStatus.RECEIVED not in self.statuses:
            raise InputError(
                f"applications of the file {given.name} are all received, so none is "
                f"{' or '.join(self.statuses)}; leave the status out"
            )
        is_dated = any(one.applied_on for one in given.applications)
        if (self.applied_from or self.applied_until) and not is_dated:
            raise InputError(
                f"no application of the file {given.name} has applied_on, which a period needs; "
                "add that column, or leave the period out"
            )


class BandwidthMethod(StrEnum):
    """Where the bandwidth of a surface comes from."""

    GIVEN = "given"
    CROSS_VALIDATION = "cross-validation"
    SCOTT = "scott"
    SILVERMAN = "silverman"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bandwidth:
    """Standard deviation of the Gaussian kernel, how it was found and what is doubtful about it.

    ``range_m`` is the smallest and the largest one where the bandwidth follows the density.
    """

    bandwidth_m: float
    method: BandwidthMethod
    range_m: tuple[float, float] | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """An upright rectangle in the working CRS."""

    x_min_m: float
    y_min_m: float
    x_max_m: float
    y_max_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DensitySurface:
    """A raster of density on square cells.

    ``values`` has the shape (rows, columns), the first row lies in the north, and its unit is
    ``unit``, for example kVA/km2. NaN is "no data": outside the study area, or everywhere when
    there is no point at all; zero is data and says that nothing was asked for here. ``total`` is
    the summed weight of the ``point_count`` points inside; ``outside_count`` points lay outside
    the study area or the window and are not in it.
    """

    values: Floats
    x_min_m: float
    y_max_m: float
    cell_m: float
    srid: int
    unit: str
    total: float
    total_unit: str
    point_count: int
    outside_count: int
    bandwidth: Bandwidth

    @property
    def peak(self) -> float | None:
        """Highest density; ``None`` where there is no data."""
        return float(np.nanmax(self.values)) if np.isfinite(self.values).any() else None

    @property
    def extent(self) -> Extent:
        """Outer edges of the raster."""
        rows, columns = self.values.shape
        return Extent(
            x_min_m=self.x_min_m,
            y_min_m=self.y_max_m - rows * self.cell_m,
            x_max_m=self.x_min_m + columns * self.cell_m,
            y_max_m=self.y_max_m,
        )
