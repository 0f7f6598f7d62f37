"""Layers of vector sources as attributes and geometry, read once each."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
import pyogrio
import pyogrio.errors
from pyproj import CRS
from pyproj.exceptions import CRSError

from gisplan.errors import MappingError, SourceError
from gisplan.ingest.pandapower_json import (
    find_unsupported,
    is_pandapower_json,
    load_pandapower_tables,
    read_places,
)
from gisplan.ingest.suggestion import describe_choice
from gisplan.ingest.vector_file import refuse_indirect
from gisplan.ingest.wkb import read_wkb

if TYPE_CHECKING:
    from pathlib import Path

    from gisplan.ingest.mapping_parts import LayerReference

LONLAT = CRS.from_epsg(4326)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRows:
    """Rows of one layer: attributes, and geometry (shapely, ``None`` where absent) in ``crs``.

    ``doubts`` is what the reader of the format said while it read.
    """

    title: str
    frame: pd.DataFrame
    geometry: np.ndarray
    crs: CRS | None
    doubts: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.frame)

    def column(self, name: str) -> pd.Series[Any]:
        """One attribute column, or ``MappingError`` with what there is."""
        if name not in self.frame:
            raise MappingError(
                f"layer {self.title} has no column {name!r};"
                f" {describe_choice(name, map(str, self.frame.columns))}"
            )
        return self.frame[name]

    def keep(self, rows: np.ndarray) -> LayerRows:
        """Rows of a mask."""
        frame = self.frame[rows].reset_index(drop=True)
        return replace(self, frame=frame, geometry=self.geometry[rows])

    def with_geometry(self, geometry: np.ndarray, crs: CRS | None) -> LayerRows:
        """Same attributes, other places."""
        return replace(self, geometry=geometry, crs=crs)


class Source(Protocol):
    """One file or folder that holds layers."""

    @property
    def names(self) -> Sequence[str]:
        """Names of the layers."""

    def read(self, layer: str, reference: LayerReference) -> LayerRows:
        """Read one layer, or the rows of it that the reference's filter keeps."""

    def find_unsupported(self) -> Mapping[str, int]:
        """Count elements that the source holds and nobody can map."""


class VectorSource:
    """Anything that GDAL reads, through pyogrio."""

    def __init__(self, path: Path) -> None:
        refuse_indirect(path)
        self._path = path

    @cached_property
    def names(self) -> Sequence[str]:
        """Names of the layers."""
        try:
            return [str(name) for name, _ in pyogrio.list_layers(self._path)]
        except pyogrio.errors.DataSourceError as error:
            raise SourceError(f"{self._path} is no vector source that GDAL reads") from error

    def read(self, layer: str, reference: LayerReference) -> LayerRows:
        """Read one layer, or the rows of it that the reference's filter keeps."""
        try:
            with warnings.catch_warnings(record=True) as doubts:
                warnings.simplefilter("always")
                meta, _, wkb, fields = pyogrio.raw.read(
                    self._path,
                    layer=layer,
                    where=reference.where,
                    encoding=reference.encoding,
                    datetime_as_string=True,
                )
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
            raise SourceError(f"layer {layer} of {self._path} cannot be read") from error
        except (ValueError, RuntimeError, UnicodeDecodeError) as error:
            raise MappingError(f"layer {layer} of {self._path.name}: {error}") from error
        frame = pd.DataFrame(dict(zip(meta["fields"], fields, strict=True)))
        if not len(meta["fields"]):
            frame = pd.DataFrame(index=range(0 if wkb is None else len(wkb)))
        return LayerRows(
            title=layer,
            frame=frame,
            geometry=_read_wkb(wkb, len(frame)),
            crs=_read_crs(meta["crs"], layer),
            doubts=tuple(dict.fromkeys(str(doubt.message) for doubt in doubts)),
        )

    def find_unsupported(self) -> Mapping[str, int]:
        """Return nothing: what a vector source holds is the mapping's choice."""
        return {}


class PandapowerSource:
    """The element tables of a pandapower JSON as layers in lon/lat."""

    def __init__(self, path: Path) -> None:
        self._tables = load_pandapower_tables(path)

    @property
    def names(self) -> Sequence[str]:
        """Names of the tables."""
        return list(self._tables)

    def read(self, layer: str, reference: LayerReference) -> LayerRows:
        """Read one table; pandapower tables know no filter."""
        if reference.where:
            raise MappingError(f"table {layer} is of a pandapower JSON: use skip instead of where")
        frame = self._tables[layer]
        places = read_places(frame)
        geometry = _no_geometry(len(frame)) if places is None else places
        return LayerRows(
            title=layer,
            frame=frame.drop(columns="geo", errors="ignore"),
            geometry=geometry,
            crs=LONLAT,
        )

    def find_unsupported(self) -> Mapping[str, int]:
        """Count elements of tables that the grid has no place for."""
        return find_unsupported(self._tables)


class SourceLayers:
    """All sources of one load; every layer is read once."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self._sources = {name: open_source(path) for name, path in paths.items()}
        self._read: dict[tuple[str, str, str | None, str | None], LayerRows] = {}

    def read(self, reference: LayerReference) -> LayerRows:
        """Rows of a layer; ``MappingError`` names what there is where it is unknown."""
        source = self._sources.get(reference.source)
        if source is None:
            choice = describe_choice(reference.source, self._sources)
            raise MappingError(f"the mapping names no source {reference.source!r}; {choice}")
        layer = _choose_layer(reference, source)
        key = (reference.source, layer, reference.where, reference.encoding)
        if key not in self._read:
            self._read[key] = source.read(layer, reference)
        return self._read[key]

    def find_unsupported(self) -> dict[str, int]:
        """Count elements that the sources hold and nobody can map, by table."""
        return {
            table: count
            for source in self._sources.values()
            for table, count in source.find_unsupported().items()
        }


def open_source(path: Path) -> Source:
    """Open a file or folder by what it is."""
    return PandapowerSource(path) if is_pandapower_json(path) else VectorSource(path)


def _choose_layer(reference: LayerReference, source: Source) -> str:
    if reference.layer is None:
        if len(source.names) != 1:
            raise MappingError(
                f"source {reference.source!r} has {len(source.names)} layers, so say which:"
                f" {describe_choice('', source.names)}"
            )
        return source.names[0]
    if reference.layer not in source.names:
        raise MappingError(
            f"source {reference.source!r} has no layer {reference.layer!r};"
            f" {describe_choice(reference.layer, source.names)}"
        )
    return reference.layer


def _read_wkb(wkb: np.ndarray | None, count: int) -> np.ndarray:
    if wkb is None:
        return _no_geometry(count)
    return read_wkb(wkb)


def _no_geometry(count: int) -> np.ndarray:
    return np.full(count, None, dtype=object)


def _read_crs(text: str | None, layer: str) -> CRS | None:
    try:
        return CRS.from_user_input(text) if text else None
    except CRSError as error:
        raise SourceError(f"layer {layer} has a CRS that PROJ does not know: {text}") from error
