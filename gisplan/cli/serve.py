"""The command ``gisplan serve``: the planners' page and the API on this machine."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Annotated

import typer
import uvicorn

from api.app import create_app
from gisplan.errors import InputError
from gisplan.settings import load_settings
from gisplan.store.database import prepare_database

DEFAULT_PORTS = range(8000, 8100)


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
    ports = DEFAULT_PORTS if port is None else [port]
    with open_listener(host, ports) as listener:
        typer.echo(f"gisplan serves at {page_address(listener)} (stop with Ctrl+C)")
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        server.run(sockets=[listener])


def open_listener(host: str, ports: Sequence[int]) -> socket.socket:
    """Listen on the first of the ports that is free.

    Raises
    ------
    InputError
        If none of them can be had.
    """
    for port in ports:
        try:
            return socket.create_server((host, port), family=_family(host))
        except OSError as error:
            reason = error.strerror
    raise InputError(f"cannot listen on {host} port {ports[-1]}: {reason}; name another --port")


def page_address(listener: socket.socket) -> str:
    """Address of the page for a browser on this machine."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - compared, not listened on
    return f"http://{shown}:{port}/"


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
