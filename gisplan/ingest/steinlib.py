"""Reader of Steiner tree instances in the SteinLib format (``.stp``)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gisplan.errors import SourceError
from gisplan.routing.cost_graph import LARGEST_COST, build_cost_graph

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gisplan.model.grid import Integers
    from gisplan.routing.cost_graph import CostGraph

MAGIC = "33D32945"
LARGEST_BYTES = 256 << 20
LARGEST_COUNT = 50_000_000
IGNORED = {
    "comment": None,
    "presolve": "what was fixed before is not read",
    "coordinates": "places are not read",
    "maximumdegrees": "limits of degree are not kept",
}
"""Sections that are passed over, and what that means for the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SteinLibInstance:
    """A graph, its terminals (nodes from 0) and what of the file was not read."""

    graph: CostGraph
    terminals: Integers
    remarks: tuple[str, ...]


@dataclass(slots=True)
class _Sheet:
    """What has been read so far."""

    source: str
    node_count: int | None = None
    edge_count: int | None = None
    terminal_count: int | None = None
    edges: list[tuple[int, int, int]] = field(default_factory=list)
    terminals: list[int] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def fault(self, line: int, problem: str) -> SourceError:
        return SourceError(f"{self.source}, line {line}: {problem}")


def read_steinlib(path: Path) -> SteinLibInstance:
    """Return the instance of a file.

    Raises
    ------
    SourceError
        If the file cannot be read or is no valid instance of an undirected graph.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise SourceError(f"{path} has {size} bytes; expected {LARGEST_BYTES} at most")
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error
    return parse_steinlib(text, source=str(path))


def parse_steinlib(text: str, *, source: str = "text") -> SteinLibInstance:
    """Return the instance that a text describes; see ``read_steinlib``."""
    sheet = _Sheet(source)
    lines = _lines(text)
    number, words = next(lines, (1, [""]))
    if words[0].upper() != MAGIC:
        raise sheet.fault(number, f"found {words[0][:20]!r}; expected {MAGIC}, as SteinLib begins")
    has_end = False
    for number, words in lines:
        if words[0].lower() == "eof":
            has_end = True
            break
        if words[0].lower() != "section" or len(words) != 2:
            raise sheet.fault(number, f"found {words[0][:20]!r}; expected SECTION or EOF")
        _read_section(sheet, words[1].lower(), number, lines)
    if not has_end:
        raise SourceError(f"{source} ends without EOF; it may have been cut off")
    return _build(sheet)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield number and words of every line that has any; words after # are remarks."""
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split("#", 1)[0].split()
        if words:
            yield number, words


def _read_section(
    sheet: _Sheet, name: str, start: int, lines: Iterator[tuple[int, list[str]]]
) -> None:
    if name not in {"graph", "terminals", *IGNORED}:
        raise sheet.fault(start, f"section {name[:20]!r} is not known; expected Graph or Terminals")
    if remark := IGNORED.get(name):
        sheet.remarks.append(f"section {name}: {remark}")
    for number, words in lines:
        keyword = words[0].lower()
        if keyword == "end":
            return
        if name == "graph":
            _read_graph_line(sheet, number, keyword, words)
        elif name == "terminals":
            _read_terminal_line(sheet, number, keyword, words)
    raise sheet.fault(start, f"section {name!r} has no END")


def _read_graph_line(sheet: _Sheet, number: int, keyword: str, words: list[str]) -> None:
    if keyword == "nodes":
        sheet.node_count = _whole(sheet, number, words, 1)[0]
    elif keyword == "edges":
        sheet.edge_count = _whole(sheet, number, words, 1)[0]
    elif keyword == "e":
        a, b, cost = _whole(sheet, number, words, 3)
        for node in (a, b):
            _check_node(sheet, number, node)
        if cost > LARGEST_COST:
            raise sheet.fault(number, f"cost {cost}; expected {LARGEST_COST} at most")
        sheet.edges.append((a - 1, b - 1, cost))
    elif keyword != "obstacles":
        raise sheet.fault(
            number, f"found {keyword[:20]!r}; expected Nodes, Edges or E (undirected edges)"
        )


def _read_terminal_line(sheet: _Sheet, number: int, keyword: str, words: list[str]) -> None:
    if keyword == "terminals":
        sheet.terminal_count = _whole(sheet, number, words, 1)[0]
    elif keyword == "t":
        node = _whole(sheet, number, words, 1)[0]
        _check_node(sheet, number, node)
        sheet.terminals.append(node - 1)
    else:
        raise sheet.fault(
            number, f"found {keyword[:20]!r}; expected Terminals or T (no roots, no prizes)"
        )


def _whole(sheet: _Sheet, number: int, words: list[str], count: int) -> list[int]:
    given = words[1:]
    if len(given) != count or not all(word.isascii() and word.isdigit() for word in given):
        raise sheet.fault(
            number, f"found {' '.join(words)[:40]!r}; expected {count} whole numbers from 0"
        )
    if any(len(word) > 18 for word in given):
        raise sheet.fault(number, "a number has more than 18 digits")
    return [int(word) for word in given]


def _check_node(sheet: _Sheet, number: int, node: int) -> None:
    if sheet.node_count is None or not 1 <= node <= sheet.node_count:
        raise sheet.fault(number, f"node {node}; expected 1 to {sheet.node_count or 'Nodes'}")


def _build(sheet: _Sheet) -> SteinLibInstance:
    if sheet.node_count is None or not 1 <= sheet.node_count <= LARGEST_COUNT:
        raise SourceError(
            f"{sheet.source} names {sheet.node_count} nodes; expected 1 to {LARGEST_COUNT}"
        )
    counts = (
        ("edges", sheet.edge_count, len(sheet.edges)),
        ("terminals", sheet.terminal_count, len(sheet.terminals)),
    )
    for what, said, found in counts:
        if said != found:
            raise SourceError(f"{sheet.source} says {said} {what} and has {found}")
    edges = np.array(sheet.edges, dtype=np.int64).reshape(-1, 3)
    return SteinLibInstance(
        graph=build_cost_graph(edges[:, 0], edges[:, 1], edges[:, 2], node_count=sheet.node_count),
        terminals=np.array(sheet.terminals, dtype=np.int64),
        remarks=tuple(sheet.remarks),
    )
