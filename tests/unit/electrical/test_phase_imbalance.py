"""How unevenly customers of unknown phase load the phases."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gisplan.electrical.phases.phase_imbalance import group_shares


def share(count: int, quantile: float = 0.95) -> float:
    """Of equal customers in one group."""
    rows = np.array([count])
    return float(group_shares(np.ones(1), rows, np.zeros(1, np.int64), 1, quantile)[0])


def exact_quantile(count: int, quantile: float) -> int:
    """Most loaded of three phases, by counting all ways to spread equal customers."""
    ways = np.zeros(count + 1)
    for a, b in product(range(count + 1), repeat=2):
        if a + b <= count:
            ways[max(a, b, count - a - b)] += math.comb(count, a) * math.comb(count - a, b)
    return int(np.argmax(np.cumsum(ways) / 3**count >= quantile - 1e-12))


@pytest.mark.parametrize(("count", "expected"), [(1, 1.0), (2, 1.0), (3, 1.0), (4, 0.75)])
def test_few_customers_may_all_be_on_one_phase(count: int, expected: float) -> None:
    # all three on one phase: 3 / 27 = 11 % of the ways; all four: 3 / 81 = 3.7 %
    assert share(count) == pytest.approx(expected)


@pytest.mark.parametrize("count", [5, 7, 10, 20, 40, 80])
def test_share_is_that_of_the_multinomial_distribution(count: int) -> None:
    most = share(count) * count
    exact = exact_quantile(count, 0.95)
    # the bound over three phases may err upwards, by one customer at most
    assert exact - 1e-9 <= most <= exact + 1 + 1e-9


def test_many_customers_are_nearly_balanced() -> None:
    # normal approximation: 1/3 + 2.128 sqrt(2/9 / 3000) = 0.3516
    assert share(3000) == pytest.approx(0.3516, abs=1e-3)


def test_higher_quantile_never_lowers_the_share() -> None:
    assert share(12, 0.5) <= share(12, 0.9) <= share(12, 0.99) <= share(12, 0.999999)


def test_large_customer_decides_among_small_ones() -> None:
    shares = group_shares(np.array([10.0, 0.1]), np.array([1, 10]), np.array([0, 0]), 1, 0.95)
    assert shares[0] > 10 / 11


def test_every_element_on_the_path_carries_its_own_quantile() -> None:
    # two customers behind the first element, ten behind the second, thirty behind the third
    count, group = np.array([2, 8, 20]), np.array([0, 1, 2])
    shares = group_shares(np.ones(3), count, group, 3, 0.95)
    carried = np.cumsum(shares * count)
    assert carried == pytest.approx([2, share(10) * 10, share(30) * 30], abs=0.05)


def test_group_without_load_is_balanced() -> None:
    shares = group_shares(np.ones(1), np.array([5]), np.array([1]), 3, 0.95)
    assert shares[[0, 2]] == pytest.approx(1 / 3)
    assert group_shares(np.empty(0), np.empty(0, int), np.empty(0, int), 2, 0.95) == pytest.approx(
        1 / 3
    )


def test_customer_too_small_for_the_lattice_stands_on_one_phase() -> None:
    shares = group_shares(np.array([1e-9, 1.0]), np.array([1, 9]), np.array([0, 1]), 2, 0.95)
    assert shares[0] == pytest.approx(1.0)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0.1, 9), st.integers(1, 5), st.integers(0, 3)), min_size=1, max_size=12
    ),
    st.randoms(use_true_random=False),
)
def test_order_of_customers_changes_nothing(
    rows: list[tuple[float, int, int]], random: object
) -> None:
    def shares(of: list[tuple[float, int, int]]) -> np.ndarray:  # type: ignore[type-arg]
        size, count, group = (np.array(column) for column in zip(*of, strict=True))
        return group_shares(size, count, group, 4, 0.95)

    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert shares(shuffled) == pytest.approx(shares(rows), abs=1e-9)
    assert ((shares(rows) >= 0) & (shares(rows) <= 1)).all()
