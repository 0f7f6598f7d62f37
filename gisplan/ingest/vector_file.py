"""Shapes of one file that a user hands over: of its first layer, with the CRS that it states."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyogrio
from pyproj import CRS

from gisplan.errors import SourceError
from gisplan.ingest.wkb import read_wkb

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

PREFIX_BYTES = 65_536
MEMBERS_MAX = 1000
INDIRECT = b"<OGRVRT"


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorFile:
    """Shapes (``None`` where a row has none), their CRS, and the columns that were asked for."""

    shape: npt.NDArray[np.object_]
    crs: CRS
    columns: Mapping[str, npt.NDArray[Any]]


def read_vector_file(
    path: Path,
    *,
    expected: str,
    columns: Sequence[str] | None = (),
    features_max: int | None = None,
) -> VectorFile:
    """Read the first layer of a file.

    Parameters
    ----------
    expected : what the file should hold, for messages
    columns : columns to read beside the shapes, where there are such; ``None`` reads all
    features_max : no more rows than this are read

    Raises
    ------
    SourceError
        If the file is not there, only refers to others, cannot be read, or states no CRS.
    """
    if not path.is_file():
        raise SourceError(f"{path} is not there; expected a file with {expected}")
    refuse_indirect(path)
    try:
        meta, _, wkb, values = pyogrio.raw.read(
            path,
            columns=None if columns is None else list(columns),
            max_features=features_max,
            datetime_as_string=True,
        )
        crs = CRS.from_user_input(meta["crs"]) if meta["crs"] else None
    except (RuntimeError, ValueError, IndexError) as error:  # what GDAL and PROJ raise
        why = str(error).partition("; It might help")[0]
        raise SourceError(
            f"{path} cannot be read, no vector source that GDAL knows ({why}); expected a file "
            f"with {expected}"
        ) from error
    if crs is None:
        raise SourceError(
            f"{path} states no CRS; write it into the file, for instance with ogr2ogr -a_srs "
            "EPSG:4326"
        )
    fields = dict(zip(map(str, meta["fields"]), values, strict=True))
    return VectorFile(shape=read_wkb(wkb), crs=crs, columns=fields)


def refuse_indirect(path: Path) -> None:
    """Refuse files that make GDAL open other files or addresses in their stead.

    Raises
    ------
    SourceError
        If the file, or one in an archive, is of that kind.
    """
    if not path.is_file():
        return
    with path.open("rb") as file:
        is_indirect = INDIRECT in file.read(PREFIX_BYTES)
    if is_indirect or (zipfile.is_zipfile(path) and _holds_indirect(path)):
        raise SourceError(f"{path} only refers to other sources; give those themselves")


def _holds_indirect(path: Path) -> bool:
    """Tell whether a file in an archive, or one that cannot be looked at, may refer to others."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MEMBERS_MAX:
                return True
            for member in members:
                with archive.open(member) as file:
                    if INDIRECT in file.read(PREFIX_BYTES):
                        return True
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError):
        return True
    return False
