"""Points of a layer as density takes them: in the working CRS, with what is unknown about them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.density.peak import Demands
from gisplan.errors import InputError
from gisplan.model.density import ApplicationFilter, DensityLayer, DensityWeight
from gisplan.model.grid import CustomerClass
from gisplan.model.projection import Projection
from gisplan.services.given_points import given_points
from gisplan.store.density_points import (
    read_application_points,
    read_grid_ground,
    read_grid_points,
)

if TYPE_CHECKING:
    from psycopg import Connection

    from gisplan.model.grid import Flags, Floats
    from gisplan.store.grid_reader import GridVersion

FAR_M = 100_000.0
"""What lies further from the grid than this was put in a wrong place or in another CRS."""

GENERATION_CLASS = len(CustomerClass)
"""Number of the class of generation, behind those of the customers."""

EVERY_APPLICATION = ApplicationFilter()
_NOUNS = {
    DensityLayer.APPLICATION: "applications",
    DensityLayer.LOAD: "loads",
    DensityLayer.GENERATION: "generators",
}
_RECORDED = {
    DensityWeight.DEMAND_KVA: "contract capacity",
    DensityWeight.POWER_KW: "power",
    DensityWeight.ENERGY_MWH: "yearly energy",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerPoints:
    """Points of a layer near the grid; the weight is NaN where it is not recorded.

    ``demands`` are there where they were asked for.
    ``far_count`` more lie so far away that their coordinates must be wrong. ``file_name`` is that
    of the file that they come from, empty where they are stored.
    """

    layer: DensityLayer
    weight_kind: DensityWeight
    x_m: Floats
    y_m: Floats
    weight: Floats
    demands: Demands | None
    far_count: int
    file_name: str = ""

    def __len__(self) -> int:
        return len(self.x_m)

    @property
    def is_known(self) -> Flags:
        """Which points have a weight."""
        known: Flags = ~np.isnan(self.weight)
        return known

    @property
    def unknown_count(self) -> int:
        """How many points have none."""
        return int(np.count_nonzero(~self.is_known))

    @property
    def noun(self) -> str:
        """What the points are, in the plural."""
        return _NOUNS[self.layer]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is left out, and why."""
        warnings = []
        if self.file_name:
            warnings.append(f"{self.noun} of the file {self.file_name}, not those of the store")
        if self.unknown_count:
            warnings.append(
                f"{self.unknown_count:,} of {len(self):,} {self.noun} have no recorded "
                f"{_RECORDED[self.weight_kind]} and are left out: unknown is not zero"
            )
        if self.far_count:
            warnings.append(
                f"{self.far_count:,} {self.noun} lie more than {FAR_M / 1000:g} km from the grid "
                "and are left out: check their coordinates"
            )
        return tuple(warnings)


def read_layer(
    connection: Connection,
    version: GridVersion,
    *,
    layer: DensityLayer,
    weight: DensityWeight,
    applications: ApplicationFilter = EVERY_APPLICATION,
    with_demands: bool = False,
) -> LayerPoints:
    """Read the points of a layer into the working CRS of a grid version.

    Raises
    ------
    InputError
        If the layer records no such weight, or applications are chosen of another layer.
    """
    check_weight(layer, weight)
    if layer is DensityLayer.APPLICATION:
        points = _applications(connection, version, weight, applications, with_demands)
    elif applications != EVERY_APPLICATION:
        raise InputError(
            "kind, customer class, status, period and file choose applications; the layer "
            f"{layer} has none of them"
        )
    else:
        points = _of_grid(connection, version, layer, weight)
    return _near(points, read_grid_ground(connection, version.version_id))


def check_weight(layer: DensityLayer, weight: DensityWeight) -> None:
    """Refuse a weight that a layer does not record.

    Raises
    ------
    InputError
        Naming the weights that there are.
    """
    if weight is DensityWeight.ENERGY_MWH and layer is not DensityLayer.LOAD:
        raise InputError(
            f"{_NOUNS[layer]} record no yearly energy; expected demand_kva, power_kw or count"
        )


def _applications(
    connection: Connection,
    version: GridVersion,
    weight: DensityWeight,
    chosen: ApplicationFilter,
    with_demands: bool,
) -> LayerPoints:
    if chosen.given is not None:
        read = given_points(chosen.given, weight=weight, chosen=chosen)
    else:
        read = read_application_points(
            connection, weight=weight, chosen=chosen, with_customers=with_demands
        )
    x_m, y_m = Projection(srid=version.working_srid).all_to_metres(read.lon, read.lat)
    demands = Demands(
        power_kw=read.power_kw,
        customer_class=np.where(read.is_generation, GENERATION_CLASS, read.customer_class),
        customer_count=np.ones(len(read.power_kw)),
    )
    return LayerPoints(
        layer=DensityLayer.APPLICATION,
        weight_kind=weight,
        x_m=x_m,
        y_m=y_m,
        weight=read.weight,
        demands=demands if with_demands else None,
        far_count=0,
        file_name="" if chosen.given is None else chosen.given.name,
    )


def _of_grid(
    connection: Connection, version: GridVersion, layer: DensityLayer, weight: DensityWeight
) -> LayerPoints:
    read = read_grid_points(connection, version.version_id, layer=layer, weight=weight)
    alike = np.full(len(read.x_m), GENERATION_CLASS, dtype=np.uint8)
    is_load = layer is DensityLayer.LOAD
    return LayerPoints(
        layer=layer,
        weight_kind=weight,
        x_m=read.x_m,
        y_m=read.y_m,
        weight=read.weight,
        demands=Demands(
            power_kw=read.power_kw,
            customer_class=read.customer_class if is_load else alike,
            customer_count=read.customer_count if is_load else np.ones(len(alike)),
        ),
        far_count=0,
    )


def _near(points: LayerPoints, ground: shapely.Geometry) -> LayerPoints:
    """Points whose place can be true."""
    near = np.isfinite(points.x_m) & np.isfinite(points.y_m)
    if not shapely.is_empty(ground):
        x_min_m, y_min_m, x_max_m, y_max_m = shapely.bounds(ground).tolist()
        near &= (points.x_m >= x_min_m - FAR_M) & (points.x_m <= x_max_m + FAR_M)
        near &= (points.y_m >= y_min_m - FAR_M) & (points.y_m <= y_max_m + FAR_M)
    return replace(
        points,
        x_m=points.x_m[near],
        y_m=points.y_m[near],
        weight=points.weight[near],
        demands=None if points.demands is None else points.demands.take(near),
        far_count=len(points) - int(np.count_nonzero(near)),
    )
