"""Mapping files: what they may say, where their sources may be, and how faults are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from gisplan.errors import MappingError, SourceError
from gisplan.ingest.mapping_file import open_request, read_mapping
from gisplan.model.issue import IssueSeverity
from tests.small_source import MAPPING, replaced, write_mapping, write_source

BUS = '[[bus]]\nlayer = "k"\nbus_id = "nr"\nnominal_voltage_v = 400\n'


def faults(text: str) -> str:
    with pytest.raises(MappingError) as caught:
        read_mapping(text.encode(), "m.toml")
    return str(caught.value)


def test_a_text_names_a_column_and_a_number_stands_for_itself() -> None:
    (layer,) = read_mapping(BUS.encode(), "m").tables["bus"]
    assert layer.columns["bus_id"].column == "nr"
    assert layer.columns["nominal_voltage_v"].value == 400


def test_a_misspelt_column_table_or_key_names_the_closest() -> None:
    assert "did you mean 'bus_kind'" in faults(BUS + 'bus_knd = "art"\n')
    assert "did you mean 'line'" in faults(BUS + "[[lines]]\n")
    assert "did you mean 'factor'" in faults(BUS.replace("400", '{ column = "kv", facter = 1000 }'))


def test_a_key_that_resembles_nothing_is_still_refused() -> None:
    assert "this key is not known here" in faults(BUS.replace("400", '{ column = "kv", zzzz = 1 }'))


def test_required_columns_must_be_mapped() -> None:
    assert "does not say where nominal_voltage_v comes from" in faults('[[bus]]\nbus_id = "nr"\n')


def test_a_grid_needs_buses() -> None:
    assert "needs buses" in faults('name = "x"\n')


def test_one_table_may_come_from_several_layers_so_it_is_written_as_a_list() -> None:
    assert "[[bus]]" in faults('[bus]\nbus_id = "nr"\n')
    assert "bus.0" in faults("bus = [1]\n")


def test_a_value_has_exactly_one_origin() -> None:
    assert "needs exactly one of column, value" in faults(
        BUS.replace("400", '{ column = "kv", value = 400 }')
    )


def test_a_condition_has_exactly_one_test() -> None:
    skip = 'skip = { column = "a", equals = 1, below = 2, because = "two tests" }\n'
    assert "needs exactly one of in_set, equals" in faults(BUS + skip)


def test_an_unknown_rule_or_level_is_refused() -> None:
    text = faults('[severity]\nisland_without_sauce = "warning"\n' + BUS)
    assert "did you mean 'island_without_source'" in text
    assert "severity.id_missing" in faults('[severity]\nid_missing = "fatal"\n' + BUS)


def test_severities_are_read() -> None:
    mapping = read_mapping(f'[severity]\nid_missing = "warning"\n{BUS}'.encode(), "m")
    assert mapping.severity == {"id_missing": IssueSeverity.WARNING}


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("(a+)+", "repeats a group"),
        ("(?:a|b)*", "repeats a group"),
        ("a*b*c*d*", "more than 3 repeats"),
        ("a" * 201, "201 characters"),
        ("(a)(b)", "more than one group"),
        ("[", "no regular expression"),
        ("a{1,99999999999999}", "no regular expression"),
    ],
)
def test_expressions_that_may_run_for_ever_are_refused(expression: str, reason: str) -> None:
    value = f'{{ column = "kv", extract = "{expression}" }}'
    assert reason in faults(BUS.replace("400", value))


def test_a_filter_holds_one_condition_and_not_a_statement() -> None:
    assert "semicolon" in faults(BUS + 'where = "1=1; drop table x"\n')


def test_a_format_has_one_place_holder_and_reads_nothing_else() -> None:
    assert "place holder" in faults(BUS.replace('"nr"', '{ column = "nr", format = "mv/" }'))
    assert "place holder" in faults(
        BUS.replace('"nr"', '{ column = "nr", format = "{}{0.__class__}" }')
    )


def test_an_encoding_must_exist() -> None:
    assert "no character encoding" in faults(BUS + 'encoding = "klingon"\n')


def test_snap_geometry_and_their_tables() -> None:
    assert "snap is for lines" in faults(BUS + "snap = { within_m = 1 }\n")
    assert "has no geometry" in faults(
        BUS + '[[source]]\nlayer = "k"\nsource_id = "nr"\nbus_id = "nr"\nvoltage_pu = 1.0\n'
        'geometry = { of = "bus_id" }\n'
    )
    assert "exactly one of of, between_buses" in faults(BUS + "geometry = {}\n")


def test_text_that_is_no_toml_is_refused() -> None:
    assert "is no TOML" in faults("[[bus")
    with pytest.raises(MappingError, match="is no TOML"):
        read_mapping(b"\xff\xfe", "m.toml")


def test_a_mapping_of_megabytes_is_refused(tmp_path: Path) -> None:
    mapping = write_mapping(tmp_path, "#" * 1_000_001)
    with pytest.raises(MappingError, match="allowed are 1000000"):
        open_request(write_source(tmp_path), mapping)


def test_a_source_needs_a_mapping(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="needs a column mapping"):
        open_request(write_source(tmp_path))


def test_files_that_are_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        open_request(tmp_path / "nothing.gpkg")
    with pytest.raises(MappingError, match="does not exist"):
        open_request(write_source(tmp_path), tmp_path / "nothing.toml")
    named = write_mapping(tmp_path, f'[sources]\nmain = "nothing.gpkg"\n{BUS}')
    with pytest.raises(SourceError, match="does not exist"):
        open_request(named)


def test_a_mapping_may_name_its_own_source(tmp_path: Path) -> None:
    source = write_source(tmp_path)
    mapping = write_mapping(tmp_path, f'{MAPPING}\n[sources]\nmain = "netz.gpkg"\n')
    assert open_request(mapping).sources == {"main": source.resolve()}
    assert open_request(mapping).name == "small grid"


def test_a_folder_with_a_mapping_is_a_source(tmp_path: Path) -> None:
    source = write_source(tmp_path)
    text = f'{MAPPING}\n[sources]\nmain = "netz.gpkg"\n'
    write_mapping(tmp_path, text).rename(tmp_path / "mapping.toml")
    assert open_request(tmp_path).sources == {"main": source.resolve()}
    assert open_request(tmp_path, tmp_path / "mapping.toml").sources == {"main": source.resolve()}


def test_the_callers_source_wins_over_the_mappings(tmp_path: Path) -> None:
    source = write_source(tmp_path)
    mapping = write_mapping(tmp_path, f'{MAPPING}\n[sources]\nmain = "other.gpkg"\n')
    assert open_request(source, mapping).sources == {"main": source}


def test_a_mapping_without_source_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="names no source; add main"):
        open_request(write_mapping(tmp_path, replaced('name = "small grid"', "")))


def test_a_mapping_reads_only_below_its_folder(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    write_source(tmp_path)
    mapping = write_mapping(inner, f'{MAPPING}\n[sources]\nmain = "../netz.gpkg"\n')
    with pytest.raises(MappingError, match="must lie below"):
        open_request(mapping)
