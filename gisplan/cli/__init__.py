"""The command ``gisplan``: parses, calls a use case, prints; knows no business of its own."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from gisplan.cli import db
from gisplan.cli.demo import demo
from gisplan.cli.density import density
from gisplan.cli.load import load
from gisplan.cli.plan import plan
from gisplan.cli.serve import serve
from gisplan.errors import GisplanError, GridRefusedError

_REFUSED = 1
_FAILED = 2

app = typer.Typer(
    name="gisplan",
    help="Find where a new electricity customer connects, and what that does to the grid.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

# Every module of this package brings one group or one command; this is their whole list.
app.add_typer(db.app, name="db")
app.command()(load)
app.command()(plan)
app.command()(density)
app.command()(serve)
app.command()(demo)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("gisplan"))
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print and stop."),
    ] = False,
) -> None:
    """Find where a new electricity customer connects, and what that does to the grid."""


def main() -> None:
    """Run one command; an error of ours ends it with a message and a status, not a traceback."""
    try:
        app()
    except GridRefusedError as error:
        _end(error, _REFUSED)
    except GisplanError as error:
        _end(error, _FAILED)


def _end(error: GisplanError, status: int) -> None:
    typer.echo(f"gisplan: {error}", err=True)
    sys.exit(status)
