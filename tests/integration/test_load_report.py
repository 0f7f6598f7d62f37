"""The command load-report on the sample region: rows, files and answers."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.integration.conftest import Run

BOTTLENECK = "lv/3"  # transformer T_idx_35


@pytest.fixture(autouse=True)
def _on_the_sample(sample_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", sample_url)
    monkeypatch.setenv("COLUMNS", "240")


def test_report_has_a_row_for_every_feeder_and_transformer(gisplan: Run) -> None:
    status, out, _ = gisplan("load-report", "--json")
    answer = json.loads(out)
    assert status == 0
    assert answer["profile"] == "eu"
    transformers = {row["element"]: row for row in answer["transformer"]}
    assert len(transformers) == len(answer["transformer"]) > 100
    own = transformers[BOTTLENECK]
    assert (own["name"], own["provenance"], own["peak_kva"]) == ("T_idx_35", "estimated", None)
    assert own["scaled_kva"] == own["estimated_kva"] > 0
    # 98.0 % by AC power flow, where losses and the low voltage raise the current
    assert 0.9 < own["loading_ratio"] < 0.98
    assert all(row["rated_kva"] > 0 for row in answer["feeder"])


def test_report_is_written_by_ending(gisplan: Run, tmp_path: Path) -> None:
    for ending in ("csv", "json", "gpkg"):
        assert gisplan("load-report", "--out", tmp_path / f"report.{ending}")[0] == 0
    with (tmp_path / "report.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    document = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert len(rows) == len(document["feeder"]) + len(document["transformer"])
    assert {row["element_kind"] for row in rows} == {"feeder", "transformer"}
    assert all(row["peak_kva"] == "" for row in rows)


def test_report_for_people_names_the_most_loaded(gisplan: Run) -> None:
    status, out, _ = gisplan("load-report")
    assert status == 0
    assert "T_idx_35" in out
    assert "have a measured peak" in out


def test_unknown_ending_is_refused_with_those_that_there_are(gisplan: Run, tmp_path: Path) -> None:
    status, _, err = gisplan("load-report", "--out", tmp_path / "report.dwg")
    assert status == 2
    assert ".csv, .json" in err
