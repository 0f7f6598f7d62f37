"""From an OpenStreetMap file to a version that serves, on a real PostGIS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import typer
from typer.testing import CliRunner

from gisplan.cli.load import load
from gisplan.errors import ConflictError, InputError, NoGridError, SourceError
from gisplan.model.grid import Surface
from gisplan.services.load import LoadOutcome, LoadResult, load_grid
from gisplan.services.load_layers import load_layers, read_layer_names
from gisplan.store.grid_reader import read_grid
from gisplan.store.grid_writer import staging_reserved
from tests.osm_files import OsmFile
from tests.small_source import METERS, change, write_mapping, write_source

ALL = read_layer_names("corridors,obstacles,barriers")
CORRIDORS = read_layer_names("corridors")


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    """Connection to a migrated database that the small grid was loaded into."""
    with psycopg.connect(database_url) as opened:
        yield opened


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A street along the small grid, a house and a railway."""
    file = OsmFile()
    file.way((0, 5), (200, 5), highway="residential")
    file.area(20, 10, 30, 20, building="yes")
    file.way((70, -50), (70, 50), railway="rail")
    return file.write(tmp_path / "town.osm.pbf")


def load_small(connection: psycopg.Connection, folder: Path, **layers: object) -> LoadResult:
    source = write_source(folder, **layers)  # type: ignore[arg-type]
    return load_grid(source, write_mapping(folder), connection=connection)


def test_tables_join_the_grid_that_serves(
    connection: psycopg.Connection, tmp_path: Path, town: Path
) -> None:
    first = load_small(connection, tmp_path)
    result = load_layers(town, ALL, connection=connection)
    assert (result.outcome, result.source_name) == (LoadOutcome.LOADED, "small grid")
    assert result.version_id != first.version_id
    assert {name: count for name, count in result.row_counts.items() if count} == {
        "bus": 4, "line": 2, "transformer": 1, "switch": 1, "source": 1, "load": 1,
        "corridor": 1, "obstacle": 1, "barrier": 1,
    }  # fmt: skip
    before, after = read_grid(connection, first.version_id), read_grid(connection)
    assert after.buses.x_m.tolist() == before.buses.x_m.tolist()
    assert after.lines.zero_resistance_ohm_per_km.tolist() == pytest.approx(
        before.lines.zero_resistance_ohm_per_km.tolist(), nan_ok=True
    )
    assert after.corridors.corridor_id.tolist() == ["osm way 1"]
    assert after.barriers.barrier_id.tolist() == ["osm way 3"]


def test_same_file_on_the_same_grid_is_one_version(
    connection: psycopg.Connection, tmp_path: Path, town: Path
) -> None:
    source, mapping = write_source(tmp_path), write_mapping(tmp_path)
    load_grid(source, mapping, connection=connection)
    first = load_layers(town, ALL, connection=connection)
    again = load_layers(town, ALL, connection=connection)
    assert (again.outcome, again.version_id) == (LoadOutcome.ALREADY_ACTIVE, first.version_id)
    assert again.source_note == first.source_note
    load_grid(source, mapping, connection=connection)
    back = load_layers(town, ALL, connection=connection)
    assert (back.outcome, back.version_id) == (LoadOutcome.REACTIVATED, first.version_id)


def test_tables_of_two_files_stand_side_by_side(
    connection: psycopg.Connection, tmp_path: Path, town: Path
) -> None:
    load_small(connection, tmp_path)
    load_layers(town, ALL, connection=connection)
    other = OsmFile()
    other.way((0, 0), (0, 90), highway="footway")
    path = other.write(tmp_path / "paths.osm.pbf")
    result = load_layers(path, CORRIDORS, connection=connection)
    grid = read_grid(connection)
    assert grid.corridors.surface.tolist() == [Surface.PAVING]
    assert len(grid.obstacles.obstacle_id) == 1
    assert result.source_note == (
        "barrier, obstacle: © OpenStreetMap contributors, ODbL 1.0 (town.osm.pbf); "
        "corridor: © OpenStreetMap contributors, ODbL 1.0 (paths.osm.pbf)"
    )


def test_attribution_stays_with_the_version(
    connection: psycopg.Connection, tmp_path: Path, town: Path
) -> None:
    load_small(connection, tmp_path)
    load_layers(town, CORRIDORS, connection=connection)
    ((note,),) = connection.execute(
        "select source_note from grid.version where state = 'active'"
    ).fetchall()
    assert note == "corridor: © OpenStreetMap contributors, ODbL 1.0 (town.osm.pbf)"


def test_file_that_cannot_be_read_leaves_no_trace(
    connection: psycopg.Connection, tmp_path: Path
) -> None:
    first = load_small(connection, tmp_path)
    noise = tmp_path / "noise.osm.pbf"
    noise.write_bytes(b"no protocol buffer")
    with pytest.raises(SourceError):
        load_layers(noise, ALL, connection=connection)
    with connection.transaction():
        versions = connection.execute("select version_id, state from grid.version").fetchall()
    assert versions == [(first.version_id, "active")]


def test_without_a_grid_there_is_nothing_to_join(
    connection: psycopg.Connection, town: Path
) -> None:
    with pytest.raises(NoGridError, match="load one first"):
        load_layers(town, ALL, connection=connection)


def test_another_load_under_way_is_told(
    connection: psycopg.Connection, database_url: str, town: Path
) -> None:
    with (
        psycopg.connect(database_url) as other,
        staging_reserved(other),
        pytest.raises(ConflictError),
    ):
        load_layers(town, ALL, connection=connection)


def test_issues_are_written_even_of_a_known_version(
    connection: psycopg.Connection, tmp_path: Path, town: Path
) -> None:
    load_small(connection, tmp_path, zaehler=change(METERS, 0, kw=3.0))
    broken = OsmFile()
    broken.way((0, 5), (200, 5), highway="residential")
    broken.relation((99, "outer"), natural="water")
    path = broken.write(tmp_path / "broken.osm.pbf")
    for outcome in (LoadOutcome.LOADED, LoadOutcome.ALREADY_ACTIVE):
        issues = tmp_path / f"{outcome}.gpkg"
        tables = CORRIDORS | {"obstacle"}
        result = load_layers(path, tables, connection=connection, issues_file=issues)
        assert result.outcome is outcome
        assert result.issue_counts == {"osm_area_broken": 1, "osm_nothing_found": 1}
        assert issues.is_file()
    assert result.warning_count == 2


def run(*words: object) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(load)
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def test_command_joins_and_tells_whose_data_these_are(
    connection: psycopg.Connection,
    database_url: str,
    tmp_path: Path,
    town: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    load_small(connection, tmp_path)
    status, out = run(town, "--as", "corridors,obstacles", "--json")
    answer = json.loads(out)
    assert status == 0
    assert answer["row_counts"]["obstacle"] == 1
    assert "ODbL" in answer["source_note"]
    status, out = run(town)
    assert status == 0
    assert "© OpenStreetMap contributors" in out


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("town.osm.pbf", "--as", "streets"), "expected some of corridors, obstacles, barriers"),
        (("town.osm.pbf", "--as", ","), "expected some of"),
        (("town.osm.pbf", "--working-crs", "EPSG:25832"), "--working-crs cannot be used"),
        (("netz.gpkg", "--as", "corridors"), "takes single tables from an .osm.pbf"),
    ],
)
def test_options_that_mean_nothing_here_are_refused(
    words: tuple[str, ...], text: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=text):
        run(tmp_path / words[0], *words[1:])
