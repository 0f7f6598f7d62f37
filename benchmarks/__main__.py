"""``python -m benchmarks NAME [--json]``: run one benchmark, or all of them one after another."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.report import Row, show_json, show_table

PART_OF_ROUTING = "routing_"


def find_names() -> list[str]:
    """Names of the benchmarks: the modules with a function ``rows``."""
    modules = sorted(Path(__file__).parent.glob("*.py"))
    return [path.stem for path in modules if "\ndef rows(" in path.read_text(encoding="utf-8")]


def main() -> int:
    names = find_names()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=[*names, "all"], help="what to measure")
    parser.add_argument("--json", action="store_true", help="one JSON object for each row")
    arguments = parser.parse_args()
    measured: list[Row] = []
    whole = [name for name in names if not name.startswith(PART_OF_ROUTING)]
    for name in whole if arguments.name == "all" else [arguments.name]:
        rows = import_module(f"benchmarks.{name}").rows()
        measured += show_json(rows) if arguments.json else show_table(name, rows)
    return 0 if all(row.is_passed for row in measured) else 1


if __name__ == "__main__":
    sys.exit(main())
