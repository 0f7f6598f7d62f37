"""The command ``gisplan serve``: the planners' page and the API on this machine."""

from __future__ import annotations

import socket
from typing import Annotated

import typer
import uvicorn

from api.app import create_app
from gisplan.errors import InputError
from gisplan.settings import load_settings
from gisplan.store.database import prepare_database

DEFAULT_PORT = 8000
PORTS_TRIED = 100


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port; without it the first free one from 8000."),
    ] = None,
) -> None:
    """Serve the planners' page and the API until interrupted."""
    settings = load_settings()
    prepare_database(settings)  # before the server starts, so that its errors are plain messages
    app = create_app(settings)
    with open_listener(host, port) as listener:
        typer.echo(f"gisplan serves at {page_address(listener)} (stop with Ctrl+C)")
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        server.run(sockets=[listener])


def open_listener(host: str, port: int | None) -> socket.socket:
    """Listen on the port, or without one on the first that is free from 8000 upwards.

    Raises
    ------
    InputError
        If the address cannot be had.
    """
    wanted = range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED) if port is None else [port]
    for each in wanted:
        try:
            return socket.create_server((host, each), family=_family(host))
        except OSError as error:
            reason = error.strerror
    raise InputError(f"cannot listen on {host} port {wanted[-1]}: {reason}; name another --port")


def page_address(listener: socket.socket) -> str:
    """Address of the page for a browser on this machine."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - compared, not listened on
    return f"http://{shown}:{port}/"


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
