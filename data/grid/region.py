"""What the derivation reads of the published sample region."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyogrio

SRID = 25832
Shapes = npt.NDArray[Any]
"""Array of shapely geometry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """What the derivation reads of the sample region."""

    customers: gpd.GeoDataFrame
    heat_pumps: gpd.GeoDataFrame
    mv_buses: gpd.GeoDataFrame
    mv_lines: gpd.GeoDataFrame
    transformers: gpd.GeoDataFrame
    lv_mains: gpd.GeoDataFrame
    gas_mains: gpd.GeoDataFrame

    @property
    def mains(self) -> Shapes:
        """Geometry of all mains: evidence of streets, and what no house may stand on."""
        layers = (self.lv_mains, self.gas_mains, self.mv_lines)
        return np.concatenate([layer.geometry.to_numpy() for layer in layers])


def read_region(source: Path) -> Region:
    """Read the published layers; every bus of the LV file knows its transformer zone."""
    layer = {name: gpd.read_file(source, layer=name) for name, _ in pyogrio.list_layers(source)}
    zone_of = layer["lv_bus"].set_index("idx")["zone"]
    mains = layer["lv_line"][layer["lv_line"]["std_type"].str.startswith("NAYY 4x150")]
    return Region(
        customers=layer["customer"].assign(zone=layer["customer"]["bus"].map(zone_of)),
        heat_pumps=layer["hp_application"],
        mv_buses=layer["mv_bus"].set_index("idx"),
        mv_lines=layer["mv_line"],
        transformers=layer["mv_trafo"],
        lv_mains=mains.assign(zone=mains["from_bus"].map(zone_of)),
        gas_mains=layer["gas_main"],
    )
