"""SteinLib files: what is read, and what is refused with its line."""

from pathlib import Path

import pytest

from gisplan.errors import SourceError
from gisplan.ingest.steinlib import parse_steinlib, read_steinlib
from gisplan.routing.steiner.exact import find_exact_tree

# A square of side 10 with a middle joined to each corner at 6: the star costs 24, three sides 30.
SQUARE = """33D32945 STP File, STP Format Version 1.0
SECTION Comment
Name "square"
END
SECTION Graph
Nodes 5
Edges 8
E 1 2 10
E 2 3 10
E 3 4 10
E 4 1 10
E 1 5 6
E 2 5 6
E 3 5 6   # to the middle
E 4 5 6
END
SECTION Terminals
Terminals 4
T 1
T 2
T 3
T 4
END
EOF
"""


def test_a_file_gives_its_graph_and_its_terminals(tmp_path: Path) -> None:
    path = tmp_path / "square.stp"
    path.write_text(SQUARE, encoding="utf-8")
    instance = read_steinlib(path)
    assert instance.graph.edge_cost.tolist() == [10, 10, 10, 10, 6, 6, 6, 6]
    assert instance.terminals.tolist() == [0, 1, 2, 3]
    assert find_exact_tree(instance.graph, instance.terminals).cost == 24


def test_sections_that_change_nothing_are_passed_over_with_a_word() -> None:
    more = "SECTION MaximumDegrees\nMD 3\nEND\nSECTION Coordinates\nDD 1 0 0\nEND\nEOF"
    instance = parse_steinlib(SQUARE.replace("EOF", more))
    assert [remark.split(":")[0] for remark in instance.remarks] == [
        "section maximumdegrees",
        "section coordinates",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("33D32945", "12345678", "line 1: found '12345678'"),
        ("EOF\n", "", "ends without EOF"),
        ("E 1 2 10", "E 1 6 10", "line 8: node 6; expected 1 to 5"),
        ("E 1 2 10", "E 0 2 10", "line 8: node 0"),
        ("E 1 2 10", "E 1 2 -10", "line 8: found 'E 1 2 -10'"),
        ("E 1 2 10", "E 1 2 nan", "3 whole numbers"),
        ("E 1 2 10", "E 1 2", "3 whole numbers"),
        ("E 1 2 10", "E 1 2 3000000000", "2147483647 at most"),
        ("E 1 2 10", "E 1 2 1234567890123456789", "more than 18 digits"),
        ("E 1 2 10", "A 1 2 10", "undirected edges"),
        ("Nodes 5", "Nodes 99999999999", "99999999999 nodes"),
        ("Nodes 5\n", "", "node 1; expected 1 to Nodes"),
        ("Edges 8", "Edges 9", "says 9 edges and has 8"),
        ("Terminals 4", "Terminals 3", "says 3 terminals and has 4"),
        ("T 4", "T 7", "node 7"),
        ("T 4", "RootP 4", "no roots, no prizes"),
        ("SECTION Terminals", "SECTION Tree", "section 'tree' is not known"),
        ("SECTION Terminals", "Terminals", "expected SECTION or EOF"),
        ("T 4\nEND\nEOF\n", "T 4\n", "section 'terminals' has no END"),
    ],
)
def test_a_fault_is_refused_by_its_line(old: str, new: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        parse_steinlib(SQUARE.replace(old, new, 1))


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(SourceError, match="line 1"):
        parse_steinlib("")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        read_steinlib(tmp_path / "none.stp")


def test_a_file_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "square.stp"
    path.write_text(SQUARE, encoding="utf-8")
    monkeypatch.setattr("gisplan.ingest.steinlib.LARGEST_BYTES", 100)
    with pytest.raises(SourceError, match="expected 100 at most"):
        read_steinlib(path)
