"""Powers that parts of a model draw at its nodes, joined to what the solver takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gisplan.model.grid import Flags, Floats, Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """Power at nodes: ``p_kw`` and ``q_kvar`` of shape (scenarios..., nodes).

    ``is_shunt`` says that it is drawn at nominal voltage only (constant impedance).
    """

    node: Integers
    p_kw: Floats
    q_kvar: Floats
    is_shunt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """Several draws in one table, with ``is_shunt`` for each node."""

    node: Integers
    p_kw: Floats
    q_kvar: Floats
    is_shunt: Flags


def join_draws(draws: Sequence[Draw]) -> Draws:
    """Put draws of the same scenarios beside each other."""
    return Draws(
        node=np.concatenate([draw.node for draw in draws]),
        p_kw=np.concatenate([draw.p_kw for draw in draws], axis=-1),
        q_kvar=np.concatenate([draw.q_kvar for draw in draws], axis=-1),
        is_shunt=np.concatenate([np.full(len(draw.node), draw.is_shunt) for draw in draws]),
    )
