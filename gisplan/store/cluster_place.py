"""Where a private cluster lives, who serves it, and through which socket.

The folders are closed to everybody but us and the server's user. The socket's path is the same for
every process that names the same data folder, however long that folder's own path is.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from gisplan.errors import ClusterError
from gisplan.settings import Settings

if sys.platform != "win32":
    import pwd

ROLE = "gisplan"
_PORT = 5432  # only names the socket
_SOCKET_PATH_LENGTH_MAX = 103 if sys.platform == "darwin" else 107
_SERVER_USERS = ("gisplan", "postgres", "nobody")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One private cluster; ``server_uid`` and ``server_gid`` are whose processes serve it."""

    root: Path
    socket_folder: Path
    server_uid: int
    server_gid: int

    @property
    def data_folder(self) -> Path:
        """Folder that the server owns."""
        return self.root / "data"

    @property
    def log_file(self) -> Path:
        """What the server wrote about itself."""
        return self.root / "server.log"

    def url(self, database: str) -> str:
        """Return the address of one of its databases."""
        folder = quote(str(self.socket_folder), safe="")
        return f"postgresql://{ROLE}@/{database}?host={folder}&port={_PORT}"


def open_cluster(settings: Settings) -> Cluster:
    """Return the cluster of these settings with its folders made; it need not run yet.

    Raises
    ------
    ClusterError
        The machine or the folder cannot hold a private cluster.
    """
    if sys.platform == "win32":
        raise ClusterError(
            "a private PostGIS cluster needs Unix sockets; on Windows install PostgreSQL 14 or "
            "newer with PostGIS 3.1 or newer and name it in DATABASE_URL"
        )
    root = settings.home / "cluster"
    with explained_folder(root):
        root.parent.mkdir(parents=True, exist_ok=True)
        uid, gid = _find_server_identity(root, settings.pg_user)
        _make_private_folder(root, uid, gid)
        socket_folder = _find_socket_folder(root.resolve(), uid)
        _make_private_folder(socket_folder, uid, gid)
        _check_reachable(root, uid)
    return Cluster(root=root, socket_folder=socket_folder, server_uid=uid, server_gid=gid)


@contextmanager
def explained_folder(folder: Path) -> Iterator[None]:
    """Turn what the system says about a data folder into what to do about it.

    Raises
    ------
    ClusterError
        The folder cannot be made, read or written.
    """
    try:
        yield
    except OSError as error:
        raise ClusterError(
            f"the data folder {folder} cannot be used: {error.strerror}; "
            "name a writable one in GISPLAN_HOME"
        ) from error


def _find_server_identity(root: Path, wanted_user: str | None) -> tuple[int, int]:
    """Return who serves: ourselves, but for root whoever has the cluster, else a system user."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    if root.exists() and root.stat().st_uid != 0:
        return root.stat().st_uid, root.stat().st_gid
    for name in (wanted_user,) if wanted_user else _SERVER_USERS:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        if user.pw_uid != 0:
            return user.pw_uid, user.pw_gid
    raise ClusterError(
        "PostgreSQL refuses to run as root, and there is no user "
        f"{wanted_user or ', '.join(_SERVER_USERS)} to run it as; name one in GISPLAN_PG_USER"
    )


def _find_socket_folder(root: Path, uid: int) -> Path:
    folder = root / "run"
    if len(os.fsencode(folder / f".s.PGSQL.{_PORT}")) <= _SOCKET_PATH_LENGTH_MAX:
        return folder
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    return Path(f"/tmp/gisplan-{uid}-{digest}")  # noqa: S108 - checked to be ours, mode 0700


def _make_private_folder(folder: Path, uid: int, gid: int) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink():
        raise ClusterError(f"{folder} is a link, expected a folder; remove it")
    _check_owner(folder, owner_uid=folder.lstat().st_uid, allowed_uids=(os.geteuid(), uid))
    if os.geteuid() == 0:
        os.chown(folder, uid, gid)
    folder.chmod(0o700)


def _check_owner(folder: Path, *, owner_uid: int, allowed_uids: tuple[int, ...]) -> None:
    if owner_uid not in allowed_uids:
        raise ClusterError(
            f"{folder} belongs to user {owner_uid}, expected user {allowed_uids[-1]}; "
            "remove it or name another data folder in GISPLAN_HOME"
        )


def _check_reachable(root: Path, uid: int) -> None:
    """Check that the server's user, where it is another, can enter every folder above."""
    if uid == os.geteuid():
        return
    for folder in root.resolve().parents:
        found = folder.stat()
        if not found.st_mode & (0o100 if found.st_uid == uid else 0o001):
            raise ClusterError(
                f"the server runs as user {pwd.getpwuid(uid).pw_name}, who cannot enter {folder}; "
                "name a data folder that it can reach in GISPLAN_HOME"
            )
