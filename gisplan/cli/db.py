"""The commands ``gisplan db``: the server of our data, its backup and its restore."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gisplan.cli.answer import JsonOption, print_answer
from gisplan.errors import InputError
from gisplan.settings import Settings, load_settings
from gisplan.store import backup
from gisplan.store.cluster import stop as stop_cluster
from gisplan.store.cluster_place import open_cluster
from gisplan.store.database import prepare_database
from gisplan.store.status import find_status

app = typer.Typer(help="Start, stop, look at, save and restore the database.")

FileArgument = Annotated[Path, typer.Argument(help="The backup file.")]


@app.command()
def start(as_json: JsonOption = False) -> None:
    """Start the private PostGIS server; make it first where there is none."""
    settings = load_settings()
    prepare_database(settings)
    _print_status(settings, as_json)


@app.command()
def stop(as_json: JsonOption = False) -> None:
    """Stop the private PostGIS server; the data stay."""
    settings = load_settings()
    if settings.database_url is not None:
        raise InputError("DATABASE_URL names a server that is not ours to stop; unset it first")
    cluster = open_cluster(settings)
    print_answer({"stopped": stop_cluster(cluster, settings)}, as_json=as_json)


@app.command()
def status(as_json: JsonOption = False) -> None:
    """Tell which server serves and in which state it is; start nothing."""
    _print_status(load_settings(), as_json)


@app.command("backup")
def back_up(file: FileArgument, as_json: JsonOption = False) -> None:
    """Write the whole database into FILE."""
    tool = backup.find_backup_tool(load_settings())
    backup.back_up(tool, file)
    size_mb = round(file.stat().st_size / 1e6, 1)
    print_answer({"file": str(file), "size_mb": size_mb}, as_json=as_json)


@app.command()
def restore(file: FileArgument, as_json: JsonOption = False) -> None:
    """Replace the whole database by what FILE holds; a failure leaves it as it was."""
    settings = load_settings()
    backup.restore(backup.find_backup_tool(settings), file)
    _print_status(settings, as_json)


def _print_status(settings: Settings, as_json: bool) -> None:
    print_answer(asdict(find_status(settings)), as_json=as_json)
