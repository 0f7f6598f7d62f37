"""How kernels are compiled that allocate nothing: without counting references.

Kernels that hand each other tuples of arrays count references at every call, which took three
quarters of their time. Where nothing is allocated and no array is returned, nothing needs counting.
A call with all its arrays still copies some hundred numbers, so short kernels, and those that are
called in one place, are compiled into their callers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def uncounted(kernel: Kernel) -> Kernel:
    """Compile a kernel that neither allocates nor returns an array."""
    return _compiled(kernel, is_merged=False)


def merged(kernel: Kernel) -> Kernel:
    """Compile such a kernel into each of its callers, where handing over arrays takes too long."""
    return _compiled(kernel, is_merged=True)


def _compiled(kernel: Kernel, *, is_merged: bool) -> Kernel:
    options: dict[str, Any] = {
        "cache": True,
        "nogil": True,
        "_nrt": False,
        "forceinline": is_merged,  # a kernel that does not say takes what its caller has
    }
    return cast("Kernel", numba.njit(**options)(kernel))


@merged
def whole(number: int | np.integer) -> int:
    """Return a whole number with 64 bits."""
    return np.int64(number)  # type: ignore[return-value]
