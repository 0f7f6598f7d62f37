"""The report of a network check as tables and figures."""

import json

from tests.networks import answer_of, broken_town


def test_facts_count_what_the_tables_hold() -> None:
    answer = broken_town()
    parts, faults, corridors = answer.tables
    assert answer.facts["is_broken"] is True
    assert answer.facts["part_count"] == len(parts) == 2
    assert answer.facts["warning_count"] == faults.columns["severity"].tolist().count("warning")
    assert answer.facts["near_miss_count"] == faults.columns["kind"].tolist().count("near_miss")
    assert set(corridors.columns["part"].tolist()) == {1, 2}


def test_json_holds_every_table_with_finite_numbers() -> None:
    document = json.loads(broken_town().as_json())
    assert document["part"][0]["customer_count"] == 5
    assert {row["kind"] for row in document["fault"]} >= {"separate_part", "full_ducts"}


def test_what_to_know_of_a_grid_without_corridors_is_said() -> None:
    answer = answer_of("S1-A 100 service", "A: 2 kW 4 customers")
    assert answer.facts["part_count"] == 0
    assert [note.split(";")[0] for note in answer.notes] == [
        "there are no corridors at all",
        "4 customers live beside no corridor",
    ]


def test_joined_ends_are_said() -> None:
    from tests.networks import street

    answer = answer_of("S1-A 100", street("0,0 100,0"), street("50,0.5 50,80"))
    assert any("1 ends" in note for note in answer.notes)
