"""Compiled kernels must never outlive the source that they were made of."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gisplan import kernel_cache


def test_a_changed_kernel_gets_a_new_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = tmp_path / "some_kernel.py"
    kernel.write_text("A = 1\n")
    monkeypatch.setattr(kernel_cache, "PACKAGE", tmp_path)
    before = kernel_cache.source_digest()
    assert kernel_cache.source_digest() == before
    kernel.write_text("A = 1000\n")
    assert kernel_cache.source_digest() != before


def test_a_folder_that_is_set_already_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(kernel_cache.VARIABLE, "/elsewhere")
    kernel_cache.use_own_kernel_cache()
    assert os.environ[kernel_cache.VARIABLE] == "/elsewhere"


def test_every_kernel_of_the_package_counts() -> None:
    package = Path(kernel_cache.__file__).parent
    counted = {path for pattern in kernel_cache.KERNELS for path in package.rglob(pattern)}
    compiled = {
        path for path in package.rglob("*.py") if "@numba.njit" in path.read_text(encoding="utf-8")
    }
    assert compiled <= counted
