"""Debian packages unpacked into a private folder: no root, no service, nothing installed.

Packages come through apt with a state of its own, so that its signature checks apply.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gisplan.errors import ClusterError
from gisplan.store.programs import run_program

_INSTALL_ADVICE = (
    "install PostgreSQL 14 or newer with PostGIS 3.1 or newer (macOS: brew install postgis, "
    "Fedora: dnf install postgis, Windows: the PostgreSQL installer with its PostGIS bundle) "
    "or name a server in DATABASE_URL"
)
# Parts of PostGIS that we do not use need these: rasters, solids, just-in-time compilation.
_POSTGIS_WITHOUT = re.compile(r"lib(gdal|sfcgal|llvm)[\d.]+(t64)?|libnss.*|libpam-.*")
_USELESS = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSource:
    """The distribution's archive, asked through apt with a private state folder."""

    state_folder: Path

    def run(self, program: str, *arguments: str, folder: Path | None = None) -> str:
        """Return what apt-get or apt-cache says.

        Raises
        ------
        ClusterError
            It failed.
        """
        state = self.state_folder
        options = {
            "Dir::State::lists": state / "lists",
            "Dir::Cache": state,
            "Dir::Cache::archives": state / "archives",
            "Debug::NoLocking": "true",
            "APT::Sandbox::User": "",
            "Acquire::Languages": "none",
        }
        given = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        done = run_program([program, "-qq", *given, *arguments], folder=folder)
        if done.status != 0:
            raise ClusterError(
                f"{program} {arguments[0]} failed: {done.complaint[-400:]}; {_INSTALL_ADVICE}"
            )
        return done.output


def unpack_postgis(prefix: Path, *, major_version: int | None = None) -> None:
    """Unpack the distribution's PostgreSQL with PostGIS into ``prefix``, which appears whole.

    Raises
    ------
    ClusterError
        No Debian or Ubuntu, no package of that version, or a download that failed.
    """

    def choose(source: PackageSource) -> list[str]:
        version = _choose_version(source, major_version)
        server = f"postgresql-{version}"
        wanted = [server, f"postgresql-client-{version}", f"{server}-postgis-3"]
        wanted.append(f"{server}-postgis-3-scripts")
        return wanted + _find_absent(source, _find_libraries(source, wanted))

    _unpack(prefix, choose)


def unpack_with_dependencies(prefix: Path, packages: Sequence[str]) -> None:
    """Unpack packages and everything that they need and the machine lacks into ``prefix``.

    Raises
    ------
    ClusterError
        No Debian or Ubuntu, an unknown package, or a download that failed.
    """
    _unpack(prefix, lambda source: _find_absent(source, packages))


def _unpack(prefix: Path, choose: Callable[[PackageSource], list[str]]) -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise ClusterError(f"no PostGIS server on this machine and no apt-get: {_INSTALL_ADVICE}")
    prefix.parent.mkdir(parents=True, exist_ok=True)
    for left_behind in prefix.parent.glob(f"{prefix.name}.new*"):
        shutil.rmtree(left_behind, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{prefix.name}.new", dir=prefix.parent) as folder:
        archives = _download(Path(folder) / "apt", choose)
        tree = Path(folder) / "tree"
        for archive in archives:
            _extract(archive, tree)
        _finish_tree(tree)
        shutil.rmtree(prefix, ignore_errors=True)
        tree.rename(prefix)


def _download(state_folder: Path, choose: Callable[[PackageSource], list[str]]) -> list[Path]:
    archives = state_folder / "archives"
    for partial in (state_folder / "lists" / "partial", archives / "partial"):
        partial.mkdir(parents=True)
    source = PackageSource(state_folder=state_folder)
    source.run("apt-get", "update")
    source.run("apt-get", "download", *choose(source), folder=archives)
    return sorted(archives.glob("*.deb"))


def _extract(archive: Path, tree: Path) -> None:
    done = run_program(["dpkg-deb", "-x", archive, tree])
    if done.status != 0:
        raise ClusterError(f"{archive.name} cannot be unpacked: {done.complaint[-400:]}")


def _choose_version(source: PackageSource, wanted: int | None) -> int:
    names = source.run("apt-cache", "pkgnames", "postgresql-").split()
    matches = (re.fullmatch(r"postgresql-(\d+)-postgis-3", name) for name in names)
    offered = sorted(int(match[1]) for match in matches if match)
    chosen = [version for version in offered if wanted in (None, version)]
    if not chosen:
        raise ClusterError(
            f"the distribution offers PostGIS for PostgreSQL {offered or 'no version'}, expected "
            f"{wanted or 'any'}; {_INSTALL_ADVICE}"
        )
    return chosen[-1]


def _find_libraries(source: PackageSource, packages: Sequence[str]) -> list[str]:
    """Return the libraries that the packages name themselves; apt adds what those need."""
    shown = source.run("apt-cache", "show", "--no-all-versions", *packages)
    names: set[str] = set()
    for dependencies in re.findall(r"^(?:Pre-)?Depends: (.*)$", shown, re.MULTILINE):
        names.update(re.findall(r"(?:^|,)\s*([a-z0-9.+-]+)", dependencies))
    libraries = {name for name in names if name.startswith("lib") or name in ("zlib1g", "tzdata")}
    return sorted(name for name in libraries if not _POSTGIS_WITHOUT.fullmatch(name))


def _find_absent(source: PackageSource, packages: Sequence[str]) -> list[str]:
    """Return what an installation would add; what it would only upgrade is there already."""
    planned = source.run("apt-get", "install", "-s", "--no-install-recommends", *packages)
    lines = [line.split() for line in planned.splitlines() if line.startswith("Inst ")]
    return [words[1] for words in lines if not words[2].startswith("[")]


def _finish_tree(tree: Path) -> None:
    """Make the links that an installation would make, and drop what nobody reads."""
    tree.chmod(0o755)
    for control in tree.glob("usr/share/postgresql/*/extension/*-3.control"):
        link = control.with_name(control.name.replace("-3.control", ".control"))
        if not link.exists():
            link.symlink_to(control.name)
    bitcode = tree.glob("usr/lib/postgresql/*/lib/bitcode")
    for folder in (*(tree / name for name in _USELESS), *bitcode):
        shutil.rmtree(folder, ignore_errors=True)
