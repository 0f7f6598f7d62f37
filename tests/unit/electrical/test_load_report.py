"""The load report: measured, estimated or assumed, with what it does not explain."""

from __future__ import annotations

import numpy as np
import pytest

from gisplan.electrical.load.existing_load import scaled_loads
from gisplan.electrical.load.load_report import LoadRow, load_report
from gisplan.model.grid import Grid, Peaks
from gisplan.network.topology import build_topology
from gisplan.rules.catalogue import load_catalogue
from tests.grids import grid
from tests.unit.electrical.networks import TOWN, line, transformer

CATALOGUE = load_catalogue("eu")
DAY = "2025-01-10"

# two transformers in phase on one feeder: 100 and 200 kVA recorded, 50 kVA at medium voltage
FEEDER = (
    "S-M1 100 i=100",
    "M1-M2 100",
    "M1>A 250",
    "M2>B 400",
    "A: 100 kW",
    "B: 200 kW 4 customers",
    "M2: 50 kW aggregate",
)


def peaks(g: Grid, **kva: float) -> Peaks:
    """Peaks by element: a transformer, else a line; ``M1_A`` stands for ``M1>A``."""
    names = [name.replace("__", "-").replace("_", ">") for name in kva]
    return Peaks(
        transformer=np.array([transformer(g, n) if ">" in n else -1 for n in names], np.int64),
        line=np.array([-1 if ">" in n else line(g, n) for n in names], np.int64),
        peak_kva=np.array(list(kva.values()), dtype=np.float64),
        measured_on=np.array([DAY] * len(names)),
    )


def report(g: Grid, **kva: float) -> dict[str, LoadRow]:
    topology, measured = build_topology(g), peaks(g, **kva)
    loads = scaled_loads(g, topology, measured, CATALOGUE)
    return {row.element: row for row in load_report(g, topology, loads, measured)}


def test_feeders_stand_before_transformers() -> None:
    g = grid(*FEEDER)
    topology = build_topology(g)
    rows = load_report(g, topology, scaled_loads(g, topology))
    assert [(row.element_kind, row.element) for row in rows] == [
        ("feeder", "S-M1"),
        ("transformer", "M1>A"),
        ("transformer", "M2>B"),
    ]


def test_row_of_a_measured_transformer() -> None:
    row = report(grid(*FEEDER), M1_A=125.0)["M1>A"]
    assert (row.provenance, row.peak_kva, row.measured_on) == ("measured", 125, DAY)
    assert (row.estimated_kva, row.scaled_kva, row.factor) == (100, 125, 1.25)
    assert (row.residual_kva, row.rated_kva, row.loading_ratio) == (0, 250, 0.5)
    assert (row.coincidence_ratio, row.customers, row.note) == (None, 1, "")


def test_row_without_a_peak_is_an_estimate() -> None:
    row = report(grid(*FEEDER))["M2>B"]
    assert (row.provenance, row.peak_kva, row.measured_on) == ("estimated", None, "")
    assert (row.residual_kva, row.factor, row.loading_ratio) == (None, 1, 0.5)


def test_feeder_is_rated_by_its_head_line_and_counts_all_customers() -> None:
    row = report(grid(*FEEDER), S__M1=700.0)["S-M1"]
    # sqrt(3) * 20 kV * 100 A
    assert row.rated_kva == pytest.approx(3464.1016)
    assert row.customers == 1 + 4 + 1
    assert row.loading_ratio == pytest.approx(700 / 3464.1016, abs=1e-6)


def test_peak_of_a_feeder_scales_everything_below() -> None:
    rows = report(grid(*FEEDER), S__M1=700.0)
    assert rows["S-M1"].factor == 2
    assert (rows["M1>A"].scaled_kva, rows["M2>B"].scaled_kva) == (200, 400)
    assert rows["M1>A"].provenance == "estimated"


def test_feeder_scales_only_what_its_transformers_leave() -> None:
    rows = report(grid(*FEEDER), S__M1=500.0, M1_A=150.0, M2_B=250.0)
    # 500 - 150 - 250 is left for the 50 kVA at medium voltage
    assert (rows["M1>A"].scaled_kva, rows["M2>B"].scaled_kva) == (150, 250)
    assert rows["S-M1"].residual_kva == 0
    assert rows["S-M1"].scaled_kva == 500


def test_peaks_below_that_exceed_the_feeder_are_told_as_coincidence() -> None:
    rows = report(grid(*FEEDER[:-1]), S__M1=300.0, M1_A=150.0, M2_B=250.0)
    assert (rows["M1>A"].scaled_kva, rows["M2>B"].scaled_kva) == (150, 250)
    assert rows["S-M1"].residual_kva == 100
    assert rows["S-M1"].coincidence_ratio == 0.75
    assert rows["S-M1"].loading_ratio == pytest.approx(300 / 3464.1016, abs=1e-6)


def test_what_was_not_measured_is_not_taken_for_nothing() -> None:
    rows = report(grid(*FEEDER), S__M1=240.0, M1_A=250.0)
    # 250 + 250 kVA against 240: the rest keeps 0.48 of its 250 kVA
    assert rows["M2>B"].scaled_kva == pytest.approx(0.48 * 200)
    assert rows["S-M1"].residual_kva == pytest.approx(250 + 120 - 240)


def test_idle_transformer_tells_that_its_peak_is_not_used() -> None:
    row = report(grid("S-M 100", "M>A 400", "X>B 400", "A: 10 kW"), X_B=30.0)["X>B"]
    assert (row.peak_kva, row.residual_kva, row.scaled_kva) == (30, None, 0)
    assert (row.factor, row.provenance) == (None, "estimated")
    assert "not used" in row.note


def test_measured_line_that_heads_no_feeder_is_told() -> None:
    rows = report(grid(*FEEDER), M1__M2=500.0)
    assert rows["M1-M2"].scaled_kva == 500
    assert rows["M1-M2"].note == "no feeder begins with this line now"


def test_unknown_rating_gives_no_loading() -> None:
    row = report(grid("S-M 100 i=?", "M>A 400", "A: 10 kW"))["S-M"]
    assert (row.rated_kva, row.loading_ratio) == (None, None)


def test_load_of_which_nothing_is_known_makes_an_assumed_row() -> None:
    g = grid(*FEEDER)
    g.loads.active_power_kw[g.loads.load_id == "A"] = np.nan
    g.loads.active_power_kw[g.loads.load_id == "M2"] = np.nan
    rows = report(g)
    # a household: typical contract 14 kVA, alone below its transformer
    assert rows["M1>A"].estimated_kva == 14
    assert [rows[name].provenance for name in ("M1>A", "M2>B", "S-M1")] == [
        "assumed",
        "estimated",
        "assumed",
    ]
    assert rows["S-M1"].note == (
        "nothing is known of 1 load: counted as typical; nothing is known of 1 load: left out"
    )
    assert report(g, M1_A=60.0)["M1>A"].provenance == "measured"


def test_scaled_loads_keep_their_shape_in_a_whole_town() -> None:
    rows = report(grid(*TOWN), S1_H=1800.0, M1_A=90.0, M2_B=70.0)
    assert rows["S1>H"].residual_kva == pytest.approx(0, abs=1e-6)
    assert rows["H-M1"].scaled_kva == pytest.approx(1800)
    assert rows["S1>H"].coincidence_ratio == pytest.approx(1)
