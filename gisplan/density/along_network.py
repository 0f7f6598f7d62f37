"""Density along a network of segments, so that two streets on both sides of a river do not blur.

Segments are cut into pieces of about one length; weight flows along them like heat for the time in
which a Gaussian of the bandwidth would form on one long straight street. At a junction it divides
among the streets, at a dead end it turns back, so no weight is lost.

References
----------
G. McSwiggan, A. Baddeley and G. Nair, Kernel density estimation on a linear network, Scandinavian
Journal of Statistics 44 (2017) 324-345: the heat equation as kernel.
H. Tal-Ezer and R. Kosloff, An accurate and efficient scheme for propagating the time dependent
Schroedinger equation, Journal of Chemical Physics 81 (1984) 3967-3971: the exponential of a matrix
by Chebyshev polynomials.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_matrix, diags
from scipy.special import ive

from gisplan.errors import InputError
from gisplan.model.grid import Floats, Integers

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MAX_PIECES = 5_000_000
SHORTEST_PIECE = 0.2
"""In piece lengths; a shorter piece lets weight pass as one so long, or steps would be tiny."""

TERMS_BEYOND = 12.0
"""Terms of the series are below 1e-12 from six roots of its argument and so many more on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkDensity:
    """Density in weight per kilometre of segment, piece by piece.

    Piece ``i`` lies on segment ``segment[i]`` from ``from_m[i]`` to ``to_m[i]``; the pieces of a
    segment follow each other. The densities times their lengths sum up to the total.
    """

    segment: Integers
    from_m: Floats
    to_m: Floats
    density_per_km: Floats


def density_along_network(
    segment_from: Integers,
    segment_to: Integers,
    length_m: Floats,
    *,
    point_segment: Integers,
    point_offset_m: Floats,
    weight: Floats,
    bandwidth_m: float,
    piece_m: float,
) -> NetworkDensity:
    """Density of points on segments, in weight per kilometre.

    Parameters
    ----------
    segment_from, segment_to, length_m
        Nodes at both ends of each segment, and its length.
    point_segment, point_offset_m, weight
        Segment of each point, its distance from the segment's first node, and its weight.
    bandwidth_m
        Standard deviation of the kernel on a straight street, at least ``piece_m``.
    piece_m
        About how long the pieces are.

    Raises
    ------
    InputError
        If lengths, points or sizes cannot be used.
    """
    _check_sizes(length_m, bandwidth_m, piece_m)
    _check_points(length_m, point_segment, point_offset_m, weight)
    pieces = _pieces(segment_from, segment_to, length_m, piece_m)
    at_node = _on_nodes(pieces, length_m, point_segment, point_offset_m, weight)
    warm = _diffused(pieces, at_node, variance_m2=bandwidth_m**2, piece_m=piece_m)
    density_per_m = (warm[pieces.node_from] + warm[pieces.node_to]) / 2
    first = pieces.first[pieces.segment]
    start_m = (np.arange(len(first)) - first) * pieces.length_m
    return NetworkDensity(
        segment=pieces.segment,
        from_m=start_m,
        to_m=start_m + pieces.length_m,
        density_per_km=density_per_m * 1000.0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pieces:
    """Segments cut into pieces of equal length; inner nodes follow those of the network.

    ``first`` is the first piece of each segment.
    """

    segment: Integers
    first: Integers
    count: Integers
    node_from: Integers
    node_to: Integers
    length_m: Floats
    node_count: int


def _pieces(
    segment_from: Integers, segment_to: Integers, length_m: Floats, piece_m: float
) -> _Pieces:
    count = np.maximum(np.rint(length_m / piece_m), 1).astype(np.int64)
    if count.sum() > MAX_PIECES:
        raise InputError(
            f"pieces of {piece_m:g} m on {length_m.sum() / 1000:.4g} km are {count.sum():,}; at "
            f"most {MAX_PIECES:,} are allowed: take longer pieces or a smaller area"
        )
    segment = np.repeat(np.arange(len(count)), count)
    first = np.cumsum(count) - count
    nodes = int(max(segment_from.max(initial=-1), segment_to.max(initial=-1))) + 1
    # the node after piece p of a segment is inner node p minus the segments before it
    after = nodes + np.arange(len(segment)) - segment
    node_to = after.copy()
    node_to[first + count - 1] = segment_to
    node_from = after - 1
    node_from[first] = segment_from
    return _Pieces(
        segment=segment,
        first=first,
        count=count,
        node_from=node_from,
        node_to=node_to,
        length_m=(length_m / count)[segment],
        node_count=nodes + len(segment) - len(count),
    )


def _on_nodes(
    pieces: _Pieces,
    length_m: Floats,
    point_segment: Integers,
    point_offset_m: Floats,
    weight: Floats,
) -> Floats:
    """Weight of the points, shared by the two ends of their piece in proportion to nearness."""
    along = point_offset_m / length_m[point_segment] * pieces.count[point_segment]
    step = np.minimum(along.astype(np.int64), pieces.count[point_segment] - 1)
    piece, share = pieces.first[point_segment] + step, along - step
    ends = np.concatenate([pieces.node_from[piece], pieces.node_to[piece]])
    shared = np.concatenate([weight * (1 - share), weight * share])
    at_node = np.bincount(ends, weights=shared, minlength=pieces.node_count)
    return at_node.astype(np.float64)


def _diffused(pieces: _Pieces, at_node: Floats, *, variance_m2: float, piece_m: float) -> Floats:
    """Weight per metre at each node after the heat has flowed for half the variance."""
    node_count = pieces.node_count
    ends = np.concatenate([pieces.node_from, pieces.node_to])
    owned_m = np.bincount(ends, weights=np.tile(pieces.length_m / 2, 2), minlength=node_count)
    scale = np.divide(1.0, np.sqrt(owned_m), out=np.zeros(node_count), where=owned_m > 0)
    passing = 1.0 / np.maximum(pieces.length_m, SHORTEST_PIECE * piece_m)
    pairs = (np.tile(passing, 2), (ends, np.roll(ends, len(pieces.node_from))))
    flow = coo_matrix(pairs, shape=(node_count, node_count)).tocsr()
    leaving = np.asarray(flow.sum(axis=1)).ravel()
    operator = diags(scale) @ (diags(leaving) - flow) @ diags(scale)
    warm: Floats = scale * _exponential(operator.tocsr(), scale * at_node, variance_m2 / 2)
    return np.maximum(warm, 0.0)


def _exponential(operator: csr_matrix, start: Floats, time: float) -> Floats:
    """exp(-time * operator) @ start for a symmetric operator without negative eigenvalues."""
    if operator.nnz == 0:
        return start
    largest = float(abs(operator).sum(axis=1).max())  # bound of the spectrum by Gershgorin
    argument = time * largest / 2
    terms = math.ceil(6 * math.sqrt(argument) + TERMS_BEYOND)
    factor = 2 * ive(np.arange(terms + 1), argument) * (-1.0) ** np.arange(terms + 1)
    scaled = operator * (2 / largest)
    before, now = start, scaled @ start - start
    result = factor[0] / 2 * before + factor[1] * now
    for term in factor[2:]:
        before, now = now, 2 * (scaled @ now - now) - before
        result += term * now
    warm: Floats = result
    return warm


def _check_sizes(length_m: Floats, bandwidth_m: float, piece_m: float) -> None:
    bad = np.count_nonzero(~(np.isfinite(length_m) & (length_m > 0)))
    if bad:
        raise InputError(f"{bad} segments have no positive length in metres: mend or remove them")
    if not (math.isfinite(piece_m) and piece_m > 0):
        raise InputError(f"piece length is {piece_m} m; expected a positive number of metres")
    if not (math.isfinite(bandwidth_m) and bandwidth_m >= piece_m):
        raise InputError(
            f"bandwidth is {bandwidth_m} m; expected at least the piece length, {piece_m:g} m"
        )


def _check_points(
    length_m: Floats, point_segment: Integers, point_offset_m: Floats, weight: Floats
) -> None:
    known = (point_segment >= 0) & (point_segment < len(length_m))
    if not known.all():
        raise InputError(f"{np.count_nonzero(~known)} points lie on no segment of the network")
    off = ~((point_offset_m >= 0) & (point_offset_m <= length_m[point_segment]))
    if off.any():
        raise InputError(f"{np.count_nonzero(off)} points lie beyond the end of their segment")
    if not (np.isfinite(weight) & (weight >= 0)).all():
        raise InputError("weights of points on a network must be finite and zero or more")
