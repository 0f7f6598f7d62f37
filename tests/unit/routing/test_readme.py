"""The examples of the library's guide give what the guide says."""

import doctest
from pathlib import Path

import gisplan.routing

GUIDE = Path(gisplan.routing.__file__).with_name("README.md")


def test_every_example_of_the_guide_gives_what_it_says() -> None:
    outcome = doctest.testfile(str(GUIDE), module_relative=False)
    assert outcome.attempted > 15
    assert outcome.failed == 0
