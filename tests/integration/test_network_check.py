"""The command that tells where the corridors of the sample region are broken."""

import json
from pathlib import Path

import pytest

from tests.integration.conftest import Run


@pytest.fixture(autouse=True)
def _on_the_sample(sample_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", sample_url)
    monkeypatch.setenv("COLUMNS", "200")


def test_sample_is_told_in_words_and_as_json(gisplan: Run) -> None:
    status, out, err = gisplan("network-check")
    assert (status, err) == (0, "")
    assert "km of corridors" in out
    status, out, _ = gisplan("network-check", "--json")
    document = json.loads(out)
    assert status == 0
    assert document["part_count"] == len(document["part"])
    assert document["part"][0]["customer_count"] > 100


@pytest.mark.parametrize("ending", ["html", "png", "gpkg", "geojson", "csv", "json"])
def test_ending_says_how_the_report_is_written(gisplan: Run, tmp_path: Path, ending: str) -> None:
    file = tmp_path / "deep" / f"network.{ending}"
    status, out, err = gisplan("network-check", "--out", file)
    assert (status, err) == (0, "")
    assert f"{file} shows it" in out
    assert file.stat().st_size > 1000


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--out", "network.docx"), "expected one of"),
        (("--near-miss-m", "-1"), "expected more than 0"),
        (("--near-miss-m", "nan"), "expected more than 0"),
    ],
)
def test_what_cannot_be_asked_is_refused(gisplan: Run, words: tuple[str, ...], text: str) -> None:
    status, _, err = gisplan("network-check", *words)
    assert status != 0
    assert text in err
