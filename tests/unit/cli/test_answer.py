"""Answers: words for people, one JSON object for programs."""

import json

import pytest

from gisplan.cli.answer import print_answer


def test_json_keeps_unknown_fields(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer({"size_mb": 1.5, "pid": None}, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"size_mb": 1.5, "pid": None}


def test_people_see_what_is_known_in_columns(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer({"size_mb": 1.5, "pid": None, "state": "running"}, as_json=False)
    assert capsys.readouterr().out == "size mb  1.5\nstate    running\n"
