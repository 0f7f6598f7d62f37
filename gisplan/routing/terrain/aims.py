"""What ways over terrain lead to, and straight links between stops whose price is known."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gisplan.model.grid import Floats, Integers


def _no_rows() -> Integers:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """Places on streets that lie before targets; no way leads on from there through a target.

    Parameters
    ----------
    node : int64 (ends,), street node, -1 where the end lies on an edge
    edge, share : (ends,), where on an edge
    group : int64 (ends,), which target lies behind
    cents : float64 (ends,), finite, 0 or more: what lies between
    """

    node: Integers
    edge: Integers
    share: Floats
    group: Integers
    cents: Floats


NO_ENDS = Ends(
    node=_no_rows(), edge=_no_rows(), share=np.zeros(0), group=_no_rows(), cents=np.zeros(0)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aims:
    """Places that ways may lead to; all places of one group are one target, met where it is best.

    Parameters
    ----------
    stop, stop_group : int64 (stops,), rows of the stops, and of which target each is
    node, node_group : int64 (nodes,), street nodes
    edge, edge_group : int64 (parts,), streets that are met anywhere between two shares of theirs
    share_from, share_to : float64 (parts,), the lower one first
    xy_m : float64 (places, 2), places in the field, met in the cells that hold them
    xy_group : int64 (places,)
    ends : places on streets that lie before targets, at a cost
    """

    stop: Integers = field(default_factory=_no_rows)
    stop_group: Integers = field(default_factory=_no_rows)
    node: Integers = field(default_factory=_no_rows)
    node_group: Integers = field(default_factory=_no_rows)
    edge: Integers = field(default_factory=_no_rows)
    share_from: Floats = field(default_factory=lambda: np.zeros(0))
    share_to: Floats = field(default_factory=lambda: np.zeros(0))
    edge_group: Integers = field(default_factory=_no_rows)
    xy_m: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    xy_group: Integers = field(default_factory=_no_rows)
    ends: Ends = NO_ENDS

    def __len__(self) -> int:
        own = len(self.stop) + len(self.node) + len(self.edge) + len(self.xy_group)
        return own + len(self.ends.group)

    @property
    def group_count(self) -> int:
        """Number of targets."""
        groups = (self.stop_group, self.node_group, self.edge_group, self.xy_group)
        return len(np.unique(np.concatenate([*groups, self.ends.group])))

    @property
    def are_stops(self) -> bool:
        """Tell whether all targets are stops, so that it is known where they lie."""
        return len(self) == len(self.stop)


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Straight ways between stops beside what the raster says, both ways.

    Parameters
    ----------
    one, other : int64 (links,), rows of the stops
    cents : float64 (links,), finite, 0 or more
    """

    one: Integers
    other: Integers
    cents: Floats


NO_LINKS = Links(one=_no_rows(), other=_no_rows(), cents=np.zeros(0))
