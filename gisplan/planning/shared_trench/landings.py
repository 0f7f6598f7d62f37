"""Where sites and buses of a joint plan land on corridors: the nodes at which edges are split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gisplan.model.grid import Floats, Integers
    from gisplan.planning.candidates import Ground
    from gisplan.routing.site import Connectors

END_SHARE = 1e-9
"""A landing this near to the end of an edge lies at its node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landings:
    """Landings of connectors, and the nodes that they add to the corridors.

    New nodes, ``first_node`` and on, stand at ``edge``, ``share`` and ``xy_m``.
    """

    first_node: int
    edge: Integers
    share: Floats
    xy_m: Floats

    @classmethod
    def of(cls, connectors: Sequence[Connectors], node_count: int) -> Landings:
        """Return the landings of several sets of connectors."""
        edge = np.concatenate([one.edge for one in connectors])
        share = np.concatenate([one.share for one in connectors])
        inside = (share > END_SHARE) & (share < 1 - END_SHARE)
        xy_m = np.concatenate([one.xy_m for one in connectors])[inside]
        keys = np.column_stack([edge[inside], share[inside]])
        places, first = np.unique(keys, axis=0, return_index=True)
        return cls(
            first_node=node_count,
            edge=places[:, 0].astype(np.int64),
            share=places[:, 1],
            xy_m=xy_m[first],
        )

    def node_of(self, connectors: Connectors, ground: Ground) -> Integers:
        """Return the node that each connector leads to: a landing's, or the edge's end."""
        corridors, edge, share = ground.corridors, connectors.edge, connectors.share
        known = {
            (int(e), float(s)): self.first_node + row
            for row, (e, s) in enumerate(zip(self.edge, self.share, strict=True))
        }
        ends = np.where(share < 0.5, corridors.edge_from[edge], corridors.edge_to[edge])
        nodes = [
            known.get((int(e), float(s)), int(end))
            for e, s, end in zip(edge, share, ends, strict=True)
        ]
        return np.array(nodes, dtype=np.int64)
