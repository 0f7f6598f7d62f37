"""The snapshot that serves: compiled once for each grid version, then mapped by every process."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from gisplan.network.corridors import build_corridors
from gisplan.network.snapshot import Snapshot
from gisplan.network.topology import build_topology
from gisplan.store.grid_reader import active_version, one_moment, read_grid
from gisplan.store.snapshot_cache import FORMAT, load_mapped, remove_others, save_arrays

if TYPE_CHECKING:
    from psycopg import Connection

    from gisplan.model.grid import Grid

OTHER_ENTRIES_KEPT = 3  # so that going back to an earlier grid stays quick
PACKAGE = Path(__file__).resolve().parents[1]
COMPILER_PARTS = ("model", "network", "store")


def load_snapshot(connection: Connection, cache_root: Path) -> Snapshot:
    """Load the snapshot of the active grid version, compiled now where no cache has it.

    Raises
    ------
    NoGridError
        If nothing has been loaded yet.
    """
    with one_moment(connection):
        active = active_version(connection)
        folder = cache_root / _entry_name(active.fingerprint)
        found = load_mapped(Snapshot, folder, stamp=software_stamp())
        grid = read_grid(connection, active.version_id) if found is None else found.grid
    snapshot = _compile_and_save(grid, folder) if found is None else found
    # The same grid may have another number in another database.
    return replace(snapshot, grid=replace(snapshot.grid, version_id=active.version_id))


def compile_snapshot(grid: Grid) -> Snapshot:
    """Derive all that depends on the grid alone."""
    return Snapshot(grid=grid, topology=build_topology(grid), corridors=build_corridors(grid))


def _compile_and_save(grid: Grid, folder: Path) -> Snapshot:
    """Compile, save, and give what is on disk: mapped pages are shared, our own would not be."""
    compiled = compile_snapshot(grid)
    save_arrays(compiled, folder, stamp=software_stamp())
    remove_others(folder, keep_count=OTHER_ENTRIES_KEPT)
    return load_mapped(Snapshot, folder, stamp=software_stamp()) or compiled


@cache
def software_stamp() -> str:
    """Return version and digest of the code that compiles: what it wrote before is outdated."""
    digest = hashlib.sha256()
    sources = (path for part in COMPILER_PARTS for path in (PACKAGE / part).rglob("*"))
    for path in sorted(path for path in sources if path.suffix in {".py", ".sql"}):
        digest.update(path.read_bytes())
    return f"gisplan {version('gisplan')} {digest.hexdigest()[:16]}"


def _entry_name(fingerprint: str) -> str:
    """Name the folder of a grid's entry; a fingerprint may be any text, so it is hashed."""
    digest = hashlib.sha256(fingerprint.encode()).hexdigest()
    return f"snapshot-{FORMAT}-{digest[:32]}"
