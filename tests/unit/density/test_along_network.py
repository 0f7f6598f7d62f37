from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from scipy.linalg import expm

from gisplan.density.along_network import density_along_network
from gisplan.errors import InputError

STREET = (np.array([0]), np.array([1]), np.array([6000.0]))


def density(segments, points, *, bandwidth_m=300.0, piece_m=25.0):
    segment_from, segment_to, length_m = segments
    segment, offset_m, weight = (np.array(column) for column in zip(*points, strict=True))
    return density_along_network(
        segment_from,
        segment_to,
        length_m,
        point_segment=segment,
        point_offset_m=offset_m.astype(float),
        weight=weight.astype(float),
        bandwidth_m=bandwidth_m,
        piece_m=piece_m,
    )


def mass(found):
    return float(found.density_per_km @ (found.to_m - found.from_m) / 1000)


def random_streets(seed: int):
    graph = nx.connected_watts_strogatz_graph(12, 4, 0.4, seed=seed)
    ends = np.array(graph.edges)
    length_m = np.random.default_rng(seed).uniform(8, 300, len(ends))
    return ends[:, 0], ends[:, 1], length_m


def test_on_a_straight_street_it_is_a_gaussian():
    found = density(STREET, [(0, 3000.0, 10.0)])
    middle_m = (found.from_m + found.to_m) / 2
    exact = 10e3 * np.exp(-((middle_m - 3000) ** 2) / (2 * 300.0**2)) / (300 * np.sqrt(2 * np.pi))
    assert np.abs(found.density_per_km - exact).max() < 3e-3 * exact.max()


def test_weight_is_kept_whatever_the_network():
    for seed in range(5):
        streets = random_streets(seed)
        points = [(3, 1.0, 7.0), (0, streets[2][0], 2.0), (5, 0.0, 1.0)]
        assert mass(density(streets, points, bandwidth_m=150.0)) == pytest.approx(10.0, rel=1e-9)


def test_at_a_dead_end_weight_turns_back():
    found = density(STREET, [(0, 0.0, 1.0)])
    open_end = density(STREET, [(0, 3000.0, 1.0)])
    assert found.density_per_km.max() == pytest.approx(2 * open_end.density_per_km.max(), rel=1e-2)


def test_at_a_crossroads_it_divides_among_the_streets():
    cross = (np.zeros(4, dtype=int), np.arange(1, 5), np.full(4, 2000.0))
    found = density(cross, [(0, 0.0, 8.0)])
    pieces_m = found.to_m - found.from_m
    parts = [
        found.density_per_km[found.segment == s] @ pieces_m[found.segment == s] for s in range(4)
    ]
    assert parts == pytest.approx([2000.0] * 4, rel=1e-6)


def test_what_is_not_joined_gets_nothing():
    banks = (np.array([0, 2]), np.array([1, 3]), np.array([1000.0, 1000.0]))
    found = density(banks, [(0, 500.0, 5.0)])
    assert (found.density_per_km[found.segment == 1] == 0).all()


def test_it_equals_the_exponential_of_the_whole_matrix():
    segment_from, segment_to, length_m = random_streets(1)
    found = density(
        (segment_from, segment_to, length_m), [(2, 0.0, 3.0)], piece_m=400.0, bandwidth_m=400.0
    )
    nodes = 12
    conduct, owned_m = np.zeros((nodes, nodes)), np.zeros(nodes)
    for a, b, length in zip(segment_from, segment_to, length_m, strict=True):
        passing = 1 / max(length, 80.0)
        conduct[[a, b], [b, a]] -= passing
        conduct[[a, b], [a, b]] += passing
        owned_m[[a, b]] += length / 2
    start = np.zeros(nodes)
    start[segment_from[2]] = 3.0
    warm = expm(-0.5 * 400.0**2 * (conduct / owned_m[:, None])) @ (start / owned_m)
    expected = 1000 * (warm[segment_from] + warm[segment_to]) / 2
    assert found.density_per_km == pytest.approx(expected, rel=1e-8)


def test_a_street_drawn_in_two_pieces_is_the_same_street():
    one = density(STREET, [(0, 2000.0, 4.0)])
    two = density(
        (np.array([0, 1]), np.array([1, 2]), np.array([2500.0, 3500.0])), [(0, 2000.0, 4.0)]
    )
    assert two.density_per_km == pytest.approx(one.density_per_km, abs=1e-6)


def test_no_points_are_zero_everywhere():
    none = np.empty(0)
    found = density_along_network(
        *STREET,
        point_segment=np.empty(0, dtype=int),
        point_offset_m=none,
        weight=none,
        bandwidth_m=100.0,
        piece_m=25.0,
    )
    assert (found.density_per_km == 0).all()


@pytest.mark.parametrize(
    ("segments", "points", "more", "word"),
    [
        (STREET, [(1, 0.0, 1.0)], {}, "on no segment"),
        (STREET, [(0, 7000.0, 1.0)], {}, "beyond the end"),
        (STREET, [(0, 0.0, -1.0)], {}, "zero or more"),
        (STREET, [(0, np.nan, 1.0)], {}, "beyond the end"),
        ((np.array([0]), np.array([1]), np.array([0.0])), [(0, 0.0, 1.0)], {}, "positive length"),
        (STREET, [(0, 0.0, 1.0)], {"piece_m": 0.0}, "piece length"),
        (STREET, [(0, 0.0, 1.0)], {"bandwidth_m": 10.0}, "at least the piece length"),
        (STREET, [(0, 0.0, 1.0)], {"piece_m": 0.001}, "at most 5,000,000"),
    ],
)
def test_what_cannot_be_used_is_refused(segments, points, more, word):
    with pytest.raises(InputError, match=word):
        density(segments, points, **more)
