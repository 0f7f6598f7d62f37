"""Small OpenStreetMap files for tests, written with the library that reads them.

Places are metres east and north of a corner of the sample's region, so that a test can be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import osmium
from osmium.osm.mutable import Node, Relation, Way
from pyproj import Transformer

SRID = 25832
X, Y = 417_000.0, 5_368_000.0

_TO_LON_LAT = Transformer.from_crs(SRID, 4326, always_xy=True)

Point = tuple[float, float]
Tags = Mapping[str, str]


class OsmFile:
    """What a file shall hold; ``write`` puts it on disk, nodes first as the format wants it."""

    def __init__(self) -> None:
        self.nodes: dict[Point, int] = {}
        self.ways: list[Way] = []
        self.relations: list[Relation] = []
        self.missing: set[Point] = set()

    def way(self, *points: Point, **tags: str) -> int:
        """Add a way along places; its id comes back."""
        refs = [self.nodes.setdefault(point, len(self.nodes) + 1) for point in points]
        self.ways.append(Way(id=len(self.ways) + 1, nodes=refs, tags=tags))
        return len(self.ways)

    def area(self, west: float, south: float, east: float, north: float, **tags: str) -> int:
        """Add a closed way around a rectangle; its id comes back."""
        corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
        return self.way(*corners, **tags)

    def relation(self, *members: tuple[int, str], **tags: str) -> int:
        """Add a multipolygon of ways and their roles; its id comes back."""
        self.relations.append(
            Relation(
                id=len(self.relations) + 1,
                members=[("w", way, role) for way, role in members],
                tags={"type": "multipolygon", **tags},
            )
        )
        return len(self.relations)

    def write(self, path: Path) -> Path:
        """Write the file; its ending says in which format."""
        writer = osmium.SimpleWriter(path, overwrite=True)
        for point, number in self.nodes.items():
            if point not in self.missing:
                writer.add_node(Node(id=number, location=lon_lat(point)))
        for way in self.ways:
            writer.add_way(way)
        for relation in self.relations:
            writer.add_relation(relation)
        writer.close()
        return path


def lon_lat(point: Point) -> Point:
    """Longitude and latitude of a place."""
    lon, lat = _TO_LON_LAT.transform(X + point[0], Y + point[1])
    return float(lon), float(lat)


def from_corner(xy: Sequence[Point]) -> list[Point]:
    """Places in whole metres from the corner."""
    return [(float(round(x - X)), float(round(y - Y))) for x, y in xy]
