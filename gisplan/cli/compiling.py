"""A word about kernels that must be compiled first, which takes longer than any answer."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Timer
from time import monotonic
from typing import TYPE_CHECKING

import typer
from numba.core import event

if TYPE_CHECKING:
    from collections.abc import Iterator

COMPILE = "numba:compile"
PATIENCE_S = 1.0
TOLD = "compiling kernels, once for this version; all of a command take up to two minutes"


class _Compilation(event.Listener):
    """Tells once, when kernels that are not found compiled have taken longer than a moment.

    A kernel compiles those that it calls within its own time, so only the outermost is counted.
    """

    def __init__(self) -> None:
        self.depth = 0
        self.spent_s = 0.0
        self.began_s = 0.0
        self.is_told = False
        self.timer = Timer(0.0, self.tell)

    def on_start(self, event: event.Event) -> None:  # noqa: ARG002 (asked by numba)
        """Begin to wait."""
        self.depth += 1
        if self.depth > 1 or self.is_told:
            return
        self.began_s = monotonic()
        self.timer = Timer(max(PATIENCE_S - self.spent_s, 0.0), self.tell)
        self.timer.daemon = True
        self.timer.start()

    def on_end(self, event: event.Event) -> None:  # noqa: ARG002 (asked by numba)
        """Wait no longer."""
        self.depth -= 1
        if self.depth == 0:
            self.timer.cancel()
            self.spent_s += monotonic() - self.began_s

    def tell(self) -> None:
        """Say what takes so long."""
        if not self.is_told:
            self.is_told = True
            typer.echo(TOLD, err=True)


@contextmanager
def told_compilation() -> Iterator[None]:
    """Tell on the error stream when kernels are compiled, so that nobody waits in silence."""
    listener = _Compilation()
    with event.install_listener(COMPILE, listener):
        yield
