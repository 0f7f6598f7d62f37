"""The command ``gisplan``: parses, calls a use case, prints; knows no business of its own."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import version
from typing import Annotated

import typer

from gisplan.errors import GisplanError, GridRefusedError

_REFUSED = 1
_FAILED = 2

# Each is a module of this package with a function of the same name, or with an ``app`` of several
# commands. Only the one that is called is imported: the libraries behind them all take seconds.
COMMANDS = {
    "load": "Load a grid from SOURCE, judge it, and let it serve from now on.",
    "plan": "Propose access points and cable paths, best first, each with its reasons.",
    "route": "Propose cable paths: to access points, to a place or bus, to several sources.",
    "shared-trench": "Plan several applications together: where one trench serves many.",
    "hosting-capacity": "Tell how much more load or generation each bus takes.",
    "capacity-gap": (
        "Tell what every supply area will ask for, what the grid can give, and when it runs out."
    ),
    "cost-map": "Tell what connecting a demand costs from every place, and where it would end.",
    "screen": "Tell for each bus whether a demand fits, and what it does to the grid.",
    "powerflow": "Tell voltages and loadings as the grid stands, with all that is promised.",
    "load-report": (
        "Tell what the load of each feeder and transformer rests on, and how well it fits."
    ),
    "network-check": (
        "Tell where the corridors are broken: parts, gaps, near misses, access points off them."
    ),
    "density": "Tell where applications, load or generation gather: a surface, or sums in cells.",
    "hotspots": "Tell where more, or less, gathers than chance explains.",
    "corridor-density": "Tell where applications, load or generation gather along the corridors.",
    "serve": "Serve the planners' page and the API until interrupted.",
    "demo": "Load the sample region, plan its applications, draw density, serve the page.",
    "db": "Start, stop, look at, save and restore the database.",
}


def build_app(wanted: str | None) -> typer.Typer:
    """Return the command line with one command in full and the others as their help texts."""
    app = typer.Typer(
        name="gisplan",
        help="Find where a new electricity customer connects, and what that does to the grid.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_options)
    for name, text in COMMANDS.items():
        if name != wanted:
            app.command(name, help=text)(_only_listed)
            continue
        python_name = name.replace("-", "_")
        module = import_module(f"gisplan.cli.{python_name}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(getattr(module, python_name))
    return app


def _only_listed() -> None:
    """Stand for a command that this run does not call."""


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("gisplan"))
        raise typer.Exit


def _options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print and stop."),
    ] = False,
) -> None:
    """Find where a new electricity customer connects, and what that does to the grid."""


def main() -> None:
    """Run one command; an error of ours ends it with a message and a status, not a traceback."""
    wanted = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    try:
        build_app(wanted)()
    except GridRefusedError as error:
        _end(error, _REFUSED)
    except GisplanError as error:
        _end(error, _FAILED)
    except OSError as error:
        _end(f"{error.filename or 'a file'} cannot be used: {error.strerror or error}", _FAILED)


def _end(error: GisplanError | str, status: int) -> None:
    typer.echo(f"gisplan: {error}", err=True)
    sys.exit(status)
