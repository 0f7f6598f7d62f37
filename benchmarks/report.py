"""Rows of a benchmark, and how they are shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from rich.console import Console
from rich.table import Table

Better = Literal["higher", "lower"]
FILE_WIDTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measured thing.

    ``ratio`` says how many times better ours is than the peer's, whichever direction is better;
    ``target`` is the least ratio that passes. Without a peer the target is for ours itself; without
    a target the row only informs.
    """

    name: str
    ours: float
    peer: float | None = None
    unit: str
    target: float | None = None
    better: Better = "higher"

    @property
    def ratio(self) -> float | None:
        """How many times better ours is than the peer's."""
        if self.peer is None:
            return None
        return self.ours / self.peer if self.better == "higher" else self.peer / self.ours

    @property
    def is_passed(self) -> bool:
        """Whether the target is met."""
        if self.target is None:
            return True
        if self.ratio is not None:
            return self.ratio >= self.target
        return self.ours >= self.target if self.better == "higher" else self.ours <= self.target

    def as_json(self) -> str:
        """One JSON object on one line."""
        return json.dumps(
            {
                "name": self.name,
                "ours": self.ours,
                "peer": self.peer,
                "unit": self.unit,
                "ratio": self.ratio,
                "target": self.target,
                "better": self.better,
                "pass": self.is_passed,
            },
            ensure_ascii=False,
        )


def show_json(rows: Iterable[Row]) -> Iterator[Row]:
    """Print each row as it comes."""
    for row in rows:
        print(row.as_json(), flush=True)
        yield row


def show_table(title: str, rows: Iterable[Row]) -> Iterator[Row]:
    """Print a table when all rows have come."""
    table = Table(title=title)
    table.add_column("measured", overflow="fold")
    for heading in ("ours", "peer", "unit", "ratio", "target", "better", "pass"):
        table.add_column(heading, justify="right")
    for row in rows:
        verdict = "[green]yes[/]" if row.is_passed else "[bold red]NO[/]"
        numbers = (_number(row.ours), _number(row.peer), row.unit, _number(row.ratio))
        table.add_row(row.name, *numbers, _number(row.target), row.better, verdict)
        yield row
    console = Console()
    # a file has no width: names in one line each
    (console if console.is_terminal else Console(width=FILE_WIDTH)).print(table)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
