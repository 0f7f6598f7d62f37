"""What tags of OpenStreetMap mean here: the table ``osm.csv``, which a planner can read and change.

Each row says what objects of one tag become. ``target`` is one of

- ``corridor``: the result is the surface that such a way usually has
- ``surface``: the result replaces it
- ``barrier``: the result is its kind
- ``obstacle``: the result is its kind; without a cost factor it is forbidden
- ``passage``: such a way leads through obstacles of the kind that is the result
- ``excluded``: such an object never becomes the target that is the result

The value ``*`` stands for any but ``no``. Of several rows the first counts.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from operator import itemgetter
from typing import TYPE_CHECKING

from gisplan.errors import CatalogueError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ANY, NO = "*", "no"
CORRIDOR, SURFACE, BARRIER, OBSTACLE = "corridor", "surface", "barrier", "obstacle"
PASSAGE, EXCLUDED = "passage", "excluded"
TARGETS = (CORRIDOR, SURFACE, BARRIER, OBSTACLE, PASSAGE, EXCLUDED)
TABLE_NAME = "osm.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a tag stands for; ``cost_factor`` is infinite where nobody may dig."""

    result: str
    cost_factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OsmTable:
    """The table by target, key and value, with the number of each row.

    ``excluded`` holds key, value and the target that such objects never become.
    """

    meanings: Mapping[str, Mapping[str, Mapping[str, tuple[int, Meaning]]]]
    excluded: frozenset[tuple[str, str, str]]
    text: bytes

    def keys_of(self, target: str) -> tuple[str, ...]:
        """Return the keys that decide about a target."""
        return tuple(self.meanings[target])

    def find(self, target: str, tags: Mapping[str, str]) -> Meaning | None:
        """Return what an object of these tags becomes, ``None`` if it is nothing of the target."""
        first = min(self._matching(target, tags), key=itemgetter(0), default=None)
        if first is None or self._is_excluded(target, tags):
            return None
        return first[1]

    def results(self, target: str, tags: Mapping[str, str]) -> frozenset[str]:
        """Return all results of a target that these tags have."""
        return frozenset(meaning.result for _, meaning in self._matching(target, tags))

    def _is_excluded(self, target: str, tags: Mapping[str, str]) -> bool:
        return any((key, value, target) in self.excluded for key, value in tags.items())

    def _matching(self, target: str, tags: Mapping[str, str]) -> Iterator[tuple[int, Meaning]]:
        known = self.meanings[target]
        for key, value in tags.items():
            if key in known and value != NO:
                found = known[key].get(value) or known[key].get(ANY)
                if found is not None:
                    yield found


@cache
def load_osm_table() -> OsmTable:
    """Return the table that ships with gisplan."""
    return read_osm_table(files("gisplan.ingest").joinpath(TABLE_NAME).read_bytes())


def read_osm_table(text: bytes) -> OsmTable:
    """Parse and check the text of a table.

    Raises
    ------
    CatalogueError
        If a row names no target that exists, or a factor below 1.
    """
    meanings: dict[str, dict[str, dict[str, tuple[int, Meaning]]]] = {one: {} for one in TARGETS}
    excluded = set()
    for number, row in enumerate(csv.DictReader(text.decode("utf-8").splitlines())):
        if row["target"] not in meanings:
            raise CatalogueError(
                f"{TABLE_NAME}, row {number + 2}: target is {row['target']!r}; expected one of "
                f"{', '.join(TARGETS)}"
            )
        if row["target"] == EXCLUDED:
            excluded.add((row["key"], row["value"], row["result"]))
        meaning = Meaning(result=row["result"], cost_factor=_factor(row["cost_factor"], number))
        meanings[row["target"]].setdefault(row["key"], {}).setdefault(
            row["value"], (number, meaning)
        )
    return OsmTable(meanings=meanings, excluded=frozenset(excluded), text=text)


def _factor(text: str, number: int) -> float:
    factor = float(text) if text else math.inf
    if not factor >= 1:
        raise CatalogueError(
            f"{TABLE_NAME}, row {number + 2}: cost_factor is {text}; expected at least 1, or "
            "nothing where an area is forbidden"
        )
    return factor
