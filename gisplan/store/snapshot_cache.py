"""A cache of compiled arrays on disk, mapped into memory by every process that reads it.

An entry is a folder: one ``.npy`` file for each array of a (nested) frozen dataclass, and
``manifest.json`` with the scalars and with type, shape and checksum of every array. It is written
beside its place and renamed into it, so it exists whole or not at all. An entry that another
software wrote, or that is damaged in any byte, counts as absent: its caller builds a new one.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zlib
from contextlib import suppress
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")
Scalar = int | float | str | bool
Leaf = Scalar | np.ndarray

FORMAT = 4  # one more whenever a table gains, loses or redefines a column
MANIFEST = "manifest.json"
_BUILDING = ".building-"
_REPLACED = ".replaced"


class _UnusableError(Exception):
    """An entry that is not what the caller's software would write."""


def save_arrays(value: DataclassInstance, folder: Path, *, stamp: str) -> None:
    """Write an entry; one that stands there already is replaced.

    Parameters
    ----------
    value
        Frozen dataclass of arrays, scalars and such dataclasses.
    folder
        Place of the entry.
    stamp
        What must be equal for the entry to be used: version of software, of data, of settings.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=folder.parent))
    try:
        arrays: dict[str, dict[str, object]] = {}
        scalars: dict[str, Scalar] = {}
        for name, leaf in _leaves(value):
            if isinstance(leaf, np.ndarray):
                arrays[name] = _write_array(building / f"{name}.npy", leaf)
            else:
                scalars[name] = leaf
        manifest = {"format": FORMAT, "stamp": stamp, "arrays": arrays, "scalars": scalars}
        _write_synced(building / MANIFEST, json.dumps(manifest, indent=1).encode())
        _publish(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def load_mapped(cls: type[T], folder: Path, *, stamp: str) -> T | None:
    """Open an entry with every array mapped read-only; nothing where there is none of any use."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        if (manifest["format"], manifest["stamp"]) != (FORMAT, stamp):
            return None
        return _build(cls, "", manifest, folder)
    except (OSError, EOFError, ValueError, KeyError, TypeError, _UnusableError):
        return None


def remove_others(folder: Path, *, keep_count: int) -> None:
    """Remove the oldest entries beside this one until ``keep_count`` of them are left.

    Processes that have mapped a removed entry keep it until they end.
    """
    others = [path.parent for path in folder.parent.glob(f"*/{MANIFEST}") if path.parent != folder]
    others = [path for path in others if not path.name.startswith(_BUILDING)]
    with suppress(FileNotFoundError):
        newest_first = sorted(others, key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for path in newest_first[keep_count:]:
            shutil.rmtree(path, ignore_errors=True)


def _leaves(value: DataclassInstance, prefix: str = "") -> Iterator[tuple[str, Leaf]]:
    for field in fields(value):
        leaf = getattr(value, field.name)
        if is_dataclass(leaf) and not isinstance(leaf, type):
            yield from _leaves(leaf, f"{prefix}{field.name}.")
        else:
            yield f"{prefix}{field.name}", leaf


def _write_array(path: Path, array: npt.NDArray[Any]) -> dict[str, object]:
    contiguous = np.ascontiguousarray(array)
    with path.open("wb") as file:
        np.save(file, contiguous, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    return {
        "dtype": contiguous.dtype.str,
        "shape": list(contiguous.shape),
        "checksum": _checksum(contiguous),
    }


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _checksum(array: npt.NDArray[Any]) -> int:
    return zlib.crc32(array.reshape(-1).view(np.uint8).data)


def _publish(building: Path, folder: Path) -> None:
    """Rename into place; what stood there is moved away first, for a folder cannot be replaced."""
    replaced = building.with_name(building.name + _REPLACED)
    while True:
        try:
            building.rename(folder)
        except OSError:
            if not folder.exists():
                raise
            with suppress(FileNotFoundError):  # somebody else moved it away at this moment
                folder.rename(replaced)
            shutil.rmtree(replaced, ignore_errors=True)
        else:
            return


def _build(cls: type[T], prefix: str, manifest: dict[str, Any], folder: Path) -> T:
    """Put a dataclass together from its entry, field by field."""
    hints = get_type_hints(cls)
    values: dict[str, Any] = {}
    for field in fields(cls):
        name, hint = f"{prefix}{field.name}", hints[field.name]
        if is_dataclass(hint) and isinstance(hint, type):
            values[field.name] = _build(hint, f"{name}.", manifest, folder)
        elif name in manifest["arrays"]:
            values[field.name] = _map_array(folder / f"{name}.npy", manifest["arrays"][name])
        else:
            values[field.name] = manifest["scalars"][name]
            if type(values[field.name]) is not hint:
                raise _UnusableError(name)
    return cls(**values)


def _map_array(path: Path, expected: dict[str, Any]) -> npt.NDArray[Any]:
    shape = tuple(expected["shape"])
    if 0 in shape:  # nothing cannot be mapped
        array = np.empty(shape, dtype=expected["dtype"])
        array.flags.writeable = False
        return array
    array = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    if (array.dtype.str, array.shape) != (expected["dtype"], shape):
        raise _UnusableError(path.name)
    if _checksum(array) != expected["checksum"]:
        raise _UnusableError(path.name)
    return array
