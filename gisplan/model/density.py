"""Density surfaces: how much of something lies on a square kilometre, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from gisplan.model.application import ApplicationKind
from gisplan.model.grid import Floats


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
class ApplicationFilter:
    """Which applications are counted; the default is all whose demand still stands.

    No kind means every kind. An application without a date is in no period: as soon as
    ``applied_from`` (the first day) or ``applied_until`` (the last) is given, it is left out.
    """

    kinds: tuple[ApplicationKind, ...] = ()
    statuses: tuple[ApplicationStatus, ...] = (
        ApplicationStatus.RECEIVED,
        ApplicationStatus.PLANNED,
        ApplicationStatus.ACCEPTED,
    )
    applied_from: date | None = None
    applied_until: date | None = None


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
