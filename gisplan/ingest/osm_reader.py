"""OpenStreetMap files as a stream: the ways and areas that matter, one after the other.

Places of nodes stand in a file on disk while it is read, so that memory grows with what is kept
and not with the size of the source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import osmium
import shapely
from osmium.filter import EntityFilter, KeyFilter
from osmium.geom import WKBFactory

from gisplan.errors import SourceError
from gisplan.ingest.osm_table import CORRIDOR, OBSTACLE, PASSAGE, SURFACE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gisplan.ingest.crs import Bounds
    from gisplan.ingest.osm_table import Meaning, OsmTable

ENDINGS = (".pbf", ".osm")
FILE_BYTES_MAX = 4 * 1024**3
KEPT_MAX = 3_000_000  # objects in the window beyond which a source is no region of a grid
OBJECTS_AT_ONCE = 20_000
DATE_KEYS = ("osmosis_replication_timestamp", "timestamp")
RING_VERTICES_MIN = 4
FAR_DEG = 1.0  # no way is that long
AREA_TYPES = frozenset({"multipolygon", "boundary"})
MISSING = osmium.InvalidLocationError


@dataclass(frozen=True, slots=True, kw_only=True)
class OsmFeature:
    """One object: what it is called and what it becomes.

    ``surface`` is that of a corridor where a tag of its own says so; ``passes`` names the kinds of
    obstacles that it leads through.
    """

    name: str
    target: str
    meaning: Meaning
    surface: str = ""
    passes: frozenset[str] = frozenset()


Found = tuple[OsmFeature, str]
"""An object and its shape in lon/lat as hexadecimal WKB; the area in a closed way is its ring."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OsmBatch:
    """Some objects and the shape of each, in lon/lat."""

    features: Sequence[OsmFeature]
    shape: np.ndarray


@dataclass(slots=True, kw_only=True)
class OsmStream:
    """A source that is read once.

    After that ``date`` is the one that its header states, ``object_count`` how many objects the
    table might know, ``incomplete`` names ways that lack nodes, ``broken`` areas without a shape.
    """

    path: Path
    table: OsmTable
    window: Bounds
    targets: frozenset[str]
    told: Callable[[int], None]
    date: str = ""
    object_count: int = 0
    incomplete: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    _wkb: Any = field(default_factory=WKBFactory)

    def batches(self) -> Iterator[OsmBatch]:
        """Yield all that the table gives a meaning and that may meet the window.

        Raises
        ------
        SourceError
            If the file is none of OpenStreetMap, ends too early, or holds too much.
        """
        check_file(self.path)
        kept = 0
        try:
            for found in _batches(self._all()):
                near = _meeting(found, self.window)
                kept += len(near.features)
                if kept > KEPT_MAX:
                    raise SourceError(
                        f"{self.path} holds more than {KEPT_MAX:,} objects around the grid; cut "
                        "out the region first"
                    )
                yield near
        except (RuntimeError, UnicodeDecodeError, MISSING) as error:
            raise SourceError(
                f"{self.path} cannot be read as OpenStreetMap data: {error}; expected a whole "
                ".osm.pbf or .osm file"
            ) from error

    def _all(self) -> Iterator[Found]:
        waiting: set[str] = set()
        with TemporaryDirectory(prefix="gisplan-osm-") as folder:
            item: Any  # the kinds of object share no type that says which one it is
            for item in self._open(Path(folder) / "places"):
                self.object_count += 1
                if self.object_count % OBJECTS_AT_ONCE == 0:
                    self.told(self.object_count)
                if item.is_way():
                    yield from self._way(item)
                elif item.is_relation() and self._is_obstacle(dict(item.tags)):
                    waiting.add(f"relation {item.id}")
                elif item.is_area() and not item.from_way():
                    yield from self._area(item, waiting)
        self.broken += sorted(waiting)

    def _open(self, places: Path) -> osmium.FileProcessor:
        """Return what yields ways, relations and areas with any key that the table knows."""
        processor = osmium.FileProcessor(self.path).with_locations(f"sparse_file_array,{places}")
        self.date = _date_of(processor.header)
        if OBSTACLE in self.targets:
            processor.with_areas(KeyFilter(*self.table.keys_of(OBSTACLE)))
        kinds = osmium.osm.WAY | osmium.osm.AREA | osmium.osm.RELATION
        keys = sorted({key for one in self.targets for key in self.table.keys_of(one)})
        return processor.with_filter(EntityFilter(kinds)).with_filter(KeyFilter(*keys))

    def _is_obstacle(self, tags: Mapping[str, str]) -> bool:
        return (
            OBSTACLE in self.targets
            and tags.get("type") in AREA_TYPES
            and self.table.find(OBSTACLE, tags) is not None
        )

    def _area(self, item: Any, waiting: set[str]) -> Iterator[Found]:
        meaning = self.table.find(OBSTACLE, dict(item.tags))
        if meaning is None:
            return
        name = f"relation {item.orig_id()}"
        try:
            shape = str(self._wkb.create_multipolygon(item))
        except RuntimeError:  # rings that do not close; the name stays among those waiting
            return
        waiting.discard(name)
        yield OsmFeature(name=name, target=OBSTACLE, meaning=meaning), shape

    def _way(self, item: Any) -> Iterator[Found]:
        if self._is_far(item):
            return
        tags = dict(item.tags)
        meanings = {one: self.table.find(one, tags) for one in sorted(self.targets)}
        if not item.is_closed():
            meanings.pop(OBSTACLE, None)
        known = {target: meaning for target, meaning in meanings.items() if meaning is not None}
        name = f"way {item.id}"
        line = self._line(item, name) if known else None
        for target, meaning in known.items() if line is not None else ():
            feature = OsmFeature(
                name=name,
                target=target,
                meaning=meaning,
                surface=self._surface(tags) if target == CORRIDOR else "",
                passes=self.table.results(PASSAGE, tags),
            )
            yield feature, line or ""

    def _is_far(self, item: Any) -> bool:
        """Tell whether a way begins so far from the window that it cannot lead there."""
        if len(item.nodes) == 0:
            return True
        first = item.nodes[0].location
        if not first.valid():
            return False
        return bool(
            first.lon < self.window.west - FAR_DEG
            or first.lon > self.window.east + FAR_DEG
            or first.lat < self.window.south - FAR_DEG
            or first.lat > self.window.north + FAR_DEG
        )

    def _surface(self, tags: Mapping[str, str]) -> str:
        meaning = self.table.find(SURFACE, tags)
        return meaning.result if meaning else ""

    def _line(self, item: Any, name: str) -> str | None:
        """Return a way's line; what is left of it where nodes are missing, ``None`` if nothing."""
        try:
            return str(self._wkb.create_linestring(item))
        except (MISSING, RuntimeError):
            self.incomplete.append(name)
        parts = [
            [(node.lon, node.lat) for node in run]
            for known, run in groupby(item.nodes, key=lambda node: node.location.valid())
            if known
        ]
        lines = [shapely.LineString(part) for part in parts if len(set(part)) > 1]
        return str(shapely.to_wkb(shapely.MultiLineString(lines), hex=True)) if lines else None


def is_osm(path: Path) -> bool:
    """Tell by its ending whether a file is one of OpenStreetMap."""
    return path.suffix.lower() in ENDINGS


def check_file(path: Path) -> None:
    """Refuse what is not there, or too large to be one region.

    Raises
    ------
    SourceError
        Naming the file, its size and the largest one.
    """
    if not path.is_file():
        raise SourceError(f"source {path} does not exist; give an .osm.pbf or .osm file")
    size = path.stat().st_size
    if size > FILE_BYTES_MAX:
        raise SourceError(
            f"{path} has {size / 2**30:.1f} GiB, allowed are {FILE_BYTES_MAX / 2**30:.0f}; cut out "
            "the region of the grid first"
        )


def _date_of(header: Any) -> str:
    """Return the day that the data were taken, empty where the header does not say."""
    for key in DATE_KEYS:
        if text := header.get(key, ""):
            return str(text)[:10]
    return ""


def _batches(found: Iterator[Found]) -> Iterator[list[Found]]:
    while batch := list(islice(found, OBJECTS_AT_ONCE)):
        yield batch


def _meeting(found: Sequence[Found], window: Bounds) -> OsmBatch:
    """Return what may have a part inside a window, areas as such."""
    shape = np.asarray(shapely.from_wkb(np.array([wkb for _, wkb in found], dtype=object)))
    is_area = np.array([feature.target == OBSTACLE for feature, _ in found], dtype=bool)
    shape, usable = _filled(shape, is_area)
    west, south, east, north = shapely.bounds(shape).reshape(-1, 4).T
    usable &= (west <= window.east) & (east >= window.west)
    usable &= (south <= window.north) & (north >= window.south)
    near = np.flatnonzero(usable)
    return OsmBatch(features=[found[row][0] for row in near.tolist()], shape=shape[near])


def _filled(shape: np.ndarray, is_area: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return areas in place of the closed lines around them, and which shapes can be used.

    A ring that lacks some of its corners would be another area, so it is none.
    """
    kind = shapely.get_type_id(shape)
    ring = is_area & (kind == int(shapely.GeometryType.LINESTRING))
    ring &= shapely.get_num_coordinates(shape) >= RING_VERTICES_MIN
    usable = ~is_area | ring | (kind == int(shapely.GeometryType.MULTIPOLYGON))
    xy, owner = shapely.get_coordinates(shape[ring], return_index=True)
    filled = shape.copy()
    filled[ring] = shapely.polygons(shapely.linearrings(xy, indices=owner)) if len(xy) else []
    return filled, usable
