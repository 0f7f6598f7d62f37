"""PostgreSQL servers with PostGIS on this machine: installed ones, or unpacked by us."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gisplan.errors import ClusterError
from gisplan.store.programs import run_program

# Where distributions put their servers; the last place that counts is found through the PATH.
_BIN_FOLDER_PATTERNS = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "usr/lib/postgresql*/bin",
    "usr/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A server's programs; ``prefix`` is ``/`` unless its packages were only unpacked."""

    bin_folder: Path
    prefix: Path
    major_version: int

    def program(self, name: str) -> Path:
        """Return the path of one of the server's programs."""
        return self.bin_folder / name

    def environment(self) -> dict[str, str]:
        """Return the environment in which its programs find their own libraries and data."""
        return build_environment(self.prefix)


def build_environment(prefix: Path) -> dict[str, str]:
    """Return our environment without libpq's variables, turned to a relocated tree if it is one."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    environment["LC_ALL"] = "C.UTF-8"
    if prefix != Path("/"):
        environment["LD_LIBRARY_PATH"] = ":".join(map(str, _library_folders(prefix)))
        if (prefix / "usr/share/proj").exists():
            environment["PROJ_LIB"] = str(prefix / "usr/share/proj")
    return environment


def find_installation(*, prefix: Path, major_version: int | None = None) -> Installation | None:
    """Return the newest server with PostGIS below ``prefix``, of one version if that is wanted."""
    found = [
        installation
        for folder in _bin_folders(prefix)
        if (installation := probe_installation(bin_folder=folder, prefix=prefix)) is not None
        and major_version in (None, installation.major_version)
    ]
    return max(found, key=lambda one: one.major_version, default=None)


def get_installation(bin_folder: Path) -> Installation:
    """Return the server whose programs were named explicitly.

    Raises
    ------
    ClusterError
        There is no server there, or one without PostGIS.
    """
    head, inside, _ = str(bin_folder).partition("/usr/lib/postgresql/")
    prefix = Path(head) if inside and head else Path("/")
    installation = probe_installation(bin_folder=bin_folder, prefix=prefix)
    if installation is None:
        raise ClusterError(
            f"GISPLAN_PG_BINDIR: {bin_folder} holds no PostgreSQL server with PostGIS; expected "
            "postgres, initdb, pg_ctl and pg_config there, and postgis.control in its share folder"
        )
    return installation


def probe_installation(*, bin_folder: Path, prefix: Path) -> Installation | None:
    """Return the server in a folder, or nothing where server or PostGIS are missing."""
    if not all((bin_folder / name).exists() for name in ("postgres", "initdb", "pg_ctl")):
        return None
    environment = build_environment(prefix)
    version = _ask([bin_folder / "postgres", "--version"], environment)
    share = _ask([_pg_config(bin_folder), "--sharedir"], environment)
    number = re.search(r"\d+", version)
    if number is None or not (Path(share) / "extension" / "postgis.control").exists():
        return None
    return Installation(bin_folder=bin_folder, prefix=prefix, major_version=int(number[0]))


def _bin_folders(prefix: Path) -> Iterator[Path]:
    for pattern in _BIN_FOLDER_PATTERNS:
        yield from sorted(prefix.glob(pattern))
    if prefix == Path("/") and (pg_config := shutil.which("pg_config")):
        yield Path(_ask([pg_config, "--bindir"], build_environment(prefix)))


def _pg_config(bin_folder: Path) -> Path | str:
    beside = bin_folder / "pg_config"
    return beside if beside.exists() else "pg_config"


def _library_folders(prefix: Path) -> list[Path]:
    folders = [
        *sorted(prefix.glob("usr/lib/*-linux-gnu*")),
        *sorted(prefix.glob("lib/*-linux-gnu*")),
    ]
    # What an installation reaches through alternatives or through paths built into libraries.
    hidden = ("blas", "lapack", "pulseaudio")
    return folders + [folder / name for folder in folders for name in hidden]


def _ask(command: Sequence[Path | str], environment: dict[str, str]) -> str:
    """Return what a program prints, or nothing if it cannot run."""
    return run_program(command, environment=environment).output
