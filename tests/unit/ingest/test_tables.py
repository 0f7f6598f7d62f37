"""The tables of ingest are those of the database."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from gisplan.ingest.tables import TABLES, ColumnKind
from gisplan.store.grid_writer import GRID_TABLES

SQL = files("gisplan.store").joinpath("migrations", "0001_grid.sql").read_text(encoding="utf-8")
TYPES = {
    ColumnKind.TEXT: "text",
    ColumnKind.NUMBER: "double precision",
    ColumnKind.INTEGER: "integer",
    ColumnKind.FLAG: "boolean",
}


def columns_of(table: str) -> dict[str, str]:
    match = re.search(rf"create table grid\.{table} \((.*?)\n\);", SQL, re.DOTALL)
    assert match is not None
    pattern = r"^    (\w+)\s+(text|double precision|integer|boolean|geometry\(\w+\))(.*)$"
    return {name: kind + rest for name, kind, rest in re.findall(pattern, match[1], re.MULTILINE)}


@pytest.mark.parametrize("name", TABLES)
def test_columns_types_and_requirements_agree_with_the_migration(name: str) -> None:
    table, stored = TABLES[name], columns_of(name)
    assert [c.name for c in table.columns] == [c for c in stored if not c.startswith("geom")]
    for column in table.columns:
        assert stored[column.name].startswith(TYPES[column.kind])
        assert column.required == ("not null" in stored[column.name])
    if table.shape is not None:
        assert stored["geom"].startswith(f"geometry({table.shape})")


def test_choices_agree_with_the_migration() -> None:
    for table in TABLES.values():
        for column in table.columns:
            for choice in column.choices:
                assert f"'{choice}'" in SQL, f"{table.name}.{column.name}: {choice}"


def test_reader_and_writer_know_the_same_tables_in_the_same_order() -> None:
    assert tuple(TABLES) == GRID_TABLES
