"""Which rows of a layer are meant: conditions, and named sets that conditions ask."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gisplan.errors import MappingError
from gisplan.ingest.suggestion import describe_choice
from gisplan.ingest.texts import as_number, as_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gisplan.ingest.layers import LayerRows, SourceLayers
    from gisplan.ingest.mapping import NamedSet
    from gisplan.ingest.mapping_parts import Condition
    from gisplan.model.grid import Flags

SUBJECT_LENGTH_MAX = 500


def extract_text(values: pd.Series[Any], expression: str | None) -> pd.Series[Any]:
    """Texts, or the part of each that the expression's group (else the whole match) finds.

    The expression sees at most 500 characters, so that no text can make it run for long.
    """
    texts = as_text(values)
    if expression is None:
        return texts
    pattern = re.compile(expression)
    parts = {text: _first_part(pattern, text) for text in texts.dropna().unique()}
    return texts.map(parts).astype(object)


def _first_part(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text[:SUBJECT_LENGTH_MAX])
    return match.group(pattern.groups) if match else None


class NamedSets:
    """The named sets of a mapping, each computed when it is first asked."""

    def __init__(self, specified: Mapping[str, NamedSet], layers: SourceLayers) -> None:
        self._specified = specified
        self._layers = layers
        self._known: dict[str, frozenset[str]] = {}
        self._under_way: list[str] = []

    def get(self, name: str) -> frozenset[str]:
        """Values of a set; ``MappingError`` where it is unknown or asks itself."""
        if name not in self._known:
            self._known[name] = self._compute(name)
        return self._known[name]

    def _compute(self, name: str) -> frozenset[str]:
        if name not in self._specified:
            choice = describe_choice(name, self._specified)
            raise MappingError(f"the mapping has no set {name!r}; {choice}")
        if name in self._under_way:
            raise MappingError(f"set {name!r} asks itself: {' -> '.join([*self._under_way, name])}")
        self._under_way.append(name)
        specified = self._specified[name]
        rows = self._layers.read(specified)
        kept = rows.column(specified.column)[find_all(specified.when, rows, self)]
        self._under_way.pop()
        return frozenset(extract_text(kept, specified.extract).dropna())


def find_all(conditions: Sequence[Condition], rows: LayerRows, sets: NamedSets) -> Flags:
    """Rows for which every condition holds."""
    held = np.ones(len(rows), dtype=bool)
    for condition in conditions:
        held &= find_rows(condition, rows, sets)
    return held


def find_rows(condition: Condition, rows: LayerRows, sets: NamedSets) -> Flags:
    """Rows for which one condition holds; a missing value holds for ``is_null`` only."""
    texts = extract_text(rows.column(condition.column), condition.extract)
    if condition.in_set is not None:
        return texts.isin(sets.get(condition.in_set)).to_numpy(bool)
    if condition.equals is not None or condition.one_of is not None:
        wanted = condition.one_of if condition.equals is None else (condition.equals,)
        return texts.isin(as_text(pd.Series(list(wanted or ()), dtype=object))).to_numpy(bool)
    if condition.is_null is not None:
        return (texts.isna() == condition.is_null).to_numpy(bool)
    numbers, _ = as_number(texts)
    if condition.at_least is not None:
        return np.asarray(numbers >= condition.at_least)
    return np.asarray(numbers < condition.below)
