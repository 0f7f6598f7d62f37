"""The words of a grid as text, before tables are made of them; see ``tests/grids.py``."""

from __future__ import annotations

import heapq
import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeVar

from gisplan.model.grid import (
    BarrierKind,
    BusKind,
    CorridorKind,
    CustomerClass,
    Laying,
    Surface,
)

TURNS_DEG = (0, 70, -50, 35, -80, 20, -25, 55, -65)

# Words that may follow the first one, by the kind of the row: a typing error must not pass.
BUS_KINDS = "|".join(kind.name.lower() for kind in BusKind)
CLASSES = "|".join(kind.name.lower() for kind in CustomerClass)
SURFACES = "|".join(surface.name.lower() for surface in Surface)
LAYINGS = "|".join(laying.name.lower() for laying in Laying)
BARRIERS = "|".join(kind.name.lower() for kind in BarrierKind)
NUMBER = r"-?[\d.]+"
STATES = r"open|open@[\w/]+|closed|closed@[\w/]+|out|x\d+|id=\S+"
WORDS = {
    "-": (
        rf"{STATES}|main|service|unknown|overhead|cable|duct|type=\S+"
        rf"|([rxci]|[rxc]0|fuse|relay)=({NUMBER}|\?)"
    ),
    ">": rf"{STATES}|{NUMBER}/{NUMBER}|tap=({NUMBER}|\?)|(vk|vkr|clock)=({NUMBER}|\?)",
    "=": r"open|id=\S+",
    ":": rf"gen|kW|kvar|kWh|customers|three|L[123]|contract={NUMBER}|{NUMBER}|{CLASSES}",
    "bus": (
        rf"{BUS_KINDS}|[\d.]+V|@{NUMBER},{NUMBER}|bays={NUMBER}/{NUMBER}|substation=\S+"
        rf"|kA={NUMBER}|(sk|skmin|rx)=({NUMBER}|\?)"
    ),
    "corridor": (
        rf"{SURFACES}|{LAYINGS}|{NUMBER},{NUMBER}|(ducts|permit)={NUMBER}|ban=\d{{4}}-\d\d-\d\d"
        r"|(owner|id)=\S+"
    ),
    "obstacle": rf"{NUMBER},{NUMBER}|wayleave|(cost|kind|id)=\S+",
    "barrier": rf"{BARRIERS}|{NUMBER},{NUMBER}|permit={NUMBER}|(owner|id)=\S+",
}

_arrival = itertools.count()

Point = tuple[float, float]
T = TypeVar("T")
E = TypeVar("E", bound=IntEnum)


@dataclass
class Branch:
    ends: tuple[str, str]
    number: float
    words: list[str]
    shape: list[Point] = field(default_factory=list)


@dataclass
class Text:
    """What the rows say, before anything is derived from it."""

    buses: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, Branch] = field(default_factory=dict)
    transformers: dict[str, Branch] = field(default_factory=dict)
    couplers: dict[str, Branch] = field(default_factory=dict)
    loads: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    generators: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    corridors: dict[str, list[str]] = field(default_factory=dict)
    obstacles: dict[str, list[str]] = field(default_factory=dict)
    barriers: dict[str, list[str]] = field(default_factory=dict)


def read(line: str, text: Text) -> None:
    first, *words = line.split()
    if first.upper() in CorridorKind.__members__:
        _check_words(words, "corridor", line)
        _new(text.corridors, option(words, "id", first), [first, *words])
    elif first == "obstacle":
        _check_words(words, first, line)
        _new(text.obstacles, option(words, "id", first), words)
    elif first == "barrier":
        _check_words(words, first, line)
        _new(text.barriers, option(words, "id", words[0]), words)
    elif first.endswith(":"):
        _check_words(words, ":", line)
        bus = first[:-1]
        text.buses.setdefault(bus, [])
        _new(text.generators if words[0] == "gen" else text.loads, bus, (bus, words))
    elif found := re.fullmatch(r"([\w/]+)([->=])([\w/]+)", first):
        ends = (found[1], found[3])
        _check_words(words if found[2] == "=" else words[1:], found[2], line)
        for bus in ends:
            text.buses.setdefault(bus, [])
        table = {"-": text.lines, ">": text.transformers, "=": text.couplers}[found[2]]
        number = 0.0 if found[2] == "=" else float(words.pop(0))
        _new(table, option(words, "id", first), Branch(ends, number, words))
    elif re.fullmatch(r"[\w/]+", first):
        _check_words(words, "bus", line)
        text.buses.setdefault(first, []).extend(words)
    else:
        raise ValueError(f"row {line!r} is not one that tests/grids.py knows")


def _check_words(words: Sequence[str], kind: str, line: str) -> None:
    for word in words:
        if not re.fullmatch(WORDS[kind], word):
            raise ValueError(
                f"row {line!r}: the word {word!r} is not one that tests/grids.py knows"
            )


def _new(table: dict[str, T], wanted: str, value: T) -> None:
    copies = sum(1 for key in table if key.split("#")[0] == wanted)
    table[wanted if not copies else f"{wanted}#{copies + 1}"] = value


def option(words: Sequence[str], key: str, default: str) -> str:
    return next((w.split("=", 1)[1] for w in words if w.startswith(key + "=")), default)


def read_number(words: Sequence[str], key: str, default: float) -> float:
    value = option(words, key, str(default))
    return math.nan if value == "?" else float(value)


def choice(words: Sequence[str], kinds: type[E], default: E) -> E:
    members = kinds.__members__
    return next((members[w.upper()] for w in words if w.upper() in members), default)


def parallel(words: Sequence[str]) -> int:
    return next((int(w[1:]) for w in words if re.fullmatch(r"x\d+", w)), 1)


def vertices(words: Sequence[str]) -> list[Point]:
    pairs = [w.lstrip("@").split(",") for w in words if re.fullmatch(r"@?-?[\d.]+,-?[\d.]+", w)]
    return [(float(x), float(y)) for x, y in pairs]


def is_source(bus: str) -> bool:
    return re.fullmatch(r"S\d*", bus) is not None


def ratio(branch: Branch) -> tuple[float, float]:
    word = next((w for w in branch.words if re.fullmatch(r"[\d.]+/[\d.]+", w)), "20/0.4")
    hv, lv = word.split("/")
    return float(hv) * 1000, float(lv) * 1000


def find_voltages(text: Text, default_v: float) -> dict[str, float]:
    known: dict[str, float] = {}
    for branch in text.transformers.values():
        known.update(zip(branch.ends, ratio(branch), strict=True))
    for bus, words in text.buses.items():
        known |= {bus: float(w[:-1]) for w in words if re.fullmatch(r"[\d.]+V", w)}  # noqa: B035
    joined = [b.ends for b in (*text.lines.values(), *text.couplers.values())]
    while True:
        led = {
            b: known[a] for e in joined for a, b in (e, e[::-1]) if a in known and b not in known
        }
        if not led:
            return {bus: known.get(bus, default_v) for bus in text.buses}
        known.update(led)


def lay_out(text: Text, origin_m: Point) -> dict[str, Point]:
    """Lay the buses out along shortest paths, each line as long as it says."""
    steps: dict[str, list[tuple[str, float]]] = {bus: [] for bus in text.buses}
    for table in (text.lines, text.transformers, text.couplers):
        for branch in table.values():
            a, b = branch.ends
            steps[a].append((b, branch.number if table is text.lines else 0.0))
            steps[b].append((a, branch.number if table is text.lines else 0.0))
    places = {b: v[-1] for b, w in text.buses.items() if (v := vertices(w))}
    given = list(places)
    _spread(given, steps, places)
    for number, root in enumerate(text.buses):
        if root not in places:
            places[root] = (origin_m[0], origin_m[1] - 1000.0 * number)
            _spread([root], steps, places)
    return places


def _spread(
    roots: Sequence[str], steps: dict[str, list[tuple[str, float]]], places: dict[str, Point]
) -> None:
    """Place what the roots lead to, nearest first."""
    heading = dict.fromkeys(roots, 0.0)
    turns = {bus: iter(TURNS_DEG * (1 + len(ways))) for bus, ways in steps.items()}
    queue = [(0.0, i, root, root, 0.0) for i, root in enumerate(roots)]
    while queue:
        distance_m, _, parent, bus, length_m = heapq.heappop(queue)
        if bus not in places:
            heading[bus] = heading[parent] + (next(turns[parent]) if length_m else 0)
            angle = math.radians(heading[bus])
            x, y = places[parent]
            places[bus] = (x + length_m * math.cos(angle), y + length_m * math.sin(angle))
        elif parent != bus:
            continue
        for other, step_m in steps[bus]:
            if other not in places:
                heapq.heappush(queue, (distance_m + step_m, next(_arrival), bus, other, step_m))


def draw(text: Text, places: dict[str, Point]) -> None:
    for line in text.lines.values():
        (ax, ay), (bx, by) = (places[bus] for bus in line.ends)
        distance_m = math.dist((ax, ay), (bx, by))
        line.shape = [(ax, ay), (bx, by)]
        if line.number > distance_m + 1e-6:
            height_m = math.sqrt(line.number**2 - distance_m**2) / 2
            nx, ny = (-(by - ay) / distance_m, (bx - ax) / distance_m) if distance_m else (0, 1)
            line.shape.insert(1, ((ax + bx) / 2 + height_m * nx, (ay + by) / 2 + height_m * ny))
