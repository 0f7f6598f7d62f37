"""How parts and faults of the corridors look and are called, in every picture of them."""

from __future__ import annotations

from dataclasses import dataclass

from gisplan.network.network_report import FaultKind

MAIN_PART_COLOUR = "#8a939c"
PART_COLOURS = ("#d1495b", "#7b2d8e", "#00798c", "#a05a00", "#3d5a80", "#4f772d")
"""Of the parts after the longest, again from the first after the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultStyle:
    """Sign and name of one kind of fault; ``size_pt`` is the area of the sign in square points."""

    english: str
    chinese: str
    colour: str
    marker: str = "o"
    size_pt: float = 36.0
    is_filled: bool = True


FAULT_STYLES = {
    FaultKind.SEPARATE_PART: FaultStyle(
        english="separate part", chinese="孤立部分", colour="#b00020", marker="X", size_pt=90.0
    ),
    FaultKind.BRIDGED_GAP: FaultStyle(
        english="gap closed over open ground", chinese="以空地连接的断口", colour="#d9730d",
        marker="D", size_pt=45.0,
    ),
    FaultKind.NEAR_MISS: FaultStyle(
        english="end that misses another corridor", chinese="端点未相接", colour="#e3a008",
        marker="^", size_pt=50.0,
    ),
    FaultKind.ACCESS_OFF_CORRIDOR: FaultStyle(
        english="access point on no corridor", chinese="接入点不在通道上", colour="#6a0dad",
        marker="s", size_pt=45.0,
    ),
    FaultKind.ZERO_LENGTH: FaultStyle(
        english="without length", chinese="零长度", colour="#111111", marker="v", is_filled=False
    ),
    FaultKind.DUPLICATE: FaultStyle(
        english="drawn twice", chinese="重复绘制", colour="#0b6e4f", marker="s", is_filled=False
    ),
    FaultKind.PARALLEL_EDGES: FaultStyle(
        english="beside another between the same ends", chinese="平行通道", colour="#1f6fb2",
        marker="D", is_filled=False,
    ),
    FaultKind.FULL_DUCTS: FaultStyle(
        english="no free duct", chinese="排管已满", colour="#8d5524", marker="h"
    ),
    FaultKind.DEAD_END: FaultStyle(
        english="dead end", chinese="尽端", colour="#5a6570", size_pt=14.0, is_filled=False
    ),
}  # fmt: skip
"""In order of gravity."""


def part_colour(part: int) -> str:
    """Return the colour of a part by its number, 1 being the longest."""
    return MAIN_PART_COLOUR if part == 1 else PART_COLOURS[(part - 2) % len(PART_COLOURS)]
