from __future__ import annotations

import networkx as nx
import numpy as np

from gisplan.network.topology import build_topology
from gisplan.network.trace import downstream
from gisplan.network.view import View, to_networkx
from tests.grids import grid, row

GRID = grid(
    "S1-A 100",
    "A-B 40 type=X",
    "A-B 45 open",
    "B>L 630",
    "L cabinet",
    "L-H 30",
    "H=I open",
    "X-Y 5 out",
)
TOPOLOGY = build_topology(GRID)


def show(*names: str) -> View:
    return to_networkx(GRID, TOPOLOGY, np.array([row(GRID.buses.bus_id, n) for n in names]))


def test_view_of_everything_has_every_element() -> None:
    view = to_networkx(GRID, TOPOLOGY, np.arange(len(GRID.buses.bus_id)))
    assert set(view) == {"S1", "A", "B", "L", "H", "I", "X", "Y"}
    assert sorted(key for _, _, key in view.edges(keys=True)) == [
        ("bus", "H=I"),
        ("line", "A-B"),
        ("line", "A-B#2"),
        ("line", "L-H"),
        ("line", "S1-A"),
        ("line", "X-Y"),
        ("transformer", "B>L"),
    ]


def test_view_of_a_part_has_only_what_joins_its_buses() -> None:
    view = show("A", "B")
    assert set(view) == {"A", "B"}
    assert view.number_of_edges() == 2


def test_branches_carry_their_data_and_state() -> None:
    view = show("A", "B", "L")
    assert view.edges["A", "B", ("line", "A-B")] == {
        "is_closed": True,
        "length_m": 40.0,
        "conductor_type": "X",
    }
    assert not view.edges["A", "B", ("line", "A-B#2")]["is_closed"]
    assert view.edges["B", "L", ("transformer", "B>L")] == {
        "is_closed": True,
        "rated_power_kva": 630.0,
    }


def test_buses_say_what_supplies_them() -> None:
    node = show("L").nodes["L"]
    assert node["kind"] == "cabinet"
    assert node["nominal_voltage_v"] == 400.0
    assert (node["x_m"], node["y_m"]) == (140.0, 0.0)
    assert (node["is_supplied"], node["is_meshed"]) == (True, False)
    assert (node["feeder"], node["transformer"]) == ("S1-A", "B>L")


def test_bus_without_supply_names_no_feeder() -> None:
    node = show("X").nodes["X"]
    assert not node["is_supplied"]
    assert "feeder" not in node
    assert "transformer" not in node


def test_trace_can_be_shown() -> None:
    below = downstream(TOPOLOGY, row(GRID.buses.bus_id, "B"))
    assert nx.is_connected(to_networkx(GRID, TOPOLOGY, below.bus))


def test_view_of_nothing_is_empty() -> None:
    assert len(to_networkx(GRID, TOPOLOGY, np.empty(0, dtype=np.int64))) == 0
