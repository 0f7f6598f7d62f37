"""Extremes of subtrees against brute force over all nodes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.electrical.base.subtree_kernel import (
    EXTREMES,
    FAR_ABOVE,
    FAR_BELOW,
    HIGH,
    LOADED,
    LOW,
    MOST,
    MOVED_PU,
    NEAR_ABOVE,
    NEAR_BELOW,
    Extremes,
    no_extremes,
    summarise_subtrees,
)
from gisplan.model.grid import Flags, Floats, Integers

LOW_LIMIT, HIGH_LIMIT = 0.92, 1.08
ROOMS = (NEAR_BELOW, NEAR_ABOVE, FAR_BELOW, FAR_ABOVE, LOADED)


class Tree:
    """A random tree with random voltages, limits and growths; node 0 is the root."""

    def __init__(self, seed: int) -> None:
        pick = np.random.default_rng(seed)
        count = int(pick.integers(1, 14))
        self.parent: Integers = np.array([-1, *(pick.integers(0, n) for n in range(1, count))])
        self.order: Integers = np.arange(count)
        self.voltage: Floats = pick.uniform(0.9, 1.1, count)
        self.floor: Floats = pick.uniform(0.85, 0.95, count)
        self.ceiling: Floats = pick.uniform(1.05, 1.15, count)
        self.loaded: Floats = pick.uniform(0.3, 1.05, count)
        self.rise: Floats = pick.uniform(0.3, 3.0, count)
        self.growth: Floats = pick.uniform(0.8, 1.3, count)
        self.is_part: Flags = pick.random(count) < 0.7
        self.is_judged: Flags = self.is_part & (pick.random(count) < 0.7)

    def summary(self) -> Extremes:
        found = no_extremes((len(self.order), EXTREMES))
        arguments = (
            self.order,
            self.parent,
            self.voltage,
            self.is_part,
            self.is_judged,
            LOW_LIMIT,
            HIGH_LIMIT,
            self.floor,
            self.ceiling,
            self.loaded,
            self.rise,
            self.growth,
        )
        summarise_subtrees(*arguments, found)
        plain = no_extremes((len(self.order), EXTREMES))
        summarise_subtrees.py_func(*arguments, plain)
        for one, other in zip(found, plain, strict=True):
            assert one.tolist() == other.tolist()
        return found

    def gain(self, node: int, top: int) -> float:
        """How much a node moves for one unit at a node above it."""
        return 1.0 if node == top else self.growth[node] * self.gain(int(self.parent[node]), top)

    def below(self, top: int) -> list[int]:
        return [n for n in self.order.tolist() if self.hangs_on(n, top)]

    def hangs_on(self, node: int, top: int) -> bool:
        return node == top or (node >= 0 and self.hangs_on(int(self.parent[node]), top))

    def candidates(self, nodes: list[int], top: int) -> Iterator[tuple[int, float, float, int]]:
        """Extreme, value, gain and node of everything among some nodes below one."""
        for n in nodes:
            gain = self.gain(n, top)
            if self.is_judged[n]:
                yield LOW, self.voltage[n], gain, n
                yield HIGH, -self.voltage[n], gain, n
                yield NEAR_BELOW, self.voltage[n] - LOW_LIMIT, gain, n
                yield NEAR_ABOVE, HIGH_LIMIT - self.voltage[n], gain, n
                yield FAR_BELOW, self.voltage[n] - self.floor[n], gain, n
                yield FAR_ABOVE, self.ceiling[n] - self.voltage[n], gain, n
            if self.is_part[n]:
                yield MOST, -gain, gain, n
                # the branch that feeds the uppermost node does not follow it
                if n != top:
                    rise = self.rise[n] / self.voltage[n]
                    yield LOADED, rise * (self.voltage[n] - self.loaded[n]), rise * gain, n


def movement(field: int, value: float, gain: float) -> float:
    """What the node above may move until an extreme binds; the value itself where it never does."""
    return max(value, MOVED_PU) / gain if field in ROOMS else value


def check(
    tree: Tree, nodes: list[int], top: int, row: tuple[Floats, Floats, Integers], name: str
) -> None:
    value, gain, node = row
    best = dict.fromkeys(range(EXTREMES), (np.inf, 1.0, -1))
    for field, *found in tree.candidates(nodes, top):
        if movement(field, *found[:2]) < movement(field, *best[field][:2]):
            best[field] = tuple(found)
    for field, expected in best.items():
        assert value[field] == pytest.approx(expected[0]), (name, field)
        if field != MOST:
            assert gain[field] == pytest.approx(expected[1]), (name, field)
            assert node[field] == expected[2], (name, field)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 1_000_000))
def test_extremes_below_and_beside_equal_brute_force(seed: int) -> None:
    tree = Tree(seed)
    found = tree.summary()
    for w in tree.order.tolist():
        row = (found.value[w], found.gain[w], found.node[w])
        check(tree, tree.below(w), w, row, "below")
        p = int(tree.parent[w])
        if p >= 0:
            rest = [n for n in tree.below(p) if not tree.hangs_on(n, w)]
            beside = (found.beside[w], found.beside_gain[w], found.beside_node[w])
            check(tree, rest, p, beside, "beside")


def test_a_tree_without_judged_nodes_has_no_extremes() -> None:
    tree = Tree(3)
    tree.is_part[:] = tree.is_judged[:] = False
    found = tree.summary()
    assert np.isinf(found.value).all()
    assert (found.node == -1).all()
