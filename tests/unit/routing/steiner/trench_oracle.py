"""Joint plans by a flow formulation and HiGHS: an independent truth for small graphs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from gisplan.routing.steiner.trench_model import TrenchAccess, TrenchApplications


@dataclass(frozen=True, kw_only=True)
class Question:
    """Edges as arrays; an edge of infinite cost may not be used."""

    node_count: int
    edge_from: np.ndarray
    edge_to: np.ndarray
    civil_cents: np.ndarray
    length_m: np.ndarray
    edge_ways: np.ndarray
    applications: TrenchApplications
    access: TrenchAccess
    admits: np.ndarray | None = None
    dead_end: np.ndarray | None = None


def least_cost_cents(question: Question) -> float | None:
    """Return the cost of a cheapest plan that connects or leaves out everybody, None if none."""
    q, apps, points = question, question.applications, question.access
    edges, count, rows = len(q.edge_from), len(points.node), len(apps.node)
    # columns: dug edge, opened point; per application: flow along, against, at each point, own
    one = 2 * edges + count + 1
    size = edges + count + rows * one
    cost, upper = np.zeros(size), np.ones(size)
    cost[:edges] = np.where(np.isfinite(q.civil_cents), q.civil_cents, 0)
    upper[:edges][~np.isfinite(q.civil_cents)] = 0
    cost[edges : edges + count] = points.equipment_cents
    lines: list[np.ndarray] = []
    low: list[float] = []
    high: list[float] = []

    def add(terms: dict[int, float], least: float, most: float) -> None:
        line = np.zeros(size)
        for column, factor in terms.items():
            line[column] += factor
        lines.append(line)
        low.append(least)
        high.append(most)

    for k in range(rows):
        start = edges + count + k * one
        along, against = start + np.arange(edges), start + edges + np.arange(edges)
        hang, own = start + 2 * edges + np.arange(count), start + one - 1
        cable = apps.cable_cents_per_m[k] * q.length_m
        cost[along], cost[against] = cable, cable
        cost[hang] = points.connection_cents
        if q.admits is not None:
            upper[hang] = q.admits[k]
        is_priced = bool(np.isfinite(apps.own_cents[k]))
        cost[own], upper[own] = (apps.own_cents[k] if is_priced else 0), float(is_priced)
        for e in range(edges if q.dead_end is not None else 0):
            for tail, column in ((q.edge_from[e], along[e]), (q.edge_to[e], against[e])):
                if q.dead_end[tail] and tail != apps.node[k]:
                    upper[column] = 0
        for node in range(q.node_count):
            terms: dict[int, float] = {}
            for e in range(edges):
                if q.edge_from[e] == q.edge_to[e]:
                    continue
                for end, sign in ((q.edge_from[e], 1), (q.edge_to[e], -1)):
                    if end == node:
                        terms[along[e]] = terms.get(along[e], 0) + sign
                        terms[against[e]] = terms.get(against[e], 0) - sign
            for a in range(count):
                if points.node[a] == node:
                    terms[hang[a]] = 1
            here = float(node == apps.node[k])
            if here:
                terms[own] = 1
            add(terms, here, here)
        for e in range(edges):
            add({along[e]: 1, against[e]: 1, e: -1}, -np.inf, 0)
        for a in range(count):
            add({hang[a]: 1, edges + a: -1}, -np.inf, 0)
    starts = edges + count + one * np.arange(rows)
    for e in np.flatnonzero(np.isfinite(q.edge_ways)):
        cables = {s + part + e: float(n) for s, n in zip(starts, apps.cables, strict=True)
                  for part in (0, edges)}  # fmt: skip
        add(cables, -np.inf, q.edge_ways[e])
    for a in range(count):
        hangs = starts + 2 * edges + a
        if np.isfinite(points.room_kva[a]):
            add(
                dict(zip(hangs.tolist(), apps.demand_kva, strict=True)), -np.inf, points.room_kva[a]
            )
        if np.isfinite(points.ways[a]):
            add(dict.fromkeys(hangs.tolist(), 1.0), -np.inf, points.ways[a])
    found = milp(
        cost,
        constraints=LinearConstraint(np.array(lines), low, high) if lines else (),
        integrality=np.ones(size),
        bounds=Bounds(0, upper),
        options={"mip_rel_gap": 0.0},
    )
    return float(found.fun) if found.success else None
