"""A town whose corridors are broken, as an answer of the network check."""

from gisplan.export.electrical_table import ElectricalAnswer
from gisplan.network.corridors import build_corridors
from gisplan.network.network_check import check_network
from gisplan.network.snapshot import Snapshot
from gisplan.network.topology import build_topology
from gisplan.services.network_check import describe_report
from tests.grids import grid

EAST_M, NORTH_M = 417_000, 5_368_000


def broken_town(*more: str) -> ElectricalAnswer:
    """Two parts, a near miss, full ducts and a cabinet on no corridor."""
    return answer_of(
        "S1-A 100",
        "A: 3 kW 5 customers",
        street("0,3 100,3"),
        street("112,3 200,3 id=<K9>"),
        street("2900,0 3000,0 3000,90"),
        street("0,50 100,50 ducts=0").replace("street", "duct_bank"),
        f"C cabinet 400V @{EAST_M + 500},{NORTH_M + 900}",
        *more,
    )


def answer_of(*rows: str) -> ElectricalAnswer:
    """Answer of the check of a grid given as text."""
    town = grid(*rows, origin_m=(EAST_M, NORTH_M))
    corridors = build_corridors(town)
    snapshot = Snapshot(grid=town, topology=build_topology(town), corridors=corridors)
    return describe_report(snapshot, check_network(town, corridors))


def street(text: str) -> str:
    """Corridor row with its places given from the corner of the sample's region."""
    words = [_moved(word) if "," in word else word for word in text.split()]
    return f"street {' '.join(words)}"


def _moved(word: str) -> str:
    x, y = map(float, word.split(","))
    return f"{EAST_M + x},{NORTH_M + y}"
