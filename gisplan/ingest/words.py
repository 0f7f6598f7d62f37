"""Words that planners' data use for our codes, in English, German and Chinese, and dates.

Words are compared in lower case, with one underscore for every run of spaces and hyphens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from gisplan.ingest.texts import as_text

YEAR_MIN = 1900

LAYING_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "buried": "direct_burial",
        "direct_buried": "direct_burial",
        "erdverlegt": "direct_burial",
        "直埋": "direct_burial",
        "ducts": "duct",
        "conduit": "duct",
        "leerrohr": "duct",
        "排管": "duct",
        "穿管": "duct",
        "cable_trough": "trough",
        "kabelkanal": "trough",
        "电缆沟": "trough",
        "电缆槽": "trough",
        "hdd": "drilling",
        "directional_drilling": "drilling",
        "horizontal_directional_drilling": "drilling",
        "bohrung": "drilling",
        "spülbohrung": "drilling",
        "顶管": "drilling",
        "拉管": "drilling",
        "定向钻": "drilling",
        "水平定向钻": "drilling",
        "overhead": "overhead_span",
        "span": "overhead_span",
        "freileitung": "overhead_span",
        "架空": "overhead_span",
        "未知": "unknown",
    }
)
BARRIER_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "street": "road",
        "highway": "road",
        "motorway": "road",
        "straße": "road",
        "strasse": "road",
        "道路": "road",
        "公路": "road",
        "railway": "rail",
        "bahn": "rail",
        "gleis": "rail",
        "铁路": "rail",
        "轨道": "rail",
        "river": "water",
        "stream": "water",
        "canal": "water",
        "waterway": "water",
        "gewässer": "water",
        "河流": "water",
        "河道": "water",
        "水系": "water",
        "gas": "gas_main",
        "gas_pipe": "gas_main",
        "gasleitung": "gas_main",
        "燃气管": "gas_main",
        "燃气管道": "gas_main",
        "heat": "heat_main",
        "district_heating": "heat_main",
        "heat_pipe": "heat_main",
        "fernwärme": "heat_main",
        "热力管": "heat_main",
        "热力管道": "heat_main",
        "water_pipe": "water_main",
        "drinking_water": "water_main",
        "wasserleitung": "water_main",
        "给水管": "water_main",
        "供水管": "water_main",
        "自来水管": "water_main",
    }
)

_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]\d{1,2}:.*)?")
_CHINESE = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日")
_GERMAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")


def translate_words(
    texts: pd.Series[Any], choices: tuple[str, ...], words: Mapping[str, str]
) -> pd.Series[Any]:
    """Return our words where a text is one, or another word for one; the rest stays as it is."""
    known = {**words, **{choice: choice for choice in choices}}
    plain = texts.map(_plain, na_action="ignore")
    return texts.where(~plain.isin(list(known)), plain.map(known)).astype(object)


def as_date(values: pd.Series[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Values as ordinals of their days (NaN: missing or unreadable), and which were unreadable.

    Read are 2027-03-01 (with a time or without), 2027/3/1, 20270301, 1.3.2027 and 2027年3月1日. A
    day that could be read in two ways, as 1/3/2027, is unreadable.
    """
    texts = as_text(values)
    days = {text: _read_day(text) for text in texts.dropna().unique()}
    ordinals = texts.map(days).to_numpy(np.float64)
    return ordinals, texts.notna().to_numpy() & np.isnan(ordinals)


def _plain(text: str) -> str:
    return re.sub(r"[\s\-]+", "_", text.strip().lower())


def _read_day(text: str) -> float:
    if found := _GERMAN.fullmatch(text):
        day, month, year = map(int, found.groups())
    elif found := _ISO.fullmatch(text) or _COMPACT.fullmatch(text) or _CHINESE.fullmatch(text):
        year, month, day = map(int, found.groups())
    else:
        return float("nan")
    try:
        return float(date(year, month, day).toordinal()) if year >= YEAR_MIN else float("nan")
    except ValueError:
        return float("nan")
