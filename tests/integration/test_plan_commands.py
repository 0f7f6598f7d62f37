"""The commands plan and demo: what they print and leave, and how they refuse bad input."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from gisplan.export.plan_document import plan_from_json
from tests.integration.conftest import SAMPLE, Run

AT = "7.8793381,48.4596464"


@pytest.fixture(autouse=True)
def _on_the_sample(sample_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", sample_url)
    monkeypatch.setenv("GISPLAN_OUTPUT_FOLDER", str(tmp_path / "out"))
    monkeypatch.setenv("COLUMNS", "200")


def test_plan_of_a_place_prints_its_options(gisplan: Run) -> None:
    status, out, _ = gisplan("plan", "--at", AT, "--demand-kva", 9)
    assert status == 0
    assert "existing service" in out
    assert "straight line" in out


def test_plan_as_json_is_the_plan_document(gisplan: Run) -> None:
    status, out, _ = gisplan("plan", "--at", AT, "--demand-kva", 100, "--json")
    plan = plan_from_json(out.encode())
    assert status == 0
    assert plan.application.demand_kva == 100.0
    assert plan.provenance.profile == "eu"


def test_plan_takes_what_disturbs_others_and_the_phase(gisplan: Run) -> None:
    words = ("--largest-motor-kw", 5.5, "--largest-step-kva", 8, "--steps-per-hour", 6)
    asked = ("plan", "--at", AT, "--demand-kva", 9, *words, "--phase", "L2", "--json")
    status, out, _ = gisplan(*asked)
    application = plan_from_json(out.encode()).application
    assert status == 0
    assert (application.largest_motor_kw, application.largest_step_kva) == (5.5, 8.0)
    assert (application.steps_per_hour, application.phase) == (6.0, "L2")


def test_phase_that_does_not_exist_is_refused(gisplan: Run) -> None:
    status, _, err = gisplan("plan", "--at", AT, "--demand-kva", 9, "--phase", "L4")
    assert status != 0
    assert "phase is 'L4'" in err


@pytest.mark.parametrize("ending", ["json", "geojson", "html"])
def test_plan_is_written_by_ending(gisplan: Run, tmp_path: Path, ending: str) -> None:
    file = tmp_path / "deep" / f"plan.{ending}"
    assert gisplan("plan", "--at", AT, "--demand-kva", 9, "--out", file)[0] == 0
    assert file.stat().st_size > 1000


def test_list_of_applications_becomes_a_table_and_a_folder(gisplan: Run, tmp_path: Path) -> None:
    rows = (SAMPLE / "applications.csv").read_text(encoding="utf-8").splitlines()[:4]
    file = tmp_path / "list.csv"
    file.write_text("\n".join(rows), encoding="utf-8")
    status, out, _ = gisplan("plan", file, "--reserve", "--out", tmp_path / "plans")
    assert status == 0
    assert "3 plans, 3 feasible" in out
    assert sorted(path.name for path in (tmp_path / "plans").iterdir()) == [
        "S-0001.json",
        "S-0002.json",
        "S-0003.json",
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), "either a FILE of applications, or --at"),
        (("--at", AT), "--demand-kva"),
        (("--at", "7.88", "--demand-kva", "9"), "longitude and latitude"),
        (("--at", "7.88,north", "--demand-kva", "9"), "lat"),
        (("--at", "nan,48.4", "--demand-kva", "9"), "lon"),
        (("--at", AT, "--demand-kva", "-9"), "demand_kva"),
        (("--at", "2.35,48.85", "--demand-kva", "9"), "outside the loaded region"),
        (("--at", AT, "--demand-kva", "9", "--out", "plan.dwg"), "expected one of"),
        (("--at", AT, "--demand-kva", "9", "--customer-class", "castle"), "heat_pump"),
        (("--at", AT, "--demand-kva", "9", "--reserve"), "--reference"),
    ],
)
def test_bad_input_ends_with_a_sentence(
    gisplan: Run, words: tuple[str, ...], expected: str
) -> None:
    status, _, err = gisplan("plan", *words)
    assert status == 2
    assert expected in err
    assert "Traceback" not in err


def test_list_with_places_outside_names_each_before_any_is_planned(
    gisplan: Run, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(
        "reference,lon,lat,demand_kva,kind\nIN,7.88,48.46,9,load\n"
        "PARIS,2.35,48.85,9,load\nBERLIN,13.4,52.5,9,load\n",
        encoding="utf-8",
    )
    status, out, err = gisplan("plan", file, "--reserve")
    assert (status, out) == (2, "")
    assert "2 of 3 applications outside the loaded region" in err
    assert ": PARIS at 2.35, 48.85, BERLIN at 13.4, 52.5; " in err  # and not IN


def test_plan_without_a_grid_says_how_to_load_one(
    gisplan: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    status, _, err = gisplan("plan", "--at", AT, "--demand-kva", 9)
    assert status == 2
    assert "gisplan load" in err


def small_sample(folder: Path) -> Path:
    """The sample region with the first few applications and heat pumps."""
    sample = folder / "sample"
    shutil.copytree(SAMPLE, sample, ignore=shutil.ignore_patterns("*.py", "original"))
    for name, count in (("applications.csv", 7), ("heat_pumps.csv", 9)):
        lines = (SAMPLE / name).read_text(encoding="utf-8").splitlines()[:count]
        (sample / name).write_text("\n".join(lines), encoding="utf-8")
    return sample


def test_demo_leaves_plans_maps_density_and_a_summary(gisplan: Run, tmp_path: Path) -> None:
    for _ in range(2):  # a second run forgets what the first one promised
        status, out, err = gisplan("demo", "--no-serve", "--sample", small_sample(tmp_path))
        assert (status, err) == (0, "")
        shutil.rmtree(tmp_path / "sample")
    folder = tmp_path / "out" / "demo"
    assert {path.name for path in folder.iterdir()} >= {
        "S-0001.html",
        "S-0006.html",
        "plans",
        "summary.csv",
        "heat_pumps.csv",
        "density.tif",
        "density.png",
    }
    with (folder / "summary.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["reference"] for row in rows] == [f"S-000{n}" for n in range(1, 7)]
    assert json.loads((folder / "plans" / "S-0001.json").read_text())["feasible"] is True
    assert "S-0002 before" in out


def test_demo_outside_the_project_says_what_it_misses(gisplan: Run, tmp_path: Path) -> None:
    status, _, err = gisplan("demo", "--no-serve", "--sample", tmp_path)
    assert status == 2
    assert "mapping.toml" in err


def test_reference_may_look_like_markup(gisplan: Run, tmp_path: Path) -> None:
    words = ("plan", "--at", AT, "--demand-kva", 9, "--reference", "A[/b]", "--reserve")
    status, out, _ = gisplan(*words, "--out", tmp_path / "plans")
    assert status == 0
    assert "A[/b]" in out
    assert [path.name for path in (tmp_path / "plans").iterdir()] == ["A%5B%2Fb%5D.json"]


def test_several_plans_as_json_are_a_line_each(gisplan: Run, tmp_path: Path) -> None:
    rows = (SAMPLE / "applications.csv").read_text(encoding="utf-8").splitlines()[:3]
    file = tmp_path / "list.csv"
    file.write_text("\n".join(rows), encoding="utf-8")
    _, out, _ = gisplan("plan", file, "--json")
    references = [json.loads(line)["application"]["reference"] for line in out.splitlines()]
    assert references == ["S-0001", "S-0002"]


def test_target_of_no_known_form_is_refused_before_anything_is_held(
    gisplan: Run, tmp_path: Path
) -> None:
    words = ("plan", "--at", AT, "--demand-kva", 9, "--reference", "A-1", "--reserve")
    status, _, err = gisplan(*words, "--out", tmp_path / "plan.pdf")
    assert status == 2
    assert "expected one of" in err
    assert (
        json.loads(gisplan("plan", "--at", AT, "--demand-kva", 9, "--json")[1])["provenance"][
            "ledger_sequence"
        ]
        == 1
    )


def test_place_that_cannot_be_written_is_a_sentence(gisplan: Run, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder", encoding="utf-8")
    words = ("plan", "--at", AT, "--demand-kva", 9, "--out", blocked / "plan.json")
    status, _, err = gisplan(*words)
    assert status == 2
    assert "cannot be used" in err
