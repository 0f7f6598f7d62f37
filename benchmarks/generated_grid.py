"""A radial low-voltage grid of any size, as columns ready to be loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

WORKING_SRID = 25832
ROW_LENGTH = 1000  # buses in one row of the plan
SPACING_M = 20.0

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedTable:
    """Columns and geometry of one table, as the project's writer takes them."""

    name: str
    columns: dict[str, Array]
    geometry: Array | None = None


def generate_grid(line_count: int) -> list[GeneratedTable]:
    """Make a tree: bus i hangs on bus i // 2 or, for many of them, on the bus beside it."""
    child = np.arange(1, line_count + 1)
    parent = np.where(child % 3 == 0, child // 2, child - 1)
    xy_m = _places(line_count + 1)
    return [
        _buses(xy_m),
        _lines(parent, child, xy_m),
        GeneratedTable(
            name="source",
            columns={
                "source_id": _texts("infeed {}", np.arange(1)),
                "bus_id": _texts("lv/{}", np.arange(1)),
                "voltage_pu": np.ones(1),
            },
        ),
    ]


def _places(count: int) -> npt.NDArray[np.float64]:
    number = np.arange(count)
    noise_m = np.random.default_rng(1).uniform(-5, 5, (count, 2))
    grid_m = np.column_stack((number % ROW_LENGTH, number // ROW_LENGTH)) * SPACING_M
    xy_m: npt.NDArray[np.float64] = np.array([415_000.0, 5_360_000.0]) + grid_m + noise_m
    return xy_m


def _buses(xy_m: npt.NDArray[np.float64]) -> GeneratedTable:
    number = np.arange(len(xy_m))
    return GeneratedTable(
        name="bus",
        columns={
            "bus_id": _texts("lv/{}", number),
            "name": _texts("bus {}", number),
            "bus_kind": _constant("joint", len(number)),
            "nominal_voltage_v": np.full(len(number), 400.0),
        },
        geometry=np.asarray(shapely.points(xy_m)),
    )


def _lines(
    parent: npt.NDArray[np.int64], child: npt.NDArray[np.int64], xy_m: npt.NDArray[np.float64]
) -> GeneratedTable:
    count = len(child)
    corner = np.column_stack((xy_m[parent, 0], xy_m[child, 1]))
    vertices = np.stack((xy_m[parent], corner, xy_m[child]), axis=1)
    shapes = np.asarray(shapely.linestrings(vertices))
    return GeneratedTable(
        name="line",
        columns={
            "line_id": _texts("lv/{}", child),
            "name": _texts("line {}", child),
            "from_bus_id": _texts("lv/{}", parent),
            "to_bus_id": _texts("lv/{}", child),
            "length_m": np.asarray(shapely.length(shapes)),
            "resistance_ohm_per_km": np.full(count, 0.208),
            "reactance_ohm_per_km": np.full(count, 0.080),
            "capacitance_nf_per_km": np.full(count, 261.0),
            "rated_current_a": np.where(child % 10 == 0, np.nan, 270.0),
            "parallel_count": np.ones(count),
            "installation": _constant("cable", count),
            "role": _constant("main", count),
            "conductor_type": _constant("NAYY 4x150", count),
            "in_service": np.ones(count),
        },
        geometry=shapes,
    )


def _texts(form: str, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
    return np.array([form.format(number) for number in numbers.tolist()], dtype=object)


def _constant(text: str, count: int) -> npt.NDArray[np.object_]:
    return np.full(count, text, dtype=object)
