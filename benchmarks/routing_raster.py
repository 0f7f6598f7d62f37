"""Least-cost fields and nearest targets on rasters against pyorps and scikit-image, and the floor.

Step costs are the same on both sides: pyorps' means over all cells touched with 16 and 32
directions, scikit-image's means of two cells with 8. Their prepared grids, like ours, are not
counted; every query is. *Told* means that the peer is given the very targets that are nearest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from benchmarks.raster_floor_kernel import touch_steps, touch_steps_plainly
from benchmarks.report import Row
from gisplan.routing.terrain.ground import SearchGround, prepare_ground
from gisplan.routing.terrain.raster import CostRaster
from gisplan.routing.terrain.search import TerrainSearch, start_terrain_search
from gisplan.routing.terrain.search_setup import Starts

SIZES = (1000, 3000)
WANTED = 20
CELLS_A_TARGET = 2_000
SITES = 12
EQUAL = 1e-4
TARGETS = {8: 6.0, 16: 8.0, 32: 10.0}
FLOORS = {8: 3.0, 16: 2.3, 32: 1.6}
Peer = Callable[[int, np.ndarray], np.ndarray]
"""Costs of places from a start, or of the whole field where no places are given."""


def rows() -> Iterator[Row]:
    for size in SIZES:
        costs = make_costs(size)
        for directions, target in TARGETS.items():
            peer, name = (
                (scikit_image(costs), "scikit-image MCP_Geometric")
                if directions == 8
                else (pyorps(costs, directions), "pyorps")
            )
            case = Case(costs=costs, ground=_ground(costs, directions))
            title = f"{size} x {size}, {directions} directions"
            if peer is None:
                yield Row(name=f"{title}: {name} is not installed", ours=0.0, unit="-")
                continue
            yield _field_row(case, peer, f"{title}, full field (peer: {name})", target)
            yield _nearest_row(
                case, peer, f"{title}, nearest {WANTED} (peer: {name}, told)", target
            )
    small = make_costs(SIZES[0])
    for directions in TARGETS:
        yield from _floor_rows(Case(costs=small, ground=_ground(small, directions)))
    yield _pyorps_8_row(small)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One raster, laid out for us."""

    costs: np.ndarray
    ground: SearchGround

    @property
    def middle(self) -> int:
        return self.costs.size // 2 + self.costs.shape[1] // 2

    def start(self, place: int, targets: np.ndarray | None = None) -> TerrainSearch:
        starts = Starts(place=np.array([place]), cost_cents=np.zeros(1, np.int64))
        return start_terrain_search(self.ground, starts, targets=targets)


def make_costs(size: int) -> np.ndarray:
    """Rolling land use from 30 to 230 a metre with houses of 4 x 4 cells that are forbidden."""
    rng = np.random.default_rng(1)
    land = gaussian_filter(rng.standard_normal((size, size)), 20)
    costs = (30 + 200 * (land - land.min()) / np.ptp(land)).astype(np.int32)
    # On a grid of 6 cells no two houses touch, so 8 directions mean the same to everyone.
    for row, column in 6 * rng.integers(0, (size - 6) // 6, (size * size // 2_500, 2)):
        costs[row : row + 4, column : column + 4] = -1
    costs[size // 2, size // 2] = 100
    return costs


def scikit_image(costs: np.ndarray) -> Peer | None:
    """scikit-image's least-cost search with 8 directions."""
    try:
        from skimage.graph import MCP_Geometric
    except ImportError:
        return None
    search = MCP_Geometric(np.where(costs < 0, -1.0, costs))
    columns = costs.shape[1]

    def ask(start: int, places: np.ndarray) -> np.ndarray:
        ends = [divmod(place, columns) for place in places.tolist()] or None
        found, _ = search.find_costs([divmod(start, columns)], ends)
        field = np.asarray(found).reshape(-1)
        return field[places] if ends else field

    return ask


def pyorps(costs: np.ndarray, directions: int) -> Peer | None:
    """pyorps' compiled Dijkstra on its prepared grid."""
    try:
        from pyorps.utils._dijkstra import make_dijkstra_solver
        from pyorps.utils.neighborhood import get_neighborhood_steps
    except ImportError:
        return None
    steps = get_neighborhood_steps({8: 1, 16: 2, 32: 3}[directions])
    solver = make_dijkstra_solver(np.where(costs < 0, 65535, costs).astype(np.uint16), steps)

    def ask(start: int, places: np.ndarray) -> np.ndarray:
        solver.reset_root(start)
        if not len(places):
            solver.settle_all()
            return np.asarray(solver.dist_array())
        for place in places.tolist():
            solver.search_until(place)
        return np.asarray(solver.peek_dists(places))

    return ask


def cpu_s(work: Callable[[], object], runs: int) -> float:
    """CPU seconds of the best of some runs."""
    best = np.inf
    for _ in range(runs):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return float(best)


def _ground(costs: np.ndarray, directions: int) -> SearchGround:
    raster = CostRaster(
        cost_cents_per_m=costs, x_min_m=0.0, y_max_m=float(len(costs)), cell_m=1.0, srid=25832
    )
    return prepare_ground(raster, directions=directions)


def _field_row(case: Case, peer: Peer, name: str, target: float) -> Row:
    def ours() -> TerrainSearch:
        search = case.start(case.middle)
        search.settle_all()
        return search

    field = ours().field_cents().reshape(-1)
    ours_s = cpu_s(ours, 5)
    began = time.process_time()
    answer = peer(case.middle, np.zeros(0, np.int64))
    peer_s = time.process_time() - began
    _check_equal(field, answer)
    return Row(
        name=name, ours=ours_s * 1e3, peer=peer_s * 1e3, unit="ms", target=target, better="lower"
    )


def _nearest_row(case: Case, peer: Peer, name: str, target: float) -> Row:
    rng = np.random.default_rng(2)
    free = np.flatnonzero(case.costs.reshape(-1) >= 0)
    targets = rng.choice(free, case.costs.size // CELLS_A_TARGET, replace=False)
    row, column = np.divmod(free, case.costs.shape[1])
    margin = len(case.costs) // 5
    is_inside = (np.minimum(row, column) > margin) & (np.maximum(row, column) < 4 * margin)
    sites = rng.choice(free[is_inside], SITES, replace=False).tolist()
    nearest = [case.start(site, targets).next_targets(WANTED) for site in sites]

    def ours() -> None:
        for site in sites:
            case.start(site, targets).next_targets(WANTED)

    peer_s = 0.0
    for site, told in zip(sites, nearest, strict=True):
        began = time.process_time()
        answer = peer(site, told)
        peer_s += time.process_time() - began
        search = case.start(site, targets)
        _check_equal(search.cost_cents(search.next_targets(WANTED)), answer)
    return Row(
        name=name,
        ours=cpu_s(ours, 5) / SITES * 1e3,
        peer=peer_s / SITES * 1e3,
        unit="ms",
        target=target,
        better="lower",
    )


def _floor_rows(case: Case) -> Iterator[Row]:
    ground, steps = case.ground, case.ground.steps
    search = case.start(case.middle)
    search.settle_all()
    cost = search.field_cents().reshape(-1)
    reached = np.flatnonzero(np.isfinite(cost))
    cells = ground.inner(reached[np.argsort(cost[reached], kind="stable")])
    run = search.run
    touched = steps.between_row * ground.stride + steps.between_column
    counts = np.zeros_like(steps.between) if steps.directions == 8 else steps.between
    offset = steps.row * ground.stride + steps.column

    def plainly() -> None:
        factor = run.factor[steps.shape]
        touch_steps_plainly(ground.record, cells, offset, touched, counts, factor, run.shift)

    def tightly() -> None:
        touch_steps(ground.record, cells, ground.turn, run.factor, run.shift, steps.reach)

    def ours() -> None:
        case.start(case.middle).settle_all()

    title = f"1000 x 1000, {steps.directions} directions, full field over the floor"
    ours_s = cpu_s(ours, 5)
    for floor, name, most in (
        (plainly, "every step cost once, by a table", FLOORS[steps.directions]),
        (tightly, "every step cost once, cells shared between steps", None),
    ):
        floor()
        yield Row(
            name=f"{title} ({name})",
            ours=ours_s / cpu_s(floor, 5),
            unit="times",
            target=most,
            better="lower",
        )


def _pyorps_8_row(costs: np.ndarray) -> Row:
    peer, case = pyorps(costs, 8), Case(costs=costs, ground=_ground(costs, 8))
    name = "1000 x 1000, 8 directions, full field (peer: pyorps, whose diagonals touch four cells)"
    if peer is None:
        return Row(name=f"{name} is not installed", ours=0.0, unit="-")
    return Row(
        name=name,
        ours=cpu_s(lambda: case.start(case.middle).settle_all(), 5) * 1e3,
        peer=cpu_s(lambda: peer(case.middle, np.zeros(0, np.int64)), 1) * 1e3,
        unit="ms",
        better="lower",
    )


def _check_equal(ours: np.ndarray, peer: np.ndarray) -> None:
    """Compare costs; the start's own is zero on both sides."""
    if (np.isfinite(ours) != np.isfinite(peer)).any():
        raise RuntimeError("ours and the peer do not reach the same cells")
    known = np.isfinite(peer) & (peer > 0)
    error = float(np.abs(ours[known] / peer[known] - 1).max())
    if error > EQUAL:
        raise RuntimeError(f"costs differ by {error:.2e} of the peer's; expected {EQUAL:.0e}")
