"""Reading a mapping file, and finding the files that it and the caller name."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from pydantic import ValidationError

from gisplan.errors import MappingError, SourceError
from gisplan.ingest.mapping import Mapping
from gisplan.ingest.mapping_parts import SOURCE_NAME, Part
from gisplan.ingest.pandapower_json import is_pandapower_json
from gisplan.ingest.suggestion import describe_choice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic_core import ErrorDetails

MAPPING_BYTES_MAX = 1_000_000
MAPPING_NAME = "mapping.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRequest:
    """What is to be loaded: the mapping, its text, and the file of every source it names."""

    name: str
    mapping: Mapping
    mapping_text: bytes
    sources: dict[str, Path]


def open_request(source: Path, mapping: Path | None = None) -> LoadRequest:
    """Find mapping and files of a load.

    ``source`` is a vector source for which ``mapping`` speaks, a pandapower JSON (which needs no
    mapping), a mapping that names its own sources, or a folder that holds a ``mapping.toml``.

    Raises
    ------
    SourceError
        A file is not there.
    MappingError
        The mapping cannot be read, or none is given where one is needed.
    """
    if not source.exists():
        raise SourceError(
            f"source {source} does not exist; give a file, or a folder with a mapping"
        )
    if mapping is None:
        mapping = _find_own_mapping(source)
    text = load_pandapower_mapping() if mapping is None else _load_text(mapping)
    read = read_mapping(text, str(mapping or source))
    sources = _find_sources(source, mapping, read)
    return LoadRequest(
        name=read.name or source.name, mapping=read, mapping_text=text, sources=sources
    )


def load_pandapower_mapping() -> bytes:
    """Return the mapping that ships with gisplan for pandapower's own tables."""
    return files("gisplan.ingest").joinpath("pandapower.toml").read_bytes()


def read_mapping(text: bytes, name: str) -> Mapping:
    """Parse and check the text of a mapping; ``name`` is how errors call it."""
    try:
        return Mapping.model_validate(tomllib.loads(text.decode("utf-8")))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise MappingError(f"mapping {name} is no TOML: {error}") from None
    except ValidationError as error:
        faults = "; ".join(_describe_fault(fault) for fault in error.errors())
        raise MappingError(f"mapping {name}: {faults}") from None


def _find_own_mapping(source: Path) -> Path | None:
    """Mapping of a source that comes without one; none is needed for pandapower JSON."""
    if source.suffix.lower() == ".toml":
        return source
    if source.is_dir() and (source / MAPPING_NAME).is_file():
        return source / MAPPING_NAME
    if source.is_file() and is_pandapower_json(source):
        return None
    raise MappingError(
        f"source {source} needs a column mapping: give --mapping FILE, or a folder that holds a"
        f" {MAPPING_NAME} (only pandapower JSON needs none)"
    )


def _load_text(path: Path) -> bytes:
    if not path.is_file():
        raise MappingError(f"mapping {path} does not exist")
    size_bytes = path.stat().st_size
    if size_bytes > MAPPING_BYTES_MAX:
        raise MappingError(
            f"mapping {path} has {size_bytes} bytes, allowed are {MAPPING_BYTES_MAX}"
        )
    return path.read_bytes()


def _find_sources(source: Path, mapping_path: Path | None, mapping: Mapping) -> dict[str, Path]:
    """Give every source name its file: the caller's for ``main``, the mapping's for the rest."""
    own_main = mapping_path == source or (source.is_dir() and SOURCE_NAME in mapping.sources)
    named = dict(mapping.sources)
    if not own_main:
        named.pop(SOURCE_NAME, None)
    elif SOURCE_NAME not in named:
        raise MappingError(
            f'mapping {mapping_path} names no source; add main = "FILE" to [sources]'
        )
    base = source if own_main and source.is_dir() else (mapping_path or source).parent
    found = {name: _find_below(base, text, name) for name, text in named.items()}
    return found if own_main else {SOURCE_NAME: source, **found}


def _find_below(base: Path, text: str, name: str) -> Path:
    """Return a file that a mapping names: below its folder only, as mappings come from outside."""
    path = (base / text).resolve()
    if not path.is_relative_to(base.resolve()):
        raise MappingError(f"source {name!r} is {text!r}; it must lie below the folder {base}")
    if not path.exists():
        raise SourceError(f"source {name!r} of the mapping, {path}, does not exist")
    return path


def _describe_fault(fault: ErrorDetails) -> str:
    place = ".".join(str(part) for part in fault["loc"]) or "whole"
    if fault["type"] == "extra_forbidden":
        return f"{place}: this key is not known here{_suggest_key(fault)}"
    return f"{place}: {fault['msg'].removeprefix('Value error, ')}"


def _suggest_key(fault: ErrorDetails) -> str:
    """Name the key that may be meant; all parts of a mapping are searched, as any may hold it."""
    known = sorted({key for part in _parts_below(Part) for key in part.model_fields})
    choice = describe_choice(str(fault["loc"][-1]), known)
    return f"; {choice.split('?')[0]}?" if "?" in choice else ""


def _parts_below(base: type[Part]) -> Iterator[type[Part]]:
    for part in base.__subclasses__():
        yield part
        yield from _parts_below(part)
