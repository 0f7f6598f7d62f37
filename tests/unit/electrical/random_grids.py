"""Random grids with everything that a supply tree has to bear, as rows of text and as tables."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np

from gisplan.model.grid import Grid
from tests.grids import grid

ZERO = "r=0 x=0 c=0"


def random_network(
    seed: int,
    *,
    chords: int = 0,
    sources: int = 1,
    load: float = 1.0,
    zero_impedance: bool = False,
) -> Grid:
    """A town of several voltage levels with taps on both sides and ``chords`` more lines.

    ``load`` scales the demands. Without chords and with one source it is radial, closed couplers,
    parallel systems, generators and lines that end open included.
    """
    pick = random.Random(seed)
    rows = [f"S1>H 16000 110/20 tap={pick.randint(-3, 1)} x{pick.choice([1, 1, 2])} clock=0"]
    medium, low = ["H"], []
    for n in range(pick.randint(2, 5)):
        feeding = pick.choice(medium)
        # now and then the line is drawn from its far end
        ends = (feeding, f"M{n}") if pick.random() < 0.7 else (f"M{n}", feeding)
        rows.append(f"{ends[0]}-{ends[1]} {pick.randint(200, 4000)} {pick.choice(['', 'x2', ''])}")
        medium.append(f"M{n}")
        if pick.random() < 0.2:
            rows.append(f"M{n}=N{n}")
            medium.append(f"N{n}")
        if pick.random() < 0.2:
            rows.append(f"M{n}-E{n} {pick.randint(100, 3000)} open{pick.choice(['', f'@M{n}'])}")
        if pick.random() < 0.3:
            p_kw, q_kvar = load * pick.uniform(50, 900), pick.uniform(0, 200)
            rows.append(f"M{n}: {p_kw:.1f} kW {q_kvar:.1f} kvar")
        low.append(_low_voltage(pick, n, rows, load, ZERO if zero_impedance else ""))
    for n in range(1, sources):
        rows.append(f"S{n + 1}-{pick.choice(medium[1:])} {pick.randint(500, 5000)}")
        rows.append(f"S{n + 1} 20000V")
    for _ in range(chords):
        own = pick.choice([medium, *[buses for buses in low if len(buses) > 2]])
        a, b = pick.sample(own, 2)
        rows.append(f"{a}-{b} {pick.randint(20, 900)}")
    return tapped_anywhere(grid(*rows), seed)


def _low_voltage(pick: random.Random, n: int, rows: list[str], load: float, odd: str) -> list[str]:
    """Add a low-voltage network; ``odd`` describes some of its lines."""
    clock = pick.choice(["", "clock=0", "clock=11"])
    rows.append(f"M{n}>T{n} {pick.choice([250, 400, 630])} tap={pick.randint(-1, 1)} {clock}")
    low = [f"T{n}"]
    for k in range(pick.randint(1, 6)):
        name, at = f"L{n}x{k}", pick.choice(low)
        a, b = (at, name) if pick.random() < 0.7 else (name, at)
        kind = pick.choice(["", "", "", "service", "x2", odd, "i=?"])
        rows.append(f"{a}-{b} {pick.randint(10, 180)} {kind}")
        rows.append(
            f"{name}: {load * pick.uniform(1, 14):.2f} kW {load * pick.uniform(0, 4):.2f} kvar"
        )
        if pick.random() < 0.2:
            rows.append(f"{name}: gen {pick.uniform(1, 25):.2f} kW")
        low.append(name)
    if pick.random() < 0.2:
        rows.append(f"{pick.choice(low)}-E{n}x {pick.randint(10, 90)} open")
    return low


def tapped_anywhere(g: Grid, seed: int) -> Grid:
    """The same grid with some of the taps on the low-voltage side."""
    table = g.transformers
    side = np.random.default_rng(seed).integers(0, 2, len(table.tap_side)).astype(np.uint8)
    return replace(g, transformers=replace(table, tap_side=side))
