"""The tables of ingest are those of the database."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from gisplan.ingest.tables import TABLES, ColumnKind
from gisplan.store.grid_writer import GRID_TABLES

FOLDER = files("gisplan.store").joinpath("migrations")
SQL, LATER = (
    FOLDER.joinpath(name).read_text(encoding="utf-8")
    for name in ("0001_grid.sql", "0003_electrical.sql")
)
GROUND = FOLDER.joinpath("0004_ground.sql").read_text(encoding="utf-8")
CREATED, ALTERED = SQL + GROUND, LATER + GROUND
TYPES = {
    ColumnKind.TEXT: "text",
    ColumnKind.NUMBER: "double precision",
    ColumnKind.INTEGER: "integer",
    ColumnKind.FLAG: "boolean",
    ColumnKind.DATE: "date",
}


def columns_of(table: str) -> dict[str, str]:
    match = re.search(rf"create table grid\.{table} \((.*?)\n\);", CREATED, re.DOTALL)
    assert match is not None
    created = find_columns(r"^    ", match[1])
    return created | added_columns("grid", table)


def added_columns(schema: str, table: str) -> dict[str, str]:
    altered = re.findall(rf"alter table {schema}\.{table}\n(.*?);", ALTERED, re.DOTALL)
    return {n: k for each in altered for n, k in find_columns("add column ", each).items()}


def find_columns(start: str, text: str) -> dict[str, str]:
    pattern = rf"{start}(\w+)\s+(text|double precision|integer|boolean|date|geometry\(\w+\))(.*)$"
    return {name: kind + rest for name, kind, rest in re.findall(pattern, text, re.MULTILINE)}


@pytest.mark.parametrize("name", TABLES)
def test_columns_types_and_requirements_agree_with_the_migration(name: str) -> None:
    table, stored = TABLES[name], columns_of(name)
    assert [c.name for c in table.columns] == [c for c in stored if not c.startswith("geom")]
    for column in table.columns:
        assert stored[column.name].startswith(TYPES[column.kind])
        assert column.required == ("not null" in stored[column.name])
    if table.shape is not None:
        assert stored["geom"].startswith(f"geometry({table.shape})")


@pytest.mark.parametrize("name", TABLES)
def test_staging_gets_the_columns_that_the_grid_gets(name: str) -> None:
    grid, staging = added_columns("grid", name), added_columns("staging", name)
    assert list(grid) == list(staging)


def test_choices_agree_with_the_migration() -> None:
    for table in TABLES.values():
        for column in table.columns:
            for choice in column.choices:
                assert f"'{choice}'" in CREATED + ALTERED, f"{table.name}.{column.name}: {choice}"


def test_reader_and_writer_know_the_same_tables_in_the_same_order() -> None:
    assert tuple(TABLES) == GRID_TABLES
