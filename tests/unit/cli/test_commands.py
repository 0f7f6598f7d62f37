"""The command line knows its commands, and their short texts are those of the commands."""

from importlib import import_module

import pytest
from typer.testing import CliRunner

from gisplan.cli import COMMANDS, build_app


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_listed_text_is_the_first_line_of_the_command(name: str) -> None:
    python_name = name.replace("-", "_")
    module = import_module(f"gisplan.cli.{python_name}")
    if hasattr(module, "app"):
        assert module.app.info.help == COMMANDS[name]
    else:
        assert getattr(module, python_name).__doc__.splitlines()[0] == COMMANDS[name]


def test_help_lists_every_command() -> None:
    shown = CliRunner().invoke(build_app(None), ["--help"])
    assert shown.exit_code == 0
    assert all(name in shown.output for name in COMMANDS)


def test_unknown_command_is_told() -> None:
    shown = CliRunner().invoke(build_app("plans"), ["plans"])
    assert shown.exit_code == 2
    assert "plans" in shown.output
