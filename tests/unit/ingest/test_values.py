"""Values: origin, extraction, lookups, tables, scaling, formats and fallbacks."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from pydantic import TypeAdapter

from gisplan.errors import MappingError
from gisplan.ingest.layers import LayerRows, SourceLayers
from gisplan.ingest.mapping import NamedSet
from gisplan.ingest.mapping_parts import ColumnValue, LayerReference, Value
from gisplan.ingest.placing import empty_index
from gisplan.ingest.selection import NamedSets
from gisplan.ingest.values import ValueContext, build_values

ADAPTER: TypeAdapter[Value] = TypeAdapter(ColumnValue)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    stations = "nr;name;os;us;mva\n1;T_7;7;70;0,4\n2;T_8;8;80;0,63\n3;NEU;;90;x\n"
    (tmp_path / "trafo.csv").write_text(stations)
    (tmp_path / "last.csv").write_text("nr;us;kw;faktor\n1;70;10;0.6\n2;90;20;0.5\n3;80;viel;1\n")
    return tmp_path


def context(folder: Path, **sets: dict[str, object]) -> ValueContext:
    layers = SourceLayers({"trafo": folder / "trafo.csv", "last": folder / "last.csv"})
    named = {name: NamedSet.model_validate(given) for name, given in sets.items()}
    return ValueContext(layers=layers, sets=NamedSets(named, layers), buses=empty_index())


def values(
    given: object, folder: Path, source: str = "last", **sets: dict[str, object]
) -> list[object]:
    known = context(folder, **sets)
    rows: LayerRows = known.layers.read(LayerReference(source=source))
    series = build_values(ADAPTER.validate_python(given), rows, known)
    return [None if pd.isna(value) else value for value in series]


def test_a_factor_and_a_column_scale_numbers_and_leave_what_is_none(folder: Path) -> None:
    given = {"column": "kw", "factor": 1000, "scale_by": "faktor"}
    assert values(given, folder) == [6000, 10000, "viel"]


def test_a_part_of_a_text_becomes_an_id(folder: Path) -> None:
    given = {"column": "name", "extract": r"^T_(\d+)$", "format": "mv/{}", "otherwise": "none"}
    assert values(given, folder, "trafo") == ["mv/7", "mv/8", "none"]


def test_without_a_group_the_whole_match_counts(folder: Path) -> None:
    assert values({"column": "name", "extract": "[A-Z]"}, folder, "trafo") == ["T", "T", "N"]


def test_a_lookup_finds_a_value_of_another_layer(folder: Path) -> None:
    given = {"column": "us", "lookup": {"source": "trafo", "key": "us", "value": "name"}}
    assert values(given, folder) == ["T_7", "NEU", "T_8"]


def test_lookups_follow_one_another(folder: Path) -> None:
    by_name = {"source": "trafo", "key": "us", "value": "name"}
    to_number = {"source": "trafo", "key": "name", "value": "nr"}
    assert values({"column": "us", "lookup": [by_name, to_number]}, folder) == ["1", "3", "2"]


def test_a_lookup_that_finds_nothing_takes_what_otherwise_says(folder: Path) -> None:
    given = {
        "column": "us",
        "lookup": {"source": "trafo", "key": "us", "value": "os"},
        "format": "mv/{}",
        "otherwise": {"column": "us", "format": "lv/{}"},
    }
    assert values(given, folder) == ["mv/7", "lv/90", "mv/8"]


def test_a_lookup_by_an_ambiguous_key_is_an_error(folder: Path) -> None:
    (folder / "trafo.csv").write_text("us;name\n70;a\n70;b\n")
    given = {"column": "us", "lookup": {"source": "trafo", "key": "us", "value": "name"}}
    with pytest.raises(MappingError, match="us '70' stands for several values of name"):
        values(given, folder)


def test_a_table_of_values_must_name_every_value(folder: Path) -> None:
    given = {"column": "us", "values": {"70": "a"}}
    with pytest.raises(MappingError, match=r"2 rows hold values .* lacks: '80', '90'"):
        values(given, folder)
    assert values({**given, "otherwise": "b"}, folder) == ["a", "b", "b"]


def test_the_first_case_that_holds_decides(folder: Path) -> None:
    given = {
        "cases": [
            {"column": "us", "equals": 70, "then": "first"},
            {"column": "us", "below": 85, "then": {"column": "nr", "format": "second/{}"}},
        ],
        "otherwise": "last",
    }
    assert values(given, folder) == ["first", "last", "second/3"]


@pytest.mark.parametrize(
    ("test", "held"),
    [
        ({"one_of": [70, "80"]}, [True, False, True]),
        ({"at_least": 80}, [False, True, True]),
        ({"is_null": False}, [True, True, True]),
        ({"in_set": "joined"}, [True, False, True]),
    ],
)
def test_conditions(folder: Path, test: dict[str, object], held: list[bool]) -> None:
    joined = {
        "source": "trafo",
        "column": "us",
        "when": {"column": "name", "in_set": "named"},
    }
    named = {"source": "trafo", "column": "name", "when": {"column": "os", "is_null": False}}
    given = {"cases": [{"column": "us", **test, "then": True}], "otherwise": False}
    assert values(given, folder, joined=joined, named=named) == held


def test_an_unknown_set_or_one_that_asks_itself_is_an_error(folder: Path) -> None:
    given = {"cases": [{"column": "us", "in_set": "joined", "then": True}]}
    with pytest.raises(MappingError, match="no set 'joined'"):
        values(given, folder)
    own = {"source": "trafo", "column": "us", "when": {"column": "us", "in_set": "joined"}}
    with pytest.raises(MappingError, match="asks itself: joined -> joined"):
        values(given, folder, joined=own)


def test_a_phase_shift_becomes_a_clock_number(folder: Path) -> None:
    given = {"value": -30, "factor": 1 / 30, "modulo": 12}
    assert values(given, folder) == pytest.approx([11, 11, 11])


def test_decimal_text_is_no_number_without_being_told(folder: Path) -> None:
    assert values({"column": "mva", "factor": 1000}, folder, "trafo") == ["0,4", "0,63", "x"]
