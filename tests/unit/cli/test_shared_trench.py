"""What ``gisplan shared-trench`` takes of a list, refuses and prints."""

import pytest
from rich.console import Console

from gisplan.cli.shared_trench import _print, _wanted
from gisplan.errors import InputError
from gisplan.ingest.applications import parse_application
from gisplan.services.shared_trench import MOST_APPLICATIONS, check_applications
from tests.unit.shared_trench_answers import example_answer


def applications(*references: str):
    row = {"lon": 7.88, "lat": 48.47, "demand_kva": 9}
    return tuple(parse_application({**row, "reference": one}) for one in references)


def test_table_tells_metres_shared_and_both_costs() -> None:
    console = Console(width=180, markup=False)
    with console.capture() as shown:
        _print(example_answer(), console)
    text = shown.get()
    assert "4 applications, 2 share 74.0 m of trench: 11,500.00 EUR together" in text
    assert "8,000.00 less than one after another" in text
    assert "no joint plan costs less than 11,400.00 (gap 0.9%)" in text
    assert "A <1> and B 74.0 m" in text
    assert "D: cannot be connected: no corridor" in text


def test_only_takes_some_of_a_list_and_names_what_is_not_there() -> None:
    given = applications("A", "B", "C")
    assert [one.reference for one in _wanted(given, "C, A")] == ["A", "C"]
    assert _wanted(given, None) == given
    with pytest.raises(InputError, match="names X, Y, which"):
        _wanted(given, "X,A,Y")


@pytest.mark.parametrize("count", [0, 1, MOST_APPLICATIONS + 1])
def test_too_few_and_too_many_are_refused_with_the_limits(count: int) -> None:
    with pytest.raises(InputError, match="expected 2 to 40"):
        check_applications(applications(*(f"N-{n}" for n in range(count))))


def test_two_of_one_reference_are_refused_by_name() -> None:
    with pytest.raises(InputError, match="more than once: B;"):
        check_applications(applications("A", "B", "B"))
