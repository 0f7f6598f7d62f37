"""A value that is made when it is first asked for, and only then."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Made = TypeVar("Made")


class Once(Generic[Made]):
    """Holds what makes the value until somebody asks; safe to share between threads."""

    __slots__ = ("_lock", "_made", "_make")

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._made: list[Made] = []
        self._lock = Lock()

    @property
    def is_made(self) -> bool:
        """Whether somebody has asked already."""
        return bool(self._made)

    def get(self) -> Made:
        """Return the value, made the first time."""
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]
