"""Corridors, obstacles and barriers from small OpenStreetMap files."""

import math
from pathlib import Path

import numpy as np
import pytest
import shapely

from gisplan.errors import CatalogueError, SourceError
from gisplan.ingest import osm_reader, osm_shapes
from gisplan.ingest.crs import Bounds
from gisplan.ingest.osm import ReadOsm, read_osm
from gisplan.ingest.osm_reader import check_file, is_osm
from gisplan.ingest.osm_shapes import opened_by, without_holes
from gisplan.ingest.osm_table import OBSTACLE, load_osm_table, read_osm_table
from gisplan.ingest.table_check import GridTable
from gisplan.model.grid import BarrierKind, Surface
from tests.osm_files import SRID, OsmFile, X, Y, from_corner

ALL = frozenset({"corridor", "obstacle", "barrier"})
WINDOW = Bounds(west=X - 100, south=Y - 100, east=X + 1000, north=Y + 1000)


def read(path: Path, targets: frozenset[str] = ALL) -> ReadOsm:
    return read_osm(
        path, targets=targets, working_srid=SRID, window=WINDOW, told=lambda _count: None
    )


def written(folder: Path, town: OsmFile, targets: frozenset[str] = ALL) -> ReadOsm:
    town.way((0, 500), (10, 500), highway="residential")  # there is always some street
    return read(town.write(folder / "town.osm.pbf"), targets)


def by_id(table: GridTable, name: str, column: str) -> dict[str, object]:
    ids = [str(one).removeprefix("osm ") for one in table.columns[f"{name}_id"]]
    return dict(zip(ids, table.columns[column].tolist(), strict=True))


def shape_of(table: GridTable, name: str, osm_id: str) -> shapely.Geometry:
    ids = table.columns[f"{name}_id"].tolist()
    return table.geometry[ids.index(f"osm {osm_id}")]  # type: ignore[index]


# --- the table ------------------------------------------------------------------------------------


def test_every_result_of_the_table_is_one_that_the_grid_knows() -> None:
    meanings = load_osm_table().meanings
    surfaces = {one.name.lower() for one in Surface}
    kinds = {one.name.lower() for one in BarrierKind}
    for target, known in (("corridor", surfaces), ("surface", surfaces), ("barrier", kinds)):
        results = {m.result for values in meanings[target].values() for _, m in values.values()}
        assert results <= known
    obstacles = {m.result for v in meanings[OBSTACLE].values() for _, m in v.values()}
    passages = {m.result for v in meanings["passage"].values() for _, m in v.values()}
    assert passages <= obstacles
    assert {target for _, _, target in load_osm_table().excluded} <= ALL


def test_first_row_decides_where_an_object_has_several_tags() -> None:
    tags = {"landuse": "forest", "boundary": "protected_area"}
    meaning = load_osm_table().find(OBSTACLE, tags)
    assert meaning is not None
    assert meaning.result == "protected"


def test_star_stands_for_any_value_but_no() -> None:
    table = read_osm_table(b"target,key,value,result,cost_factor\nobstacle,building,*,building,\n")
    assert table.find(OBSTACLE, {"building": "shed"}) is not None
    assert table.find(OBSTACLE, {"building": "no"}) is None


@pytest.mark.parametrize("row", ["road,highway,x,asphalt,", "obstacle,landuse,x,wood,0.5"])
def test_table_that_contradicts_itself_is_refused(row: str) -> None:
    with pytest.raises(CatalogueError, match="row 2"):
        read_osm_table(f"target,key,value,result,cost_factor\n{row}\n".encode())


# --- corridors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "surface"),
    [
        ({"highway": "residential"}, "asphalt"),
        ({"highway": "residential", "surface": "sett"}, "paving"),
        ({"highway": "footway"}, "paving"),
        ({"highway": "track"}, "verge"),
        ({"highway": "track", "surface": "grass"}, "open_ground"),
        ({"highway": "track", "surface": "something new"}, "verge"),
    ],
)
def test_surface_is_that_of_the_way_unless_it_says_so(
    tmp_path: Path, tags: dict[str, str], surface: str
) -> None:
    town = OsmFile()
    town.way((0, 0), (100, 0), **tags)
    corridors = written(tmp_path, town).tables["corridor"]
    assert by_id(corridors, "corridor", "surface")["way 1"] == surface
    assert by_id(corridors, "corridor", "corridor_kind")["way 1"] == "street"


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "motorway"},
        {"highway": "residential", "tunnel": "yes"},
        {"highway": "service", "access": "private"},
        {"highway": "construction"},
        {"highway": "steps"},
    ],
)
def test_motorways_tunnels_and_private_ways_are_no_corridors(
    tmp_path: Path, tags: dict[str, str]
) -> None:
    town = OsmFile()
    town.way((0, 0), (100, 0), **tags)
    ids = by_id(written(tmp_path, town).tables["corridor"], "corridor", "surface")
    assert list(ids) == ["way 2"]


def test_shape_is_in_the_working_crs(tmp_path: Path) -> None:
    town = OsmFile()
    town.way((0, 0), (100, 0), (100, 50), highway="residential")
    shape = shape_of(written(tmp_path, town).tables["corridor"], "corridor", "way 1")
    assert from_corner(list(shape.coords)) == [(0, 0), (100, 0), (100, 50)]


def test_way_is_cut_at_the_window_and_its_parts_are_numbered(tmp_path: Path) -> None:
    town = OsmFile()
    town.way((0, 0), (0, 2000), (50, 2000), (50, 0), highway="residential")
    town.way((5000, 0), (6000, 0), highway="residential")
    corridors = written(tmp_path, town).tables["corridor"]
    assert sorted(by_id(corridors, "corridor", "surface")) == ["way 1#1", "way 1#2", "way 3"]
    assert float(shapely.length(corridors.geometry).max()) == pytest.approx(1000, abs=1)


def test_way_that_lacks_a_node_keeps_its_other_parts(tmp_path: Path) -> None:
    town = OsmFile()
    places = [(0.0, 0.0), (50.0, 0.0), (60.0, 0.0), (70.0, 0.0), (100.0, 0.0)]
    town.way(*places, highway="residential")
    town.missing = {(60.0, 0.0)}
    found = written(tmp_path, town)
    lengths = shapely.length(found.tables["corridor"].geometry)
    assert sorted(np.round(lengths).tolist()) == [10, 30, 50]
    assert found.issues[0].rule == "osm_way_incomplete"
    assert found.issues[0].found == "1 ways lack nodes or extent: way 1"


def test_way_of_one_place_is_left_out(tmp_path: Path) -> None:
    town = OsmFile()
    town.way((0, 0), (0, 0), highway="residential")
    found = written(tmp_path, town)
    assert list(by_id(found.tables["corridor"], "corridor", "surface")) == ["way 2"]


# --- obstacles ------------------------------------------------------------------------------------


def test_house_is_forbidden_and_forest_costs_more(tmp_path: Path) -> None:
    town = OsmFile()
    town.area(0, 0, 20, 20, building="yes")
    town.area(100, 0, 200, 100, landuse="forest")
    town.area(300, 0, 310, 10, building="roof")
    obstacles = written(tmp_path, town).tables["obstacle"]
    factors = by_id(obstacles, "obstacle", "cost_factor")
    assert math.isnan(float(str(factors["way 1"])))
    assert factors["way 2"] == 2.0
    assert set(factors) == {"way 1", "way 2"}


def test_lake_with_an_island_is_cut_until_no_part_has_a_hole(tmp_path: Path) -> None:
    town = OsmFile()
    outer, inner = town.area(0, 0, 200, 100), town.area(80, 40, 120, 60)
    town.relation((outer, "outer"), (inner, "inner"), natural="water")
    lakes = written(tmp_path, town).tables["obstacle"].geometry
    assert lakes is not None
    assert not any(lake.interiors for lake in lakes)
    assert float(shapely.area(lakes).sum()) == pytest.approx(200 * 100 - 40 * 20, rel=1e-3)


def test_yard_of_a_house_is_part_of_it(tmp_path: Path) -> None:
    town = OsmFile()
    outer, inner = town.area(0, 0, 60, 60), town.area(20, 20, 40, 40)
    town.relation((outer, "outer"), (inner, "inner"), building="yes")
    (house,) = written(tmp_path, town).tables["obstacle"].geometry  # type: ignore[misc]
    assert house.area == pytest.approx(3600, rel=1e-3)


def test_bridge_opens_the_water_beneath_it(tmp_path: Path) -> None:
    town = OsmFile()
    town.area(0, 0, 100, 20, natural="water")
    town.way((50, -30), (50, 50), highway="residential", bridge="yes")
    town.way((80, -30), (80, 50), highway="residential")
    found = written(tmp_path, town)
    bridge = shape_of(found.tables["corridor"], "corridor", "way 2")
    road = shape_of(found.tables["corridor"], "corridor", "way 3")
    waters = found.tables["obstacle"].geometry
    assert not shapely.intersects(waters, bridge).any()
    assert shapely.intersects(waters, road).any()


def test_bridge_opens_the_water_where_only_obstacles_are_wanted(tmp_path: Path) -> None:
    town = OsmFile()
    town.area(0, 0, 100, 20, natural="water")
    town.way((50, -30), (50, 50), highway="residential", bridge="yes")
    found = written(tmp_path, town, frozenset({"obstacle"}))
    assert list(found.tables) == ["obstacle"]
    assert len(found.tables["obstacle"]) == 2


def test_area_that_crosses_itself_is_made_valid(tmp_path: Path) -> None:
    town = OsmFile()
    town.way((0, 0), (100, 100), (100, 0), (0, 100), (0, 0), building="yes")
    houses = written(tmp_path, town).tables["obstacle"].geometry
    assert shapely.is_valid(houses).all()
    assert float(shapely.area(houses).sum()) == pytest.approx(5000, rel=1e-3)


def test_multipolygon_that_does_not_close_is_named(tmp_path: Path) -> None:
    town = OsmFile()
    town.relation((town.way((0, 0), (50, 0), (50, 50)), "outer"), natural="water")
    town.relation((999, "outer"), natural="water")
    town.area(200, 0, 220, 20, building="yes")
    found = written(tmp_path, town)
    assert found.issues[0].rule == "osm_area_broken"
    assert found.issues[0].found == "2 areas cannot be put together: relation 1, relation 2"
    assert len(found.tables["obstacle"]) == 1


def test_closed_way_without_area_is_no_obstacle(tmp_path: Path) -> None:
    town = OsmFile()
    town.way((0, 0), (50, 0), (0, 0), building="yes")
    found = written(tmp_path, town, frozenset({"corridor", "obstacle"}))
    assert len(found.tables["obstacle"]) == 0
    assert [one.rule for one in found.issues] == ["osm_nothing_found"]


def test_large_area_is_cut_into_parts_of_few_vertices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osm_shapes, "VERTICES_MAX", 20)
    disc = shapely.Point(0, 0).buffer(100, quad_segs=32)
    parts, owner = without_holes(np.array([disc]), filled=np.array([False]))
    assert int(shapely.get_num_coordinates(parts).max()) <= 20
    assert float(shapely.area(parts).sum()) == pytest.approx(disc.area)
    assert set(owner.tolist()) == {0}


def test_holes_of_any_number_are_cut_open_and_small_ones_filled() -> None:
    holes = [shapely.box(x, y, x + 20, y + 20).exterior for x in (10, 50, 90) for y in (10, 50)]
    small = shapely.box(80, 80, 82, 82).exterior
    area = shapely.Polygon(shapely.box(0, 0, 120, 100).exterior, [*holes, small])
    parts, _ = without_holes(np.array([area]), filled=np.array([False]))
    assert not any(part.interiors for part in parts)
    assert float(shapely.area(parts).sum()) == pytest.approx(12_000 - 6 * 400)


def test_area_without_passage_stays_as_it_is() -> None:
    areas = np.array([shapely.box(0, 0, 9, 9)])
    assert opened_by(areas, np.zeros(0, dtype=object))[0].equals(areas[0])


# --- barriers -------------------------------------------------------------------------------------


def test_rail_river_and_motorway_are_barriers(tmp_path: Path) -> None:
    town = OsmFile()
    town.way((0, 0), (100, 0), railway="rail")
    town.way((0, 10), (100, 10), waterway="river")
    town.way((0, 20), (100, 20), highway="motorway")
    town.way((0, 30), (100, 30), railway="rail", tunnel="yes")
    town.way((0, 40), (100, 40), highway="tertiary")
    barriers = written(tmp_path, town).tables["barrier"]
    kinds = by_id(barriers, "barrier", "barrier_kind")
    assert kinds == {"way 1": "rail", "way 2": "water", "way 3": "road"}


# --- files ----------------------------------------------------------------------------------------


def test_xml_gives_the_same_as_pbf(tmp_path: Path) -> None:
    town = OsmFile()
    town.way((0, 0), (100, 0), highway="residential")
    town.area(0, 20, 20, 40, building="yes")
    tables = [read(town.write(tmp_path / name)).tables for name in ("a.osm", "a.osm.pbf")]
    for name in ("corridor", "obstacle"):
        one, other = (table[name].geometry for table in tables)
        assert shapely.equals_exact(one, other, 1e-3).all()


def test_note_names_the_owners_of_the_data_and_their_licence(tmp_path: Path) -> None:
    town = OsmFile()
    town.area(0, 0, 20, 20, building="yes")
    note = written(tmp_path, town).note
    assert note == "© OpenStreetMap contributors, ODbL 1.0 (town.osm.pbf)"


HEAD = '<?xml version="1.0"?>'
WAY = '<way id="3"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/></way>'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("noise.osm.pbf", b"no protocol buffer" * 100),
        ("nothing.osm.pbf", b""),
        ("nothing.osm", b""),
        ("words.osm", b"hello"),
        ("bomb.osm", f'{HEAD}<!DOCTYPE l [<!ENTITY a "b">]><osm version="0.6"/>'.encode()),
        ("nan.osm", f'{HEAD}<osm version="0.6"><node id="1" lat="nan" lon="2"/></osm>'.encode()),
        ("text.osm", b'<osm version="0.6"><node id="1" lat="1" lon="2"><tag k="x" v="\xff"/>'),
    ],
)
def test_file_that_is_no_openstreetmap_is_refused_by_name(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=f"{name} (cannot be read|has no)"):
        read(tmp_path / name)


def test_file_that_ends_too_early_is_refused(tmp_path: Path) -> None:
    town = OsmFile()
    for n in range(500):
        town.way((n, 0), (n, 7.5), highway="residential")
    path = town.write(tmp_path / "town.osm.pbf")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(SourceError, match="cannot be read"):
        read(path)


@pytest.mark.parametrize(
    "nodes", ["", '<node id="1" lat="95" lon="2"/><node id="2" lat="1" lon="2"/>']
)
def test_file_without_usable_places_has_nothing_in_the_region(tmp_path: Path, nodes: str) -> None:
    path = tmp_path / "far.osm"
    path.write_text(f'{HEAD}<osm version="0.6">{nodes}{WAY}</osm>')
    with pytest.raises(SourceError, match="has no corridor in the region of the grid"):
        read(path)


def test_file_of_another_region_is_refused_and_both_are_told(tmp_path: Path) -> None:
    town = OsmFile()
    town.way((50_000, 0), (60_000, 0), highway="residential")
    with pytest.raises(SourceError, match=r"longitude 7\.\d+ to .*1 objects"):
        read(town.write(tmp_path / "town.osm.pbf"))


def test_more_objects_than_a_region_has_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(osm_reader, "KEPT_MAX", 1)
    town = OsmFile()
    town.way((0, 0), (100, 0), highway="residential")
    with pytest.raises(SourceError, match="cut out the region first"):
        written(tmp_path, town)


def test_reading_goes_on_in_batches_and_tells_its_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(osm_reader, "OBJECTS_AT_ONCE", 2)
    town = OsmFile()
    for n in range(5):
        town.way((n, 0), (n, 9), highway="residential")
    told: list[int] = []
    path = town.write(tmp_path / "town.osm.pbf")
    found = read_osm(
        path,
        targets=frozenset({"corridor"}),
        working_srid=SRID,
        window=WINDOW,
        told=told.append,
    )
    assert len(found.tables["corridor"]) == 5
    assert told == [2, 4]


def test_file_is_known_by_its_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [is_osm(Path(name)) for name in ("a.osm.pbf", "a.PBF", "a.osm", "a.gpkg")] == [
        True, True, True, False,
    ]  # fmt: skip
    with pytest.raises(SourceError, match="does not exist"):
        check_file(tmp_path / "no.osm")
    (tmp_path / "large.osm").write_bytes(b"12345")
    monkeypatch.setattr(osm_reader, "FILE_BYTES_MAX", 4)
    with pytest.raises(SourceError, match="allowed are"):
        check_file(tmp_path / "large.osm")
