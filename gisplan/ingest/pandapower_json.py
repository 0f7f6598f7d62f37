"""pandapower's JSON read as layers, without pandapower and without running anything in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import pandas as pd
import shapely

from gisplan.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

NET_CLASS = "pandapowerNet"
PREFIX_BYTES = 4096
FILE_BYTES_MAX = 2_000_000_000

# Tables that become rows of the grid; an element of any other one is told, not lost in silence.
MAPPED = ("bus", "line", "trafo", "load", "sgen", "gen", "switch", "ext_grid")
UNSUPPORTED = (
    *("trafo3w", "impedance", "xward", "ward", "shunt", "motor", "storage", "dcline"),
    *("asymmetric_load", "asymmetric_sgen", "tcsc", "svc", "ssc", "vsc", "b2b_vsc"),
    *("bus_dc", "line_dc", "load_dc", "source_dc"),
)

# Columns that pandapower writes only where somebody gave a value.
OPTIONAL_COLUMNS = {
    "line": ("r0_ohm_per_km", "x0_ohm_per_km", "c0_nf_per_km"),
    "ext_grid": ("s_sc_max_mva", "s_sc_min_mva", "rx_max"),
}


def is_pandapower_json(path: Path) -> bool:
    """Whether the file says of itself that it is a pandapower network."""
    if path.suffix.lower() != ".json":
        return False
    with path.open("rb") as file:
        return NET_CLASS.encode() in file.read(PREFIX_BYTES)


def load_pandapower_tables(path: Path) -> dict[str, pd.DataFrame]:
    """Read the tables of elements; the row number of pandapower becomes the column ``idx``.

    Columns for short circuits and the zero sequence are there always, empty where they lack.

    Raises
    ------
    SourceError
        The file is not JSON, or not as pandapower 3 writes it.
    """
    if path.stat().st_size > FILE_BYTES_MAX:
        raise SourceError(
            f"{path} has more than {FILE_BYTES_MAX} bytes, which is no network we read"
        )
    try:
        net = json.loads(path.read_bytes())["_object"]
        named = (name for name in (*MAPPED, *UNSUPPORTED) if name in net)
        tables = {name: _with_optional(name, _read_table(net[name])) for name in named}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SourceError(f"{path} is no pandapower JSON that can be read: {error!r}") from error
    if "geo" not in tables.get("bus", pd.DataFrame()):
        raise SourceError(
            f"{path}: table bus has no column geo; save the network with pandapower 3 or newer"
        )
    return tables


def find_unsupported(tables: dict[str, pd.DataFrame]) -> dict[str, int]:
    """Count the elements of tables that the grid has no place for."""
    return {name: len(tables[name]) for name in UNSUPPORTED if len(tables.get(name, ()))}


def read_places(table: pd.DataFrame) -> np.ndarray | None:
    """Geometry (lon/lat) of the column ``geo``; ``None`` where the table has no such column."""
    if "geo" not in table:
        return None
    texts = [text if isinstance(text, str) and text else None for text in table["geo"]]
    return cast("np.ndarray", shapely.from_geojson(texts, on_invalid="ignore"))


def _with_optional(name: str, table: pd.DataFrame) -> pd.DataFrame:
    lacking = [column for column in OPTIONAL_COLUMNS.get(name, ()) if column not in table]
    return table.assign(**dict.fromkeys(lacking))


def _read_table(stored: dict[str, object]) -> pd.DataFrame:
    """Build one data frame of pandapower's split orientation (a JSON text inside the JSON)."""
    content = json.loads(str(stored["_object"]))
    frame = pd.DataFrame(content["data"], columns=content["columns"], index=content["index"])
    return frame.rename_axis("idx").reset_index()
