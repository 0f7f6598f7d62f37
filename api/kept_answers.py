"""Answers that were computed before: one at a time is made, the last few are kept."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from gisplan.services.electrical import Progress

WAITING_S = 0.5
Key = TypeVar("Key", bound="Hashable")
Made = TypeVar("Made")


class KeptAnswers(Generic[Key, Made]):
    """Answers by question, each as the data stood; safe to share between threads.

    Who asks what somebody else is just asking waits for the one answer.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Key, tuple[Hashable, Made]] = OrderedDict()
        self._lock, self._making = Lock(), Lock()

    def get(
        self,
        question: Key,
        mark: Callable[[], Hashable],
        make: Callable[[], Made],
        progress: Progress,
    ) -> Made:
        """Return an answer, made anew where the mark of the data is another one than it was then.

        ``progress`` may raise to give up. What is kept is given while something else is made.
        """
        for made in self._find(question, mark()):
            return made
        while not self._making.acquire(timeout=WAITING_S):
            progress("waiting", 0, 1)
        try:
            # read before the data: should they move in between, the next one asks again
            now = mark()
            for made in self._find(question, now):
                return made
            fresh = make()
            self._keep(question, now, fresh)
            return fresh
        finally:
            self._making.release()

    def _find(self, question: Key, now: Hashable) -> tuple[Made, ...]:
        """Return the answer of this state of the data, if it is kept."""
        with self._lock:
            known = self._kept.get(question)
            if known is None or known[0] != now:
                return ()
            self._kept.move_to_end(question)
            return (known[1],)

    def _keep(self, question: Key, now: Hashable, made: Made) -> None:
        with self._lock:
            self._kept[question] = now, made
            self._kept.move_to_end(question)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
