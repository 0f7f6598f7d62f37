"""The HTML map of shared trenches."""

from maps.offline import find_loaded_addresses
from maps.shared_trench_map import render_shared_trenches
from maps.texts import number
from tests.unit.shared_trench_answers import example_answer


def test_map_is_one_file_in_both_languages_with_a_legend_by_cables() -> None:
    html = render_shared_trenches(example_answer(), None)
    assert find_loaded_addresses(html) == ()
    assert "<title>Shared trenches · 同沟敷设</title>" in html
    assert "2 cables · 两根电缆" in html
    assert number(8000.0, "EUR") in html


def test_names_from_outside_are_escaped_and_reasons_told() -> None:
    html = render_shared_trenches(example_answer(), None)
    assert "<1>" not in html
    assert "cannot be connected: no corridor" in html
