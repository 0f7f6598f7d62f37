"""Programs of others: how they end is told, never raised."""

from pathlib import Path

from gisplan.store.programs import run_program


def test_status_output_and_complaint_are_told() -> None:
    result = run_program(["sh", "-c", "echo said; echo complained >&2; exit 3"])
    assert (result.status, result.output, result.complaint) == (3, "said", "complained")


def test_a_missing_program_is_status_127(tmp_path: Path) -> None:
    assert run_program([tmp_path / "absent"]).status == 127
