"""Chinese words on pictures: with a font of the machine, for the drawing library brings none."""

from __future__ import annotations

import re
import textwrap
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.font_manager import findSystemFonts, fontManager
from matplotlib.text import Text

from gisplan.export.density_phrases import Language

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Microsoft YaHei",
    "PingFang SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
    "Droid Sans Fallback",
)
"""Families with simplified Chinese, the best first."""

_FILE_STARTS = (
    "notosanscjk",
    "notosanssc",
    "sourcehansans",
    "msyh",
    "pingfang",
    "wqy",
    "simhei",
    "droidsansfallback",
)
LATIN_FONT = "DejaVu Sans"
NO_FONT = (
    "this machine has no Chinese font, so the words are English: install one, for example "
    "Noto Sans CJK"
)
_WIDE = "\u2e80-\uffef"
_PIECES = re.compile(rf"[{_WIDE}]|[^\s{_WIDE}]+|\s+")
_IS_WIDE = re.compile(rf"[{_WIDE}]")
_NEVER_FIRST = "，。；：、）"
_WIDE_UNITS = 1.65
"""Widths of a Latin letter that a Chinese character takes."""


@cache
def find_chinese_font() -> str | None:
    """Return the best of the Chinese fonts that the machine has.

    The drawing library remembers its list of fonts for good, so files are looked at where it knows
    none.
    """
    if _best_known() is None:
        for path in findSystemFonts():
            if Path(path).stem.lower().startswith(_FILE_STARTS):
                fontManager.addfont(path)
    return _best_known()


def _best_known() -> str | None:
    known = {font.name for font in fontManager.ttflist}
    return next((name for name in CHINESE_FONTS if name in known), None)


def possible_language(wanted: Language) -> Language:
    """Return the language that a picture can have here: English where a font is missing."""
    is_possible = wanted is Language.ENGLISH or find_chinese_font() is not None
    return wanted if is_possible else Language.ENGLISH


def language_warnings(wanted: Language) -> tuple[str, ...]:
    """Return what to say where a picture cannot have the language that is wanted."""
    return () if possible_language(wanted) is wanted else (NO_FONT,)


def use_language(figure: Figure, language: Language) -> None:
    """Let every text of a figure find its characters; Latin ones stay in the usual font."""
    font = find_chinese_font()
    if language is Language.ENGLISH or font is None:
        return
    for text in figure.findobj(Text):
        if isinstance(text, Text) and _IS_WIDE.search(text.get_text()):
            text.set_fontfamily([LATIN_FONT, font])
            text.set_fontweight("normal")  # many of these fonts have no bold, which is warned of


def width_units(text: str) -> float:
    """Return about how many Latin letters wide a text is."""
    wide = len(_IS_WIDE.findall(text))
    return len(text) - wide + _WIDE_UNITS * wide


def wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines of so many Latin letters; Chinese may be broken anywhere."""
    if not _IS_WIDE.search(text):
        return textwrap.wrap(text, width)
    lines = [""]
    for piece in _PIECES.findall(text):
        is_full = width_units(lines[-1] + piece.rstrip()) > width
        if lines[-1] and is_full and piece not in _NEVER_FIRST:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return [line.rstrip() for line in lines]
