"""Servers on this machine: found only where server and PostGIS both are."""

from pathlib import Path

import pytest

from gisplan.errors import ClusterError
from gisplan.settings import Settings
from gisplan.store import provision
from gisplan.store.installation import (
    build_environment,
    find_installation,
    get_installation,
    probe_installation,
)
from gisplan.store.provision import provide_installation


def make_server(prefix: Path, version: int, *, postgis: bool = True) -> Path:
    """Make a folder that looks like one of Debian's servers; return where its programs are."""
    folder = prefix / f"usr/lib/postgresql/{version}/bin"
    share = prefix / f"usr/share/postgresql/{version}"
    folder.mkdir(parents=True)
    (share / "extension").mkdir(parents=True)
    if postgis:
        (share / "extension" / "postgis.control").touch()
    says = {"postgres": f"postgres (PostgreSQL) {version}.3", "pg_config": str(share)}
    for name in ("postgres", "initdb", "pg_ctl", "pg_config"):
        program = folder / name
        program.write_text(f"#!/bin/sh\necho '{says.get(name, '')}'\n")
        program.chmod(0o755)
    return folder


def test_the_newest_server_is_taken(tmp_path: Path) -> None:
    make_server(tmp_path, 14)
    newest = make_server(tmp_path, 16)
    found = find_installation(prefix=tmp_path)
    assert found is not None
    assert (found.program("postgres"), found.major_version) == (newest / "postgres", 16)


def test_data_of_an_older_server_keep_their_version(tmp_path: Path) -> None:
    make_server(tmp_path, 14)
    make_server(tmp_path, 16)
    found = find_installation(prefix=tmp_path, major_version=14)
    assert found is not None
    assert found.major_version == 14


def test_a_server_without_postgis_is_none(tmp_path: Path) -> None:
    make_server(tmp_path, 16, postgis=False)
    assert find_installation(prefix=tmp_path) is None


def test_a_client_without_server_is_none(tmp_path: Path) -> None:
    folder = make_server(tmp_path, 16)
    (folder / "initdb").unlink()
    assert probe_installation(bin_folder=folder, prefix=tmp_path) is None


def test_a_program_that_cannot_run_is_no_server(tmp_path: Path) -> None:
    folder = make_server(tmp_path, 16)
    (folder / "postgres").write_text("no program")
    assert find_installation(prefix=tmp_path) is None


def test_an_unpacked_server_gets_its_own_libraries(tmp_path: Path) -> None:
    (tmp_path / "usr/lib/x86_64-linux-gnu").mkdir(parents=True)
    (tmp_path / "usr/share/proj").mkdir(parents=True)
    environment = build_environment(tmp_path)
    assert f"{tmp_path}/usr/lib/x86_64-linux-gnu/lapack" in environment["LD_LIBRARY_PATH"]
    assert environment["PROJ_LIB"] == f"{tmp_path}/usr/share/proj"


def test_an_installed_server_sees_no_variable_of_libpq(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "elsewhere")
    assert "PGHOST" not in build_environment(Path("/"))


def test_a_named_folder_gives_its_prefix(tmp_path: Path) -> None:
    assert get_installation(make_server(tmp_path, 15)).prefix == tmp_path


def test_a_named_folder_without_server_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="holds no PostgreSQL server with PostGIS"):
        get_installation(tmp_path)


def test_a_named_server_of_another_version_than_the_data_is_refused(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, pg_bindir=make_server(tmp_path, 16))
    with pytest.raises(ClusterError, match="written by PostgreSQL 14"):
        provide_installation(settings, 14)


def test_unpacked_packages_are_used_again(tmp_path: Path) -> None:
    make_server(tmp_path / "packages/postgis", 15)
    settings = Settings(home=tmp_path, pg_bindir=None, private_packages=True)
    assert provide_installation(settings, None).prefix == tmp_path / "packages/postgis"


def test_missing_packages_are_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unpack(prefix: Path, *, major_version: int | None) -> None:
        make_server(prefix, major_version or 15)

    monkeypatch.setattr(provision, "unpack_postgis", unpack)
    settings = Settings(home=tmp_path, pg_bindir=None, private_packages=True)
    assert provide_installation(settings, 14).major_version == 14


def test_packages_without_server_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provision, "unpack_postgis", lambda _prefix, major_version: None)
    settings = Settings(home=tmp_path, pg_bindir=None, private_packages=True)
    with pytest.raises(ClusterError, match="hold no PostGIS server"):
        provide_installation(settings, None)
