"""Where compiled kernels are kept: a folder for each state of their source.

A compiled kernel holds those that it calls and the constants that it reads, and does not notice
when the file of one of them changes; kept beside the new source it would go on giving the old
answers.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

PACKAGE = Path(__file__).parent
KERNELS = (
    "*kernel*.py",
    "binning.py",
    "demand.py",
    "screening_limits.py",
    "grid.py",
    "cost_graph.py",
)
"""Kernels, and the modules whose constants they read."""
VARIABLE = "NUMBA_CACHE_DIR"


def use_own_kernel_cache() -> None:
    """Let numba keep compiled kernels by the state of their source, unless told otherwise."""
    cache_home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(cache_home) / "gisplan" / "kernels" / source_digest()
    os.environ.setdefault(VARIABLE, str(folder))


def source_digest() -> str:
    """Return a name for the present state of all kernels."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in KERNELS for path in PACKAGE.rglob(pattern)):
        state = path.stat()
        digest.update(f"{path.relative_to(PACKAGE)} {state.st_size} {state.st_mtime_ns}".encode())
    return digest.hexdigest()[:16]
