"""Screening against the AC power flow of the whole network, candidate by candidate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.ac_truth import BATCH, FAR_PU, AcTruth, Solved
from benchmarks.electrical_cases import (
    GUARD_LOADING_RATIO,
    GUARD_VOLTAGE_PU,
    Trial,
    powers,
)
from benchmarks.report import Row
from gisplan.electrical.demand import LOAD_CASES, MEDIUM_VOLTAGE_V, STATES
from gisplan.electrical.proof.connection import prove
from gisplan.electrical.proof.limits import check_limits
from gisplan.electrical.proof.proof import ProofResult
from gisplan.electrical.proof.proposal import Proposal
from gisplan.electrical.screening.capacity import capacities
from gisplan.electrical.screening.screening import Screening, screen
from gisplan.electrical.screening.screening_kernel import NEEDS_AC, NO_SOLUTION
from gisplan.model.grid import Flags, Floats, Integers
from gisplan.model.option import Severity

SHORTLIST = 20
TWO_POINT_BUSES = 200
INSIDE_PU = 1e-6
PERCENT = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Truths:
    """What the AC power flow says of each candidate; NaN where it says nothing.

    ``path_ratio`` is the highest loading on the way to the source; the extremes are those of buses
    off that way which the candidate moves, shape (candidates, 4): LV and MV, lowest and highest.
    """

    feasible: Flags
    has_solution: Flags
    voltage_pu: Floats
    path_ratio: Floats
    off_path_pu: Floats


def find_truths(trial: Trial) -> Truths:
    """Solve and judge every candidate by itself."""
    truth, count = trial.truth, len(trial.bus)
    feasible, has_solution = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    voltage, ratio = np.full(count, np.nan), np.full(count, np.nan)
    off_path = np.full((count, 4), np.nan)
    for first in range(0, count, BATCH):
        rows = np.arange(first, min(first + BATCH, count))
        solved = truth.solve(rows, trial.p_kw[rows], trial.q_kvar[rows])
        feasible[rows], has_solution[rows] = truth.judge(rows, solved), solved.has_solution
        for n, row in enumerate(rows.tolist()):
            if has_solution[row]:
                bus = int(trial.bus[row])
                voltage[row] = solved.voltage_pu[n, bus]
                ratio[row], off_path[row] = _read(truth, solved, n, bus)
    return Truths(
        feasible=feasible,
        has_solution=has_solution,
        voltage_pu=voltage,
        path_ratio=ratio,
        off_path_pu=off_path,
    )


def _read(truth: AcTruth, solved: Solved, n: int, bus: int) -> tuple[float, Floats]:
    on_path, lines, units = truth.path(bus)
    own, _, _ = truth.own_part(bus)
    loadings = np.concatenate([solved.line_ratio[n, lines], solved.transformer_ratio[n, units]])
    voltage = solved.voltage_pu[n]
    moved = own | (np.abs(voltage - truth.base.voltage_pu[0]) > 2 * FAR_PU)
    low = truth.snapshot.grid.buses.nominal_voltage_v < MEDIUM_VOLTAGE_V
    extremes = np.full(4, np.nan)
    for place, level in ((0, low), (2, ~low)):
        found = voltage[moved & ~on_path & level & np.isfinite(voltage)]
        if len(found):
            extremes[place : place + 2] = found.min(), found.max()
    return float(np.nanmax(loadings, initial=0.0)), extremes


def screen_trial(trial: Trial) -> Screening:
    """Screen all candidates with the guard bands of the target."""
    return screen(trial.setup.snapshot, trial.base, trial.demands(), trial.setup.limits)


def accuracy_rows(trial: Trial, truths: Truths) -> Iterator[Row]:
    """Errors on the path, bounds off the path, decisions outside the guard band."""
    screening = screen_trial(trial)
    name = f"{trial.setup.name}: {trial.direction}"
    radial = (screening.reasons & (NEEDS_AC | NO_SOLUTION)) == 0
    both = radial & truths.has_solution
    errors = {
        "of the new voltage": (np.abs(screening.voltage_pu - truths.voltage_pu), "p.u.", 2e-4),
        "of the highest loading on the path": (
            np.abs(screening.loading_max_ratio - truths.path_ratio) * PERCENT,
            "points",
            0.1,
        ),
    }
    kept = both & truths.feasible
    some = ((kept, "feasible radial candidates"), (both, "radial candidates with a solution"))
    for what, (error, unit, target) in errors.items():
        for chosen, words in some:
            yield Row(
                name=f"{name}, largest screening error {what}, {chosen.sum():,} {words}",
                ours=float(error[chosen].max()),
                unit=unit,
                target=target if chosen is kept else None,
                better="lower",
            )
    yield from _bound_rows(name, screening, truths, kept)
    yield from _decision_rows(name, screening, truths)


def _bound_rows(name: str, screening: Screening, truths: Truths, kept: Flags) -> Iterator[Row]:
    """How far true extremes off the path lie outside what screening told."""
    lowest = np.column_stack([screening.lv_min_pu, screening.mv_min_pu])
    highest = np.column_stack([screening.lv_max_pu, screening.mv_max_pu])
    outside = np.column_stack(
        [lowest - truths.off_path_pu[:, 0::2], truths.off_path_pu[:, 1::2] - highest]
    )[kept]
    worst = np.nan_to_num(outside, nan=-np.inf).max(axis=1)
    asked = np.isfinite(worst)
    yield Row(
        name=f"{name}, extremes off the path inside what screening tells, feasible candidates",
        ours=float(np.mean(worst[asked] <= INSIDE_PU)) * PERCENT,
        unit="% of candidates",
    )
    yield Row(
        name=f"{name}, farthest voltage off the path outside what screening tells, feasible ones",
        ours=float(max(worst[asked].max(), 0.0)),
        unit="p.u.",
        target=GUARD_VOLTAGE_PU,
        better="lower",
    )


def _decision_rows(name: str, screening: Screening, truths: Truths) -> Iterator[Row]:
    certain = ~screening.uncertain
    wrong = certain & (screening.feasible != truths.feasible)
    yield Row(
        name=f"{name}, wrong decisions outside the guard band of {GUARD_VOLTAGE_PU:g} p.u. and "
        f"{GUARD_LOADING_RATIO * PERCENT:g} points, {len(wrong):,} candidates",
        ours=float(wrong.sum()),
        unit="wrong",
        target=0.0,
        better="lower",
    )
    for what, share in (
        ("passed and fail by AC", wrong & screening.feasible),
        ("inside the guard band or on a loop", screening.uncertain),
        ("feasible by AC", truths.feasible),
        ("without any solution by AC", ~truths.has_solution),
    ):
        yield Row(
            name=f"{name}, candidates {what}",
            ours=float(np.mean(share)) * PERCENT,
            unit="%",
        )


def two_stages(trial: Trial) -> Flags:
    """Screen all candidates, prove the uncertain ones and a shortlist; return the verdicts."""
    screening = screen_trial(trial)
    feasible = screening.feasible.copy()
    clear = np.flatnonzero(feasible & ~screening.uncertain)
    best = clear[np.argsort(screening.loading_max_ratio[clear], kind="stable")[:SHORTLIST]]
    rows = np.union1d(np.flatnonzero(screening.uncertain), best)
    feasible[rows] = prove_rows(trial, rows)
    return feasible


def prove_rows(trial: Trial, rows: Integers) -> Flags:
    """Verdicts of the product's AC proof."""
    case = trial.base.case
    in_case = np.outer([one is case for one in LOAD_CASES], np.ones(len(STATES)))
    proposals = [
        Proposal(
            bus=int(trial.bus[n]),
            p_kw=trial.p_kw[n] * in_case,
            q_kvar=trial.q_kvar[n] * in_case,
        )
        for n in rows
    ]
    proofs: list[ProofResult] = []
    for first in range(0, len(proposals), BATCH):
        some: Sequence[Proposal] = proposals[first : first + BATCH]
        proofs += prove(trial.setup.snapshot, {case: trial.base}, some)
    verdicts = [
        all(
            finding.severity is not Severity.VIOLATION
            for finding in check_limits(proof, trial.setup.catalogue)
        )
        for proof in proofs
    ]
    return np.array(verdicts, np.bool_)


def two_point_rows(trial: Trial, power_factor: float) -> Iterator[Row]:
    """Ask the AC power flow at 0.98 and at 1.02 of the capacity of some buses."""
    found = capacities(
        trial.setup.snapshot,
        trial.base,
        trial.bus[:TWO_POINT_BUSES],
        power_factor=power_factor,
        direction=trial.direction,
        limits=trial.setup.limits,
    )
    rows = np.flatnonzero(np.isfinite(found.kva) & (found.kva > 0))
    for share, expected, words in ((0.98, True, "passes"), (1.02, False, "fails")):
        p_kw, q_kvar = powers(trial.direction, power_factor, share * found.kva[rows])
        verdicts = trial.truth.feasible(rows, p_kw, q_kvar)
        yield Row(
            name=f"{trial.setup.name}: {trial.direction}, {share:g} of the capacity {words} by AC, "
            f"{len(rows)} buses",
            ours=float(np.mean(verdicts == expected)) * PERCENT,
            unit="% of buses",
            target=PERCENT,
        )
