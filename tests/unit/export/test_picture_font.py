"""Chinese on pictures: with a font of the machine, else English and a warning."""

from __future__ import annotations

from dataclasses import replace

import pytest
from matplotlib.font_manager import FontEntry, fontManager
from matplotlib.text import Text

from gisplan.export import picture_font
from gisplan.export.classed_picture import PictureLabels
from gisplan.export.density_phrases import Language
from gisplan.export.density_picture import draw_density
from gisplan.export.picture_font import (
    NO_FONT,
    find_chinese_font,
    language_warnings,
    possible_language,
    width_units,
    wrapped,
)
from tests.unit.export.surfaces import surface

LABELS = PictureLabels(
    title="Applications: density of the contract capacity", language=Language.CHINESE
)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch):
    """A machine without a Chinese font."""
    monkeypatch.setattr(picture_font, "CHINESE_FONTS", ("No Such Font",))
    monkeypatch.setattr(picture_font, "_FILE_STARTS", ("no-such-file",))
    find_chinese_font.cache_clear()
    yield
    find_chinese_font.cache_clear()


@pytest.fixture
def equipped(monkeypatch: pytest.MonkeyPatch):
    """A machine that has one: the usual font under the name of a Chinese one."""
    known = next(font for font in fontManager.ttflist if font.name == "DejaVu Sans")
    entry = FontEntry(fname=known.fname, name="SimHei")
    monkeypatch.setattr(fontManager, "ttflist", [*fontManager.ttflist, entry])
    monkeypatch.setattr(picture_font, "CHINESE_FONTS", ("SimHei",))
    find_chinese_font.cache_clear()
    yield
    find_chinese_font.cache_clear()


def texts(figure) -> list[Text]:
    return [one for one in figure.findobj(Text) if one.get_text()]


def test_without_a_font_the_words_are_english_and_say_why(bare):
    figure = draw_density(surface(), LABELS)
    found = " ".join(one.get_text() for one in texts(figure))
    assert LABELS.title in found
    assert NO_FONT.split(",")[0] in found
    assert possible_language(Language.CHINESE) is Language.ENGLISH
    assert language_warnings(Language.ENGLISH) == ()


def test_with_a_font_the_words_are_chinese(equipped):
    assert language_warnings(Language.CHINESE) == ()
    figure = draw_density(surface(), LABELS)
    found = {one.get_text(): one for one in texts(figure)}
    title = found["用电申请：合同容量密度"]
    assert title.get_fontfamily() == ["DejaVu Sans", "SimHei"]
    assert any(text.startswith("小于") for text in found)
    assert not any(text.startswith("less than") for text in found)


def test_words_of_the_caller_stay_as_they_are(equipped):
    named = replace(LABELS, title="Heat pumps of 2026")
    assert "Heat pumps of 2026" in {one.get_text() for one in texts(draw_density(surface(), named))}


def test_chinese_is_wider_and_broken_anywhere_but_before_a_stop():
    assert width_units("ab") == 2
    assert width_units("电网") == pytest.approx(3.3)
    lines = wrapped("电网电网，电网", 7)
    assert lines == ["电网电网，", "电网"]
    assert all(width_units(line.rstrip("，")) <= 7 for line in lines)


def test_latin_words_are_kept_whole():
    assert wrapped("kernel of the grid", 9) == ["kernel of", "the grid"]
    assert wrapped("栅格 kernel of", 12) == ["栅格 kernel", "of"]
