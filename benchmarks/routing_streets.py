"""The street search against networkx, networkit, scipy, pandana and pgRouting, and its own limits.

Every row asks the same queries of both sides in one run, compares the answers, and counts CPU time
(of pgRouting the server's too). *Told* means that a peer is given the targets, the radius or the
box of the answer in advance; ours never is, and finds the ways too. Peers answer one site a call,
ours all sites in one call as for a batch of applications; a row tells what single calls take.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psycopg
import shapely
from scipy.sparse.csgraph import dijkstra

from benchmarks.pgrouting_peer import PgRoutingPeer, pgrouting
from benchmarks.report import Row
from benchmarks.scratch_database import scratch_database
from benchmarks.street_cases import (
    WANTED,
    Town,
    cpu_s,
    make_town,
    search_sites,
    settled_nodes,
    touch_arcs,
)
from benchmarks.street_graph import spread_nodes
from benchmarks.street_peers import (
    ask_networkit,
    ask_networkx,
    ask_pandana,
    ask_scipy,
    town_matrix,
)
from gisplan.routing.cost_graph import CostGraph, build_cost_graph
from gisplan.routing.nearest import Nearest, find_nearest, find_nearest_many
from gisplan.routing.search import Starts, Targets
from gisplan.routing.sweep import sweep
from gisplan.routing.workspace import new_memory
from gisplan.store.binary_rows import encode_chunks

COUNTY, REGION, VILLAGE = 90_000, 1_000_000, 10_000
DENSE, SPARSE = 50, 500
APPLICATIONS, BEST = 20_000, 5
SRID = 25832
ARRAYS = ("arc_offset", "arc", "arc_edge", "edge_from", "edge_to", "edge_cost")
COPY = "copy found_way (application, target, cost_cents, geom) from stdin (format binary)"


def rows() -> Iterator[Row]:
    county = make_town(COUNTY, DENSE, 200)
    yield from _peer_rows(county)
    yield from _pgrouting_rows(county)
    yield from _application_rows(county)
    region = make_town(REGION, DENSE, 200)
    yield from _growth_rows(region)
    yield from _floor_rows(region)
    yield from _memory_rows(region)
    yield from _sweep_rows(region)
    yield from _pandana_rows(region)


def _answers(town: Town) -> dict[int, np.ndarray]:
    return {int(site): town.nearest(int(site)) for site in town.sites}


def _nodes(town: Town) -> dict[int, np.ndarray]:
    return {
        int(site): find_nearest(town.graph, Starts.at([site]), town.targets, WANTED).target
        for site in town.sites
    }


def _ours_s(town: Town) -> float:
    """CPU seconds of one query, all sites asked in one call."""
    starts, offset = Starts.at(town.sites), np.arange(len(town.sites) + 1)

    def ask() -> Nearest:
        return find_nearest_many(town.graph, starts, offset, town.targets, WANTED)

    if not np.array_equal(ask().cost_cents, np.array(list(_answers(town).values()))):
        raise RuntimeError("many sites at once and one after another disagree")
    return cpu_s(ask, runs=5) / len(town.sites)


def _single_s(town: Town) -> float:
    """CPU seconds of one query, each site asked in a call of its own."""
    sites = town.sites.tolist()
    return cpu_s(lambda: [town.nearest(site) for site in sites], runs=5) / len(sites)


def _peer_s(
    town: Town, ask: Callable[[int], np.ndarray], answers: dict[int, np.ndarray], count: int
) -> float:
    """CPU seconds of one query of a peer whose answers equal ours."""
    sites = town.sites[:count].tolist()
    for site in sites:
        if not np.allclose(ask(site), answers[site], rtol=1e-4):
            raise RuntimeError(f"a peer and gisplan disagree at node {site}")
    return cpu_s(lambda: [ask(site) for site in sites]) / len(sites)


def _row(name: str, ours_s: float, peer_s: float, target: float) -> Row:
    return Row(
        name=name, ours=ours_s * 1e6, peer=peer_s * 1e6, unit="us/query", target=target,
        better="lower",
    )  # fmt: skip


def _missing(name: str, why: str) -> Row:
    return Row(name=f"{name}: peer not installed ({why})", ours=float("nan"), unit="us/query")


def _peer_rows(town: Town) -> Iterator[Row]:
    answers, told = _answers(town), _nodes(town)
    name = f"nearest {WANTED}, {COUNTY:,} edges"
    yield Row(
        name=f"{name}: a call for each site, Python and all",
        ours=_single_s(town) * 1e6, unit="us/query", better="lower",
    )  # fmt: skip
    yield _row(
        f"{name} (peer: networkx, early stop by hand)",
        _ours_s(town), _peer_s(town, ask_networkx(town), answers, 60), 20.0,
    )  # fmt: skip
    try:
        ask = ask_networkit(town, told)
    except ImportError as error:
        yield _missing(f"{name}, networkit", str(error))
    else:
        yield _row(
            f"{name} (peer: networkit, told the nodes)",
            _ours_s(town), _peer_s(town, ask, answers, 200), 4.0,
        )  # fmt: skip
    yield _row(
        f"{name} (peer: scipy, told the radius)",
        _ours_s(town), _peer_s(town, ask_scipy(town, answers), answers, 200), 3.0,
    )  # fmt: skip


def _pgrouting_rows(town: Town) -> Iterator[Row]:
    name = f"nearest {WANTED}, {COUNTY:,} edges, pgRouting"
    with pgrouting(town) as peer:
        if isinstance(peer, str):
            yield _missing(name, peer)
            return
        yield _row(
            f"nearest {WANTED}, {COUNTY:,} edges (peer: pgr_dijkstraNear, told the box)",
            _ours_s(town), _pgrouting_s(town, peer), 35.0,
        )  # fmt: skip


def _pgrouting_s(town: Town, peer: PgRoutingPeer) -> float:
    answers, told = _answers(town), _nodes(town)
    questions = {site: peer.prepare(site, nodes) for site, nodes in told.items()}
    for site, question in list(questions.items())[:20]:
        if not np.allclose(peer.ask(question), answers[site]):
            raise RuntimeError(f"pgRouting and gisplan disagree at node {site}")
    return peer.cpu_s(lambda: [peer.ask(one) for one in questions.values()]) / len(questions)


def _pandana_rows(town: Town) -> Iterator[Row]:
    name = f"nearest {WANTED}, {REGION:,} edges"
    started = time.perf_counter()
    try:
        ask = ask_pandana(town, _nodes(town))
    except ImportError as error:
        yield _missing(f"{name}, pandana", str(error))
        return
    yield _row(
        f"{name} (peer: pandana, told the nodes, {time.perf_counter() - started:.0f} s of "
        "preprocessing not counted)",
        _ours_s(town), _peer_s(town, ask, _answers(town), 20), 50.0,
    )  # fmt: skip


def _search_s(town: Town, *, repeats: int) -> float:
    """CPU seconds of the search alone, each site asked some times in a row."""
    graph, memory = town.graph, new_memory(town.graph.node_count)

    def search() -> None:
        search_sites(
            graph.arcs, town.targets.arrays, memory, graph.bucket_shift, town.sites, repeats
        )

    search()
    return cpu_s(search, runs=7) / len(town.sites) / repeats


def _growth_rows(region: Town) -> Iterator[Row]:
    """The same query on larger and larger graphs, each asked several times in a row."""
    least = _search_s(make_town(VILLAGE, DENSE, 200), repeats=10)
    for edge_count in (100_000, REGION):
        town = region if edge_count == REGION else make_town(edge_count, DENSE, 200)
        yield Row(
            name=f"time of a query at {edge_count:,} edges over that at {VILLAGE:,}",
            ours=_search_s(town, repeats=10) / least,
            unit="times",
            target=1.25,
            better="lower",
        )


def _floor_rows(region: Town) -> Iterator[Row]:
    """Search over touching each arc of the settled nodes once, every site asked once a round."""
    for name, spread, most in (("dense", DENSE, 2.0), ("sparse", SPARSE, 4.0)):
        flags = spread_nodes(region.graph.node_count, spread, 12)
        town = Town(
            streets=region.streets,
            graph=region.graph,
            is_target=flags,
            targets=Targets.at_nodes(flags),
            sites=region.sites,
        )
        yield Row(
            name=f"search over its floor, {name}: one access point per {spread} nodes, "
            f"{REGION:,} edges (floor: head, cost, edge and label of the same nodes' arcs once)",
            ours=_search_s(town, repeats=1) / _floor_s(town),
            unit="times",
            target=most,
            better="lower",
        )


def _floor_s(town: Town) -> float:
    graph, memory = town.graph, new_memory(town.graph.node_count)
    _, nodes = settled_nodes(
        graph.arcs, town.targets.arrays, memory, graph.bucket_shift, town.sites
    )
    touch_arcs(graph.arcs, memory, nodes)
    return cpu_s(lambda: touch_arcs(graph.arcs, memory, nodes), runs=7) / len(town.sites)


def _memory_rows(town: Town) -> Iterator[Row]:
    streets = town.streets

    def build() -> CostGraph:
        return build_cost_graph(streets.edge_from, streets.edge_to, streets.cost_cents)

    name = f"search graph of {REGION:,} edges"
    yield Row(name=f"{name}: build from arrays", ours=cpu_s(build, runs=5), unit="s", target=0.3,
              better="lower")  # fmt: skip
    size = sum(getattr(town.graph, name).nbytes for name in ARRAYS)
    yield Row(name=f"{name}: size", ours=size / 1e6, unit="MB", target=40.0, better="lower")
    with tempfile.TemporaryDirectory() as folder:
        for array in ARRAYS:
            np.save(Path(folder) / array, getattr(town.graph, array))

        def map_graph() -> CostGraph:
            arrays = {
                array: np.asarray(np.load(Path(folder) / f"{array}.npy", mmap_mode="c"))
                for array in ARRAYS
            }
            return CostGraph(**arrays, bucket_shift=town.graph.bucket_shift)

        site = Starts.at(town.sites[:1])
        one = find_nearest(map_graph(), site, town.targets, WANTED).cost_cents
        if not np.array_equal(one, town.nearest(int(town.sites[0]))):
            raise RuntimeError("a mapped graph answers otherwise")
        yield Row(name=f"{name}: map from disk", ours=cpu_s(map_graph, runs=5) * 1e3, unit="ms",
                  target=10.0, better="lower")  # fmt: skip


def _sweep_rows(town: Town) -> Iterator[Row]:
    count = town.graph.node_count
    starts = np.random.default_rng(4).choice(count, 10_000, replace=False)
    nothing = np.zeros(len(starts), dtype=np.int64)
    found, matrix = sweep(town.graph, starts, nothing), town_matrix(town)
    expected = dijkstra(matrix, indices=starts, min_only=True)
    if not np.array_equal(found.cost_cents, expected.astype(np.int64)):
        raise RuntimeError("sweep and scipy disagree")
    yield Row(
        name=f"sweep from {len(starts):,} access points, {REGION:,} edges, with winner and way "
        "(peer: scipy dijkstra, min_only)",
        ours=cpu_s(lambda: sweep(town.graph, starts, nothing)),
        peer=cpu_s(
            lambda: dijkstra(matrix, indices=starts, min_only=True, return_predecessors=True)
        ),
        unit="s",
        target=3.0,
        better="lower",
    )


def _application_rows(town: Town) -> Iterator[Row]:
    """20,000 applications at random nodes: search alone, then with drawing and COPY."""
    rng = np.random.default_rng(5)
    starts = Starts.at(rng.integers(0, town.graph.node_count, APPLICATIONS))
    offset = np.arange(APPLICATIONS + 1)

    def search() -> Nearest:
        return find_nearest_many(town.graph, starts, offset, town.targets, BEST)

    search()
    name = f"{APPLICATIONS:,} applications, {BEST} best with ways, {COUNTY:,} edges"
    yield Row(name=f"{name}: search", ours=cpu_s(search), unit="s", target=1.0, better="lower")
    with scratch_database() as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "create table found_way (application int8, target int8, cost_cents int8, "
            "geom geometry(linestring, 25832))"
        )

        def whole() -> None:
            connection.execute("truncate found_way")
            _copy_ways(connection, town, search(), starts)

        whole()
        yield Row(
            name=f"{name}: search, geometry and COPY",
            ours=cpu_s(whole),
            unit="s",
            target=10.0,
            better="lower",
        )
        stored = connection.execute("select count(*) from found_way").fetchone()
        if stored is None or stored[0] != APPLICATIONS * BEST:
            raise RuntimeError(f"{stored} ways arrived")


def _copy_ways(connection: psycopg.Connection, town: Town, found: Nearest, starts: Starts) -> None:
    offset, node = found.nodes(town.graph, starts)
    slots = np.arange(len(offset) - 1)
    count = np.diff(offset)
    way = np.repeat(slots, count)
    alone = slots[count == 1]  # the site itself is an access point: a line of no length
    order = np.argsort(np.concatenate([way, alone]), kind="stable")
    vertex = np.concatenate([node, node[offset[alone]]])[order]
    xy_m = np.column_stack([town.streets.x_m[vertex], town.streets.y_m[vertex]])
    lines = shapely.linestrings(xy_m, indices=np.concatenate([way, alone])[order])
    columns = [
        ("bigint", (slots // BEST).astype(float)),
        ("bigint", found.target.reshape(-1).astype(float)),
        ("bigint", found.cost_cents.reshape(-1).astype(float)),
        ("geometry", np.asarray(lines, dtype=object)),
    ]
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for chunk in encode_chunks(columns, srid=SRID):
            copy.write(chunk)
