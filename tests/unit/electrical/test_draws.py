"""Draws of a model beside each other."""

from __future__ import annotations

import numpy as np

from gisplan.electrical.flow.draws import Draw, join_draws


def test_draws_stand_beside_each_other_and_keep_what_they_are() -> None:
    one = Draw(node=np.array([4, 2]), p_kw=np.ones((3, 5, 2)), q_kvar=np.zeros((3, 5, 2)))
    two = Draw(
        node=np.array([7]), p_kw=np.full((3, 5, 1), 2.0), q_kvar=np.ones((3, 5, 1)), is_shunt=True
    )
    both = join_draws([one, two])
    assert both.node.tolist() == [4, 2, 7]
    assert both.is_shunt.tolist() == [False, False, True]
    assert both.p_kw[2, 4].tolist() == [1.0, 1.0, 2.0]
    assert both.q_kvar[2, 4].tolist() == [0.0, 0.0, 1.0]
