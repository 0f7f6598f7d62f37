"""How kernels are compiled that allocate nothing: without counting references.

Kernels that hand each other tuples of arrays count references at every call, which took three
quarters of their time. Where nothing is allocated and no array is returned, nothing needs counting.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def uncounted(kernel: Kernel) -> Kernel:
    """Compile a kernel that neither allocates nor returns an array."""
    options: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}
    return cast("Kernel", numba.njit(**options)(kernel))


@uncounted
def whole(number: int | np.integer) -> int:
    """Return a whole number with 64 bits."""
    return np.int64(number)  # type: ignore[return-value]
