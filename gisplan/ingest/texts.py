"""Values of unknown columns as texts, numbers and flags; what cannot be read stays visible."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pandas as pd

TRUE_WORDS = frozenset({"true", "t", "yes", "y", "1", "ja", "是"})
FALSE_WORDS = frozenset({"false", "f", "no", "n", "0", "nein", "否"})
DECIMAL_COMMA = r"\s*[+-]?\d*,\d+\s*"


def as_text(values: pd.Series[Any]) -> pd.Series[Any]:
    """Values as trimmed texts, ``None`` where missing: 12.0 is "12", True is "true"."""
    if pd.api.types.is_bool_dtype(values.dtype) and not values.isna().any():
        texts = np.where(values.to_numpy(bool), "true", "false").astype(object)
    elif pd.api.types.is_integer_dtype(values.dtype) and not values.isna().any():
        texts = values.to_numpy().astype(str).astype(object)
    else:
        texts = np.array([_text_of(value) for value in values], dtype=object)
    return pd.Series(texts, index=values.index, dtype=object)


def as_number(values: pd.Series[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Values as float64 (NaN where missing or unreadable), and which were unreadable."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.to_numpy(np.float64, na_value=np.nan), np.zeros(len(values), bool)
    texts = as_text(values)
    numbers = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64)
    return numbers, texts.notna().to_numpy() & np.isnan(numbers)


def as_flag(values: pd.Series[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Values as 1.0, 0.0 or NaN (missing or unreadable), and which were unreadable."""
    texts = as_text(values)
    words = texts.map(str.lower, na_action="ignore")
    flags = np.full(len(values), np.nan)
    flags[words.isin(TRUE_WORDS).to_numpy()] = 1.0
    flags[words.isin(FALSE_WORDS).to_numpy()] = 0.0
    return flags, texts.notna().to_numpy() & np.isnan(flags)


def read_decimal_commas(frame: pd.DataFrame) -> pd.DataFrame:
    """Write 1,5 as 1.5 in every text column."""
    changed = {
        str(name): column.map(_point_for_comma)
        for name, column in frame.items()
        if not pd.api.types.is_numeric_dtype(column.dtype)
    }
    return frame.assign(**changed)


def _point_for_comma(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(DECIMAL_COMMA, value):
        return value.replace(",", ".")
    return value


def _text_of(value: object) -> str | None:
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        if math.isnan(value):
            return None
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    return str(value).strip() or None
