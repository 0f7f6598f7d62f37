"""The HTML map of the corridors."""

from maps.network_map import FAULTS_SHOWN, PARTS_SHOWN, render_network
from maps.offline import find_loaded_addresses
from tests.networks import answer_of, broken_town, street


def test_map_is_one_file_in_both_languages() -> None:
    html = render_network(broken_town())
    assert find_loaded_addresses(html) == ()
    assert "<title>Corridors · 电缆通道</title>" in html
    assert "separate part · 孤立部分" in html
    assert "broken at" in html


def test_names_from_outside_are_escaped() -> None:
    html = render_network(broken_town())
    assert "<K9>" not in html
    assert "&lt;K9&gt;" in html


def test_network_in_one_piece_is_said_to_be() -> None:
    html = render_network(answer_of("S1-A 100", street("0,3 100,3")))
    assert "in one piece · 连通" in html
    assert "Where it is broken" not in html


def test_grid_without_corridors_has_a_map_too() -> None:
    assert "there are no corridors at all" in render_network(answer_of("S1-A 100 service"))


def test_long_lists_are_cut_and_say_so() -> None:
    parts = [street(f"{n * 900},30000 {n * 900 + 50},30000") for n in range(1, 70)]
    answer = broken_town(*parts)
    html = render_network(answer)
    assert f"and {71 - PARTS_SHOWN} more" in html
    assert f"<li>and {int(answer.facts['warning_count']) - FAULTS_SHOWN} more</li>" in html
