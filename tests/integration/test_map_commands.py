"""The electrical commands write maps, and the plan's answer folds what is merely kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from maps.offline import find_loaded_addresses
from tests.integration.conftest import Run

AT = "7.8793381,48.4596464"


@pytest.fixture(autouse=True)
def _on_the_sample(sample_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", sample_url)
    monkeypatch.setenv("COLUMNS", "200")


@pytest.mark.parametrize(
    ("words", "title"),
    [
        (("hosting-capacity", "--direction", "load"), "Available capacity by bus"),
        (("hosting-capacity", "--direction", "generation"), "Hosting capacity by bus"),
        (("screen", "--demand-kva", 100), "Where 100 kVA load fits"),
        (("powerflow",), "Base state of the grid"),
    ],
)
def test_map_is_one_file_that_loads_nothing(
    gisplan: Run, tmp_path: Path, words: tuple[object, ...], title: str
) -> None:
    file = tmp_path / "deep" / "map.html"
    status, out, err = gisplan(*words, "--out", file)
    assert (status, err) == (0, "")
    assert f"rows in {file}" in out
    html = file.read_text(encoding="utf-8")
    assert f"<title>{title}</title>" in html
    assert "T_idx_35" in html
    assert find_loaded_addresses(html) == ()
    assert len(html) < 4_000_000


def test_load_report_is_no_map(gisplan: Run, tmp_path: Path) -> None:
    status, _, err = gisplan("load-report", "--out", tmp_path / "report.html")
    assert status == 2
    assert "expected one of" in err


def test_plan_folds_notes_and_tells_all_on_demand(gisplan: Run) -> None:
    words = ("plan", "--at", AT, "--demand-kva", 630, "--customer-class", "industrial")
    status, short, err = gisplan(*words)
    assert (status, err) == (0, "")
    assert "findings are folded" in short
    assert "backfeed states" in short
    full = gisplan(*words, "--all-findings")[1]
    assert "folded" not in full
    assert len(full.splitlines()) > 2 * len(short.splitlines())
