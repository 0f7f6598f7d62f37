"""Nobody waits in silence for kernels that are compiled first."""

from __future__ import annotations

import pytest
from numba.core import event

from gisplan.cli.compiling import COMPILE, told_compilation
from gisplan.routing.flow_overlay_kernel import length_of
from gisplan.routing.layout_kernel import lay_out


def compile_events(*kernels: object) -> None:
    for kernel in kernels:
        with event.trigger_event(COMPILE, data={"dispatcher": kernel}):
            pass


def test_slow_kernels_are_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    with told_compilation():
        compile_events(length_of, length_of)
    assert capsys.readouterr().err.count("compiling") == 1


def test_quick_kernels_are_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    with told_compilation():
        compile_events(lay_out)
    compile_events(length_of)
    assert capsys.readouterr().err == ""
