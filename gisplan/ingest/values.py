"""Values of our columns, as a mapping derives them from the rows of a source layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from gisplan.errors import MappingError
from gisplan.ingest.placing import BusIndex
from gisplan.ingest.selection import NamedSets, extract_text, find_rows
from gisplan.ingest.texts import as_number, as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gisplan.ingest.layers import LayerRows, SourceLayers
    from gisplan.ingest.mapping_parts import Case, Lookup, Value
    from gisplan.ingest.tables import Scalar

UNMAPPED_SHOWN_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueContext:
    """What values may refer to beside their own row."""

    layers: SourceLayers
    sets: NamedSets
    buses: BusIndex


def build_values(value: Value, rows: LayerRows, context: ValueContext) -> pd.Series[Any]:
    """Evaluate one column of a mapping; missing is null, what is no number stays as it is.

    Raises
    ------
    MappingError
        The mapping names a column, layer or set that does not exist, a table of values that lacks
        one, or a lookup whose key stands for several values.
    """
    found = _read_origin(value, rows, context)
    if value.extract is not None:
        found = extract_text(found, value.extract)
    for lookup in value.lookup:
        found = _look_up(found, lookup, context)
    if value.values is not None:
        found = _translate(found, value, rows)
    found = _scale(found, value, rows)
    if value.format is not None:
        found = as_text(found).map(value.format.format, na_action="ignore").astype(object)
    if value.otherwise is not None and found.isna().any():
        found = _fill(found, build_values(value.otherwise, rows, context), found.isna().to_numpy())
    return found


def _read_origin(value: Value, rows: LayerRows, context: ValueContext) -> pd.Series[Any]:
    if value.column is not None:
        return rows.column(value.column)
    if value.cases is not None:
        return _decide(value.cases, rows, context)
    if value.nearest_bus is not None:
        ids = context.buses.find_nearest(
            shapely.point_on_surface(rows.geometry),
            within_m=value.nearest_bus.within_m,
            nominal_voltage_v=value.nearest_bus.nominal_voltage_v,
        )
        return pd.Series(ids, dtype=object)
    if value.length_of_geometry:
        return pd.Series(shapely.length(rows.geometry), dtype=np.float64)
    return pd.Series([value.value] * len(rows), dtype=object).infer_objects()


def _decide(cases: tuple[Case, ...], rows: LayerRows, context: ValueContext) -> pd.Series[Any]:
    """Take the result of the first case that holds; null where none does."""
    decided = pd.Series([None] * len(rows), dtype=object)
    for case in reversed(cases):
        held = find_rows(case, rows, context.sets)
        decided = _fill(decided, build_values(case.then, rows, context), held)
    return decided


def _fill(base: pd.Series[Any], other: pd.Series[Any], rows: np.ndarray) -> pd.Series[Any]:
    return base.astype(object).where(~rows, other.astype(object))


def _look_up(found: pd.Series[Any], lookup: Lookup, context: ValueContext) -> pd.Series[Any]:
    other = context.layers.read(lookup)
    keys = extract_text(other.column(lookup.key), lookup.extract)
    pairs = pd.DataFrame({"key": keys, "value": other.column(lookup.value)}).dropna(subset="key")
    pairs = pairs.drop_duplicates()
    repeated = pairs["key"].duplicated()
    if repeated.any():
        key = pairs["key"][repeated].iloc[0]
        raise MappingError(
            f"lookup in layer {other.title}: {lookup.key} {key!r} stands for several values of"
            f" {lookup.value}; make the key unique with where"
        )
    return as_text(found).map(pairs.set_index("key")["value"].to_dict()).astype(object)


def _translate(found: pd.Series[Any], value: Value, rows: LayerRows) -> pd.Series[Any]:
    """Replace by a table of values; what it lacks needs an ``otherwise``."""
    table: Mapping[str, Scalar] = value.values or {}
    texts = as_text(found)
    unknown = texts[texts.notna() & ~texts.isin(list(table))]
    if len(unknown) and value.otherwise is None:
        names = sorted(unknown.unique())
        shown = ", ".join(repr(name) for name in names[:UNMAPPED_SHOWN_MAX])
        raise MappingError(
            f"layer {rows.title}, column {value.column}: {len(unknown)} rows hold values that the"
            f" table of values lacks: {shown}; add them or say what otherwise"
        )
    return texts.map(dict(table)).astype(object)


def _scale(found: pd.Series[Any], value: Value, rows: LayerRows) -> pd.Series[Any]:
    """Multiply, take the remainder; texts that are no numbers stay, to be told with their row."""
    if value.factor is None and value.scale_by is None and value.modulo is None:
        return found
    numbers, unreadable = as_number(found)
    if value.factor is not None:
        numbers = numbers * value.factor
    if value.scale_by is not None:
        by, by_unreadable = as_number(rows.column(value.scale_by))
        numbers, unreadable = numbers * by, unreadable | by_unreadable
    if value.modulo is not None:
        numbers = np.mod(numbers, value.modulo)
    scaled = pd.Series(numbers, dtype=np.float64)
    return _fill(scaled, found, unreadable) if unreadable.any() else scaled
