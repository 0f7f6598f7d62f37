"""Parallel branches of a supply tree as one: impedance, rating, and what each of them takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gisplan.electrical.base.parallel import Members, Merged
from gisplan.electrical.base.ratings import line_limits_kva, transformer_limits_kva
from gisplan.electrical.flow.branch_model import orient
from gisplan.model.grid import Flags, Floats, Grid, SwitchedKind

if TYPE_CHECKING:
    from gisplan.electrical.base.tree import TreeArrays


def merge_parallel(
    arrays: TreeArrays, merged: Merged, is_reversed: Flags, grid: Grid
) -> tuple[TreeArrays, Members]:
    """Put parallel branches together; the limiting one stands for them all.

    ``is_reversed`` marks nodes whose branch feeds its own first end.
    """
    members = _members(arrays, merged, is_reversed)
    if not len(merged.node):
        return arrays, members
    arrays = arrays._replace(
        impedance=arrays.impedance.copy(),
        row=arrays.row.copy(),
        half_fed=arrays.half_fed.copy(),
        half_feeding=arrays.half_feeding.copy(),
        limit_fed_kva=arrays.limit_fed_kva.copy(),
        limit_feeding_kva=arrays.limit_feeding_kva.copy(),
    )
    fed_kva, feeding_kva = _member_limits(arrays, members, grid)
    for node in np.unique(members.node):
        own = np.flatnonzero(members.node == node)
        worst = own[np.argmin(fed_kva[own] / np.abs(members.share[own]))]
        # the first member is the branch of the tree: it carries its share of the whole voltage
        arrays.impedance[node] *= members.share[own[0]]
        arrays.row[node] = members.row[worst]
        arrays.limit_fed_kva[node] = fed_kva[worst] / abs(members.share[worst])
        arrays.limit_feeding_kva[node] = feeding_kva[worst] / abs(members.share[worst])
        # as large as makes the loading of the group that of this one; ``shunt`` holds those of all
        arrays.half_fed[node] = members.half_fed[worst] / members.share[worst]
        arrays.half_feeding[node] = members.half_feeding[worst] / members.share[worst]
    return arrays, members


def _members(arrays: TreeArrays, merged: Merged, is_reversed: Flags) -> Members:
    """List the branches of every group, that of the tree first."""
    other = orient(merged.branches.pi, merged.is_reversed)
    own = np.unique(merged.node)
    node = np.concatenate([own, merged.node])
    impedance = np.concatenate([arrays.impedance[own], other.impedance])
    order = np.argsort(node, kind="stable")
    admittance = np.zeros(len(arrays.parent), np.complex128)
    np.add.at(admittance, node, 1 / impedance)
    return Members(
        node=node[order],
        row=np.concatenate([arrays.row[own], merged.branches.row])[order],
        is_reversed=np.concatenate([is_reversed[own], merged.is_reversed])[order],
        share=(1 / impedance / admittance[node])[order],
        half_fed=np.concatenate([arrays.half_fed[own], other.half_fed])[order],
        half_feeding=np.concatenate([arrays.half_feeding[own], other.half_feeding])[order],
    )


def _member_limits(arrays: TreeArrays, members: Members, grid: Grid) -> tuple[Floats, Floats]:
    """Power at rated current of every member at its node and at the node's parent."""
    is_unit = arrays.kind[members.node] == SwitchedKind.TRANSFORMER
    fed, feeding = np.empty(len(members.node)), np.empty(len(members.node))
    line_kva = line_limits_kva(grid)
    fed[~is_unit] = feeding[~is_unit] = line_kva[members.row[~is_unit]]
    row, is_high = members.row[is_unit], members.is_reversed[is_unit]
    high_kva, low_kva = transformer_limits_kva(grid)
    fed[is_unit] = np.where(is_high, high_kva[row], low_kva[row])
    feeding[is_unit] = np.where(is_high, low_kva[row], high_kva[row])
    return fed, feeding
