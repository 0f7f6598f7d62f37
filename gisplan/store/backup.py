"""Backup into one file, and restore from it beside the database that serves.

A restore becomes the serving database by two renames in one transaction, after it is complete and
migrated: when anything fails before, the old database serves on.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from gisplan.errors import ConflictError, InputError, StoreError
from gisplan.settings import Settings
from gisplan.store.cluster import ensure_running, find_server
from gisplan.store.cluster_place import open_cluster
from gisplan.store.connection import connect, parse_address
from gisplan.store.database import DATABASE, create_database, drop_database, has_database
from gisplan.store.migrate import migrate
from gisplan.store.programs import run_program
from gisplan.store.provision import provide_installation

_SWAP_ATTEMPTS = 4
_END_SESSIONS = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = any(%(names)s) and pid <> pg_backend_pid()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupTool:
    """The database to save or replace, and the programs to do it with."""

    url: str
    bin_folder: Path
    environment: Mapping[str, str]

    def run(self, program: str, *words: str) -> str:
        """Return what ``pg_dump`` or ``pg_restore`` prints.

        Raises
        ------
        StoreError
            It failed.
        """
        done = run_program([self.bin_folder / program, *words], environment=self.environment)
        if done.status != 0:
            raise StoreError(f"{program} failed: {done.complaint[-800:]}")
        return done.output


def find_backup_tool(settings: Settings) -> BackupTool:
    """Return the tool for the database of these settings, its server running.

    Raises
    ------
    ClusterError
        The private cluster cannot be started, or there are no programs for the backup.
    """
    if settings.database_url is not None:
        return _find_external_tool(settings, settings.database_url)
    cluster = open_cluster(settings)
    ensure_running(cluster, settings)
    programs = find_server(cluster, settings)
    return BackupTool(
        url=cluster.url(DATABASE),
        bin_folder=programs.bin_folder,
        environment=programs.environment(),
    )


def back_up(tool: BackupTool, file: Path) -> None:
    """Write the database into a file, which appears whole or not at all.

    Raises
    ------
    StoreError
        The database cannot be read or the file not be written.
    """
    unfinished = file.with_name(f"{file.name}.part")
    try:
        words = ("--format=custom", "--no-owner", "--no-privileges", f"--file={unfinished}")
        tool.run("pg_dump", *words, f"--dbname={_without_password(tool.url)}")
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def restore(tool: BackupTool, file: Path) -> None:
    """Replace the database by the contents of a backup, once these are complete and current.

    Raises
    ------
    InputError
        The file is no backup.
    SchemaError
        The backup is newer than the code.
    StoreError
        It cannot be restored, or somebody keeps using the database.
    """
    _check_backup(tool, file)
    name = parse_address(tool.url)["dbname"]
    fresh = f"{name}_restored"
    server_url = _with_database(tool.url, "postgres")
    fresh_url = _with_database(tool.url, fresh)
    drop_database(server_url, fresh)
    try:
        create_database(server_url, fresh)
        words = ("--exit-on-error", "--no-owner", "--no-privileges", str(file))
        tool.run("pg_restore", f"--dbname={_without_password(fresh_url)}", *words)
        migrate(fresh_url)
        _swap(server_url, serving=name, fresh=fresh)
    finally:
        drop_database(server_url, fresh)


def _find_external_tool(settings: Settings, url: str) -> BackupTool:
    """Return the tool for a server of the user; its password stays out of the process list."""
    password = parse_address(url).get("password")
    secret = {} if password is None else {"PGPASSWORD": password}
    on_path = shutil.which("pg_dump")
    if on_path is not None:
        return BackupTool(url=url, bin_folder=Path(on_path).parent, environment=os.environ | secret)
    programs = provide_installation(settings, None)
    return BackupTool(
        url=url, bin_folder=programs.bin_folder, environment=programs.environment() | secret
    )


def _check_backup(tool: BackupTool, file: Path) -> None:
    if not file.is_file():
        raise InputError(f"{file} is no file; expected one that `gisplan db backup` wrote")
    try:
        listing = tool.run("pg_restore", "--list", str(file))
    except StoreError as error:
        raise InputError(f"{file} is no backup: {error}") from error
    if " gisplan_migration " not in listing:
        raise InputError(f"{file} is a dump of another database: it has no migrations of gisplan")


def _swap(server_url: str, *, serving: str, fresh: str) -> None:
    """Give the fresh database the name of the serving one, which is dropped afterwards."""
    replaced = f"{serving}_replaced"
    drop_database(server_url, replaced)
    renames = [(fresh, serving)]
    if has_database(server_url, serving):
        renames.insert(0, (serving, replaced))
    for attempts_left in reversed(range(_SWAP_ATTEMPTS)):
        try:
            _rename(server_url, renames)
            break
        except ConflictError:
            if attempts_left == 0:
                raise
    drop_database(server_url, replaced)


def _rename(server_url: str, renames: list[tuple[str, str]]) -> None:
    names = [name for pair in renames for name in pair]
    with connect(server_url) as connection:
        connection.execute(_END_SESSIONS, {"names": names})
        for old, new in renames:
            statement = SQL("alter database {} rename to {}")
            connection.execute(statement.format(Identifier(old), Identifier(new)))


def _with_database(url: str, name: str) -> str:
    return make_conninfo(url, dbname=name)


def _without_password(url: str) -> str:
    """Return an address that may stand in a list of processes."""
    parts = parse_address(url)
    parts.pop("password", None)
    return make_conninfo("", **parts)
