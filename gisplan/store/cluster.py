"""The private PostGIS cluster: made once, started when needed, shared between processes.

Invariants
    A data folder exists whole or not at all: it is made under another name and renamed.
    Making, starting and stopping happen under one file lock; the kernel drops it with its holder.
    Nothing listens on TCP.
    The server outlives the process that started it, until it is stopped.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from gisplan.errors import ClusterError
from gisplan.settings import Settings
from gisplan.store.cluster_place import ROLE, Cluster, explained_folder
from gisplan.store.installation import Installation
from gisplan.store.programs import ProgramResult, run_program
from gisplan.store.provision import provide_installation

if sys.platform != "win32":
    import fcntl

_START_TIMEOUT_S = 120
_START_ATTEMPTS = 6
_CONFIGURATION = """
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 60
shared_buffers = {shared_buffers_mb}MB
max_wal_size = 2GB
checkpoint_timeout = 15min
random_page_cost = 1.1
jit = off
"""


def ensure_running(cluster: Cluster, settings: Settings) -> None:
    """Make the cluster if there is none and start it if it does not run.

    Raises
    ------
    ClusterError
        No server with PostGIS is to be had, or it does not start.
    """
    if is_answering(cluster):
        return
    with _locked(cluster):
        if is_answering(cluster):
            return
        installation = find_server(cluster, settings)
        if find_data_version(cluster) is None:
            _create(cluster, installation, settings.free_disk_min_mb)
        _start(cluster, installation)


def stop(cluster: Cluster, settings: Settings) -> bool:
    """Stop the server after ending its connections; return whether there was one.

    Raises
    ------
    ClusterError
        It does not stop.
    """
    with _locked(cluster):
        if not _is_server_alive(cluster):
            return False
        installation = find_server(cluster, settings)
        command = _control(cluster, installation, "-m", "fast", "stop")
        _check(_execute(cluster, installation, command), "pg_ctl stop")
        return True


def find_server(cluster: Cluster, settings: Settings) -> Installation:
    """Return the programs that serve this cluster, unpacking them first if they are missing."""
    return provide_installation(settings, find_data_version(cluster))


def is_answering(cluster: Cluster) -> bool:
    """Return whether the server takes connections now."""
    try:
        psycopg.connect(cluster.url("postgres"), connect_timeout=10).close()
    except psycopg.OperationalError:
        return False
    return True


def find_data_version(cluster: Cluster) -> int | None:
    """Return the major version that wrote the data folder, or nothing where none exists."""
    try:
        return int((cluster.data_folder / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None


def find_server_pid(cluster: Cluster) -> int | None:
    """Return the process id that the server noted down, be it alive or not."""
    try:
        return int((cluster.data_folder / "postmaster.pid").read_text().split()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None


@contextmanager
def _locked(cluster: Cluster) -> Iterator[None]:
    with explained_folder(cluster.root):
        file = (cluster.root / "lock").open("a")
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _create(cluster: Cluster, installation: Installation, free_disk_min_mb: int) -> None:
    for left_behind in cluster.root.glob("new.*"):
        shutil.rmtree(left_behind, ignore_errors=True)
    free_mb = shutil.disk_usage(cluster.root).free >> 20
    if free_mb < free_disk_min_mb:
        raise ClusterError(
            f"{cluster.root} has {free_mb} MB free, expected {free_disk_min_mb} MB for a cluster"
        )
    fresh = cluster.root / f"new.{os.getpid()}"
    locale = "C.UTF-8" if sys.platform == "linux" else "C"
    command: list[str | Path] = [installation.program("initdb"), "-D", fresh, "-U", ROLE]
    command += ["-A", "trust", "-E", "UTF8", f"--locale={locale}", "-k"]
    _check(_execute(cluster, installation, command), "initdb")
    with (fresh / "postgresql.conf").open("a") as file:
        file.write(_CONFIGURATION.format(shared_buffers_mb=_choose_shared_buffers_mb()))
    fresh.rename(cluster.data_folder)


def _choose_shared_buffers_mb() -> int:
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    return max(64, min(1024, memory_mb // 8))


def _start(cluster: Cluster, installation: Installation) -> None:
    options = f"-k {shlex.quote(str(cluster.socket_folder))}"
    words = ["-t", str(_START_TIMEOUT_S), "-l", str(cluster.log_file), "-o", options, "start"]
    command = _control(cluster, installation, *words)
    deadline_s = time.monotonic() + _START_TIMEOUT_S
    attempts = 0
    while attempts < _START_ATTEMPTS and time.monotonic() < deadline_s:
        if not _is_server_alive(cluster):
            # Backends of a killed server keep its shared memory for a moment: try again.
            (cluster.data_folder / "postmaster.pid").unlink(missing_ok=True)
            time.sleep(0.5 * attempts)
            attempts += 1
            _execute(cluster, installation, command)
        if is_answering(cluster):
            return
        time.sleep(0.2)
    raise ClusterError(f"PostgreSQL does not start; its last words: {_read_log_end(cluster)}")


def _is_server_alive(cluster: Cluster) -> bool:
    """Return whether the noted process serves our data; after a crash it may be anybody's."""
    pid = find_server_pid(cluster)
    if pid is None:
        return False
    try:
        if Path("/proc").is_dir():
            return Path(f"/proc/{pid}/cwd").resolve(strict=True) == cluster.data_folder.resolve()
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _control(cluster: Cluster, installation: Installation, *words: str) -> list[str | Path]:
    return [installation.program("pg_ctl"), "-w", "-s", "-D", cluster.data_folder, *words]


def _execute(
    cluster: Cluster, installation: Installation, command: Sequence[str | Path]
) -> ProgramResult:
    """Run one of the server's programs as the server's user, in a folder that it can enter."""
    identity = (cluster.server_uid, cluster.server_gid) if os.geteuid() == 0 else None
    return run_program(
        command, environment=installation.environment(), folder=Path("/"), identity=identity
    )


def _check(result: ProgramResult, name: str) -> None:
    if result.status != 0:
        words = result.complaint or result.output
        raise ClusterError(f"{name} failed with status {result.status}: {words[-800:]}")


def _read_log_end(cluster: Cluster) -> str:
    if not cluster.log_file.exists():
        return "none"
    return "\n".join(cluster.log_file.read_text(errors="replace").splitlines()[-8:])
