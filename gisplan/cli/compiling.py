"""A word about kernels that must be compiled first, which takes longer than any answer."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from numba.core import event

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOW = "gisplan.routing.flow_"
COMPILE = "numba:compile"


class _FirstCompilation(event.Listener):
    """Tells once, when the first of the slow kernels is not found compiled."""

    def __init__(self) -> None:
        self.is_told = False

    def on_start(self, event: event.Event) -> None:
        """Say what takes so long."""
        kernel = event.data["dispatcher"].py_func
        if self.is_told or not kernel.__module__.startswith(SLOW):
            return
        self.is_told = True
        typer.echo(
            "compiling the search for disjoint routes, once for this version; it takes up to a "
            "minute",
            err=True,
        )

    def on_end(self, event: event.Event) -> None:
        """Say nothing more."""


@contextmanager
def told_compilation() -> Iterator[None]:
    """Tell on the error stream when slow kernels are compiled, so that nobody waits in silence."""
    listener = _FirstCompilation()
    with event.install_listener(COMPILE, listener):
        yield
