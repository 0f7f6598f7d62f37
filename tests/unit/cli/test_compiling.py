"""Nobody waits in silence for kernels that are compiled first."""

from __future__ import annotations

import time
from contextlib import ExitStack

import pytest
from numba.core import event

from gisplan.cli import compiling
from gisplan.cli.compiling import COMPILE, TOLD, told_compilation
from gisplan.routing.layout_kernel import lay_out


def compile_for(seconds: float, *, nested: int = 1) -> None:
    with ExitStack() as stack:
        for _ in range(nested):
            stack.enter_context(event.trigger_event(COMPILE, data={"dispatcher": lay_out}))
        time.sleep(seconds)


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "PATIENCE_S", 0.2)


def test_long_compilation_is_told_once_while_it_lasts(capsys: pytest.CaptureFixture[str]) -> None:
    with told_compilation():
        compile_for(0.5, nested=2)
        assert capsys.readouterr().err.strip() == TOLD
        compile_for(0.5)
    assert capsys.readouterr().err == ""


def test_many_short_compilations_are_told_too(capsys: pytest.CaptureFixture[str]) -> None:
    with told_compilation():
        for _ in range(4):
            compile_for(0.1)
    assert capsys.readouterr().err.strip() == TOLD


def test_a_moment_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    with told_compilation():
        compile_for(0.0)
        time.sleep(0.3)
    assert capsys.readouterr().err == ""
