"""The picture of the corridors."""

from pathlib import Path

from gisplan.export.network_picture import draw_network, write_network_png
from gisplan.export.network_style import FAULT_STYLES, MAIN_PART_COLOUR, PART_COLOURS, part_colour
from gisplan.network.network_report import FaultKind
from tests.networks import answer_of, broken_town


def test_every_kind_of_fault_has_a_style_with_both_names() -> None:
    assert list(FAULT_STYLES) == list(FaultKind)
    assert all(style.english and style.chinese for style in FAULT_STYLES.values())


def test_longest_part_is_quiet_and_colours_come_again() -> None:
    assert part_colour(1) == MAIN_PART_COLOUR
    assert part_colour(2) == part_colour(2 + len(PART_COLOURS)) == PART_COLOURS[0]


def test_legend_tells_what_is_on_the_map() -> None:
    (legend,) = draw_network(broken_town()).legends
    texts = [text.get_text() for text in legend.get_texts()]
    assert texts[:3] == ["longest part", "1 other part(s)", "separate part: 1"]
    assert "no free duct: 1" in texts
    assert not any(text.startswith("drawn twice") for text in texts)


def test_same_answer_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        write_network_png(broken_town(), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_grid_without_corridors_is_drawn_empty(tmp_path: Path) -> None:
    write_network_png(answer_of("S1-A 100 service"), tmp_path / "empty.png")
    assert (tmp_path / "empty.png").stat().st_size > 1000
