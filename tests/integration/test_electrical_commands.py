"""The commands powerflow, screen and hosting-capacity: what they print, leave and refuse."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyogrio
import pytest

from gisplan.planning.bus_screening import FLAG_WORDS
from tests.integration.conftest import SAMPLE, Run

BUS_COUNT, BRANCHES = 3235, {"line": 3181, "transformer": 145}


@pytest.fixture(autouse=True)
def _on_the_sample(sample_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", sample_url)
    monkeypatch.setenv("COLUMNS", "200")


def answer(gisplan: Run, *words: object) -> dict[str, object]:
    status, out, err = gisplan(*words, "--json")
    assert (status, err) == (0, "")
    (line,) = out.splitlines()
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


def test_powerflow_summarises_voltages_and_loadings(gisplan: Run) -> None:
    status, out, _ = gisplan("powerflow")
    assert status == 0
    assert "highest feed-in, 400 V" in out
    assert "transformer lv/3 (T_idx_35)" in out
    assert len(out.splitlines()) < 40


def test_powerflow_of_the_sample_is_what_was_published(gisplan: Run) -> None:
    # 98.0 % is the loading of T_idx_35 in the joined published networks
    found = answer(gisplan, "powerflow")
    assert len(found["bus"]) == BUS_COUNT
    assert {kind: len(found[kind]) for kind in BRANCHES} == BRANCHES
    bottleneck = next(one for one in found["transformer"] if one["name"] == "T_idx_35")
    assert bottleneck["loading_load_ratio"] == pytest.approx(0.98, abs=5e-4)
    dead = next(one for one in found["bus"] if not one["is_supplied"])
    assert dead["voltage_load_pu"] is None


def test_powerflow_is_written_by_ending(gisplan: Run, tmp_path: Path) -> None:
    for ending in ("csv", "json", "geojson", "gpkg"):
        status, out, _ = gisplan("powerflow", "--out", tmp_path / f"base.{ending}")
        assert status == 0
        assert f"{BUS_COUNT + sum(BRANCHES.values()):,} rows in" in out
    with (tmp_path / "base.csv").open(encoding="utf-8", newline="") as file:
        assert sum(1 for _ in csv.DictReader(file)) == BUS_COUNT + sum(BRANCHES.values())
    assert {str(name) for name, _ in pyogrio.list_layers(tmp_path / "base.gpkg")} == {
        "bus",
        *BRANCHES,
    }


def test_screen_answers_for_every_bus(gisplan: Run, tmp_path: Path) -> None:
    file = tmp_path / "screen.gpkg"
    status, out, _ = gisplan("screen", "--demand-kva", 100, "--out", file)
    assert status == 0
    assert "of 3,235 buses feasible" in out
    assert "Why not" in out
    assert len(out.splitlines()) < 60
    buses = pyogrio.read_dataframe(file, layer="bus")
    assert len(buses) == BUS_COUNT
    assert set(buses.method) == {"screening", "ac_power_flow"}
    assert (buses.feasible == (buses.limited_by == "")).all()
    words = {word for text in buses.limited_by for word in text.split(", ")} - {""}
    assert words <= set(FLAG_WORDS.values())
    assert (buses.reasons[~buses.feasible] != "").all()


def test_more_demand_fits_at_no_more_buses(gisplan: Run) -> None:
    few = answer(gisplan, "screen", "--demand-kva", 20)
    many = answer(gisplan, "screen", "--demand-kva", 200)
    fits = [{one["bus_id"] for one in found["bus"] if one["feasible"]} for found in (few, many)]
    assert fits[1] < fits[0]


@pytest.mark.parametrize("wanted", ["lv/1000", "ne_117"])
def test_screen_of_one_bus_tells_all_of_it(gisplan: Run, wanted: str) -> None:
    status, out, _ = gisplan("screen", "--demand-kva", 10, "--bus", wanted)
    assert status == 0
    assert "feasible" in out
    assert "lv/1000" in out
    found = answer(gisplan, "screen", "--demand-kva", 10, "--bus", wanted)
    (bus,) = found["bus"]
    assert bus["feasible"] is True
    assert 0.9 < bus["voltage_min_pu"] <= bus["voltage_pu"] < 1.1
    assert 0 < bus["short_circuit_max_ka"] < 30


def test_unknown_smallest_short_circuit_is_told_and_not_zero(gisplan: Run) -> None:
    # the sample states no smallest power of its sources
    found = answer(gisplan, "screen", "--demand-kva", 10, "--bus", "lv/1000")
    smallest = found["bus"][0]["short_circuit_min_ka"]
    assert smallest is not None or any("smallest" in note for note in found["notes"])
    assert smallest != 0


def test_demand_beyond_collapse_tells_the_largest_that_has_a_solution(gisplan: Run) -> None:
    found = answer(gisplan, "screen", "--demand-kva", 5000, "--bus", "lv/1000")
    (bus,) = found["bus"]
    assert (bus["feasible"], bus["limited_by"]) == (False, "no_solution")
    assert 100 < bus["largest_kva"] < 5000


def test_screen_of_generation_feeds_in(gisplan: Run) -> None:
    found = answer(gisplan, "screen", "--demand-kva", 200, "--direction", "generation")
    assert (found["direction"], found["power_factor"]) == ("generation", 1.0)
    words = {one["limited_by"] for one in found["bus"]}
    assert "voltage_high" in words
    assert "voltage_low" not in words


@pytest.mark.parametrize("direction", ["load", "generation"])
def test_hosting_capacity_names_what_limits_every_bus(gisplan: Run, direction: str) -> None:
    words = ("hosting-capacity", "--direction", direction)
    status, out, _ = gisplan(*words)
    assert status == 0
    assert "What limits" in out
    found = answer(gisplan, *words)
    assert len(found["bus"]) == BUS_COUNT
    for bus in found["bus"]:
        assert bus["reason"]
        told = bus["reason"].startswith("unknown") or bus["limited_by"] == "none"
        assert (bus["capacity_kva"] is None) == told
    limited = [one for one in found["bus"] if one["limited_by"] in {"loading", "voltage_low"}]
    assert limited
    assert all(one["limiting_id"] for one in limited)


def test_capacity_and_screening_agree(gisplan: Run) -> None:
    capacity = {
        one["bus_id"]: one["capacity_kva"]
        for one in answer(gisplan, "hosting-capacity", "--direction", "load")["bus"]
    }
    for bus in answer(gisplan, "screen", "--demand-kva", 50)["bus"]:
        kva = capacity[bus["bus_id"]]
        if kva is not None and abs(kva - 50) > 1:
            assert bus["feasible"] == (kva > 50), bus


def test_what_is_promised_counts(gisplan: Run, tmp_path: Path) -> None:
    def loading() -> float:
        units = answer(gisplan, "powerflow")["transformer"]
        return max(one["loading_load_ratio"] for one in units if one["name"] == "T_idx_77")

    before = loading()
    rows = (SAMPLE / "applications.csv").read_text(encoding="utf-8").splitlines()[:13]
    (tmp_path / "list.csv").write_text("\n".join(rows), encoding="utf-8")
    assert gisplan("plan", tmp_path / "list.csv", "--reserve")[0] == 0
    found = answer(gisplan, "powerflow")
    assert found["ledger_sequence"] > 1
    assert loading() >= before


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("screen", "--demand-kva", "-5"), "the demand is -5 kVA"),
        (("screen", "--demand-kva", "0"), "the demand is 0 kVA"),
        (("screen", "--demand-kva", "nan"), "the demand is nan kVA"),
        (("screen", "--demand-kva", "1e12"), "at most 10,000,000 kVA"),
        (("screen", "--demand-kva", "9", "--power-factor", "1.1"), "power factor is 1.1"),
        (("screen", "--demand-kva", "9", "--bus", "lv/100000"), "did you mean"),
        (("screen", "--demand-kva", "9", "--bus", "%%%"), "id or name of a bus"),
        (("screen", "--demand-kva", "9", "--out", "a.pdf"), "expected one of"),
        (("hosting-capacity", "--direction", "load", "--power-factor", "0"), "power factor is 0"),
        (("hosting-capacity", "--direction", "load", "--out", "a.tif"), "expected one of"),
        (("powerflow", "--out", "a.docx"), "expected one of"),
        (("screen",), "--demand-kva"),
        (("hosting-capacity", "--direction", "up"), "generation"),
    ],
)
def test_bad_input_ends_with_a_sentence(
    gisplan: Run, words: tuple[str, ...], expected: str
) -> None:
    status, _, err = gisplan(*words)
    assert status == 2
    assert expected in err
    assert "Traceback" not in err


def test_without_a_grid_there_is_a_sentence(
    gisplan: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    for words in (
        ("powerflow",),
        ("screen", "--demand-kva", 9),
        ("hosting-capacity", "--direction", "load"),
    ):
        status, _, err = gisplan(*words)
        assert status == 2
        assert "gisplan load" in err
