"""Working memory of searches: lent, cleared of what a search touched, and lent again."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import numpy as np

from gisplan.routing.street_heap_kernel import AGAIN_MAX, COUNTS, RING, UNREACHED, Memory
from gisplan.routing.street_kernel import forget

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Workspaces:
    """Memory that is free; searches of several threads get different ones."""

    _free: SimpleQueue[Memory] = field(default_factory=SimpleQueue)

    @contextmanager
    def lend(self, node_count: int) -> Iterator[Memory]:
        """Lend memory for ``node_count`` nodes and places; it is cleared when it comes back."""
        memory = self.take(node_count)
        try:
            yield memory
        finally:
            forget(memory)
            self.give_back(memory)

    def give_back(self, memory: Memory) -> None:
        """Take memory back that is clear."""
        self._free.put(memory)

    def take(self, node_count: int) -> Memory:
        """Give clear memory; who takes it clears it and gives it back."""
        try:
            memory = self._free.get_nowait()
        except Empty:
            return new_memory(node_count)
        return memory if len(memory.record) >= node_count else new_memory(node_count)

    def __reduce__(self) -> tuple[type[Workspaces], tuple[()]]:
        """Let graphs be sent to other processes, without their memory."""
        return Workspaces, ()


def new_memory(node_count: int) -> Memory:
    """Return fresh memory for searches over ``node_count`` nodes and places."""
    record = np.empty((node_count, 2), dtype=np.int64)
    record[:, 0] = UNREACHED
    return Memory(
        record=record,
        link=record.view(np.int32),
        touched=np.empty(node_count, dtype=np.int32),
        ready=np.empty(3 * (node_count + AGAIN_MAX), dtype=np.int32),
        flag=np.zeros(node_count, dtype=np.uint8),
        heap=np.empty(node_count, dtype=np.int32),
        heap_at=np.empty(node_count, dtype=np.int32),
        pool=np.empty((node_count + 1, 2), dtype=np.int32),
        ring=np.full(RING, -1, dtype=np.int32),
        tally=np.zeros(COUNTS, dtype=np.int64),
    )
