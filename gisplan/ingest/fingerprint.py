"""The fingerprint of a load: the same files, mapping and profile always give the same one."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from gisplan.ingest.mapping_file import LoadRequest

SHAPEFILE_PARTS = frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg"})


def compute_fingerprint(
    request: LoadRequest,
    *,
    profile: str,
    working_crs: str | None,
    lowered: Collection[str] = (),
) -> str:
    """Hash (SHA-256) everything that decides which rows a load gives.

    ``lowered`` are the rules that the caller, not the mapping, lowers from errors: a grid that only
    they let pass is another one.
    """
    parts = [profile.encode(), (working_crs or "").encode(), request.mapping_text]
    parts += [f"lowered {rule}".encode() for rule in sorted(lowered)]
    for name, path in sorted(request.sources.items()):
        parts.append(name.encode())
        parts += [_hash_file(file) for file in _files_of(path)]
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8) + part)
    return whole.hexdigest()


def _files_of(path: Path) -> Iterator[Path]:
    """Yield the files that make one source, in a fixed order."""
    if path.is_dir():
        yield from sorted(file for file in path.rglob("*") if file.is_file())
        return
    yield path
    if path.suffix.lower() == ".shp":
        siblings = (path.with_suffix(part) for part in sorted(SHAPEFILE_PARTS - {".shp"}))
        yield from (file for file in siblings if file.is_file())
    # A GeoPackage that another program has open keeps its newest rows beside it.
    pending = path.with_name(f"{path.name}-wal")
    if pending.is_file() and pending.stat().st_size:
        yield pending


def _hash_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
