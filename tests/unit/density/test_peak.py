from __future__ import annotations

import math

import numpy as np
import pytest
import shapely

from gisplan.density.cells import Cells, CellsOfPoints
from gisplan.density.peak import ClassShares, Demands, coincident_peaks
from gisplan.rules.coincidence import combined_demand

TWO_CELLS = Cells(
    name=np.array(["a", "b"]), shape=np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
)


def peaks(power_kw, cell, *, customer_class=None, count=None, flat=(0.15,), of_many=(0.07,)):
    power_kw = np.array(power_kw, dtype=float)
    demands = Demands(
        power_kw=power_kw,
        customer_class=np.array(customer_class or [0] * len(power_kw), dtype=np.uint8),
        customer_count=np.array(count or [1] * len(power_kw), dtype=float),
    )
    shares = ClassShares(flat=np.array(flat), of_many=np.array(of_many, dtype=float))
    found = CellsOfPoints(cells=TWO_CELLS, cell=np.array(cell))
    return coincident_peaks(found, demands, shares).tolist()


def test_one_customer_draws_his_whole_demand():
    assert peaks([14.0], [0]) == [14.0, 0.0]


def test_hundred_households_draw_as_rusck_says():
    # 100 x 14 kW, of many 0.07: 100 * 14 * (0.07 + 0.93 / 10) = 228.2 kW
    assert peaks([14.0] * 100, [1] * 100)[1] == pytest.approx(228.2)


def test_customers_of_unlike_size_add_up_as_the_catalogue_adds_them():
    demands = [3.0, 9.0, 22.0, 50.0]
    together = combined_demand(0.07, sum(demands), math.fsum(one**2 for one in demands))
    assert peaks(demands, [0] * 4)[0] == pytest.approx(together)


def test_one_row_of_many_customers_is_as_good_as_a_row_each():
    assert peaks([140.0], [0], count=[10]) == pytest.approx(peaks([14.0] * 10, [0] * 10))


def test_flat_class_counts_its_share_whatever_its_number_and_classes_are_added():
    found = peaks(
        [10.0, 20.0, 8.0],
        [0, 0, 0],
        customer_class=[0, 0, 1],
        flat=(0.5, 0.0),
        of_many=(np.nan, 0.2),
    )
    assert found == [0.5 * 30.0 + 8.0, 0.0]


def test_points_in_no_cell_add_nothing():
    assert peaks([14.0, 9.0], [-1, 0], flat=(1.0,), of_many=(np.nan,)) == [9.0, 0.0]
