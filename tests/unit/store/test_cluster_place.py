"""Where the private cluster lives: folders that are ours, a socket path that is short enough."""

import os
import pwd
import sys
from pathlib import Path

import pytest

from gisplan.errors import ClusterError
from gisplan.settings import Settings
from gisplan.store import cluster_place
from gisplan.store.cluster_place import Cluster, open_cluster


@pytest.fixture
def nobody() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


def test_the_address_names_the_socket_folder_and_nothing_else() -> None:
    cluster = Cluster(root=Path("/d"), socket_folder=Path("/d/run"), server_uid=1, server_gid=1)
    assert cluster.url("grid") == "postgresql://gisplan@/grid?host=%2Fd%2Frun&port=5432"


def test_a_socket_path_of_107_bytes_stays_beside_the_data() -> None:
    root = Path("/" + "x" * 87)  # 88 + "/run/.s.PGSQL.5432" (18) = 106
    assert cluster_place._find_socket_folder(root, 1000) == root / "run"


def test_a_longer_socket_path_moves_to_a_folder_of_the_user() -> None:
    root = Path("/" + "x" * 89)
    folder = cluster_place._find_socket_folder(root, 1000)
    assert folder.parent == Path("/tmp")
    assert folder.name.startswith("gisplan-1000-")


def test_two_data_folders_never_share_a_short_socket() -> None:
    roots = [Path("/" + letter * 120) for letter in "ab"]
    assert len({cluster_place._find_socket_folder(root, 1) for root in roots}) == 2


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ClusterError, match="is a link"):
        cluster_place._make_private_folder(tmp_path / "run", os.geteuid(), os.getegid())


def test_a_folder_of_somebody_else_is_refused() -> None:
    with pytest.raises(ClusterError, match="belongs to user 0"):
        cluster_place._check_owner(Path("/usr"), owner_uid=0, allowed_uids=(1000,))


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ClusterError, match="name a writable one in GISPLAN_HOME"):
        open_cluster(Settings(home=tmp_path / "file" / "home"))


def test_a_folder_closed_to_the_server_is_named(tmp_path: Path, nobody: pwd.struct_passwd) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(ClusterError, match="who cannot enter"):
        cluster_place._check_reachable(closed / "cluster", nobody.pw_uid)


def test_an_open_folder_is_reachable(nobody: pwd.struct_passwd) -> None:
    cluster_place._check_reachable(Path("/usr/share"), nobody.pw_uid)


def test_an_ordinary_user_serves_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    assert cluster_place._find_server_identity(tmp_path, None) == (1234, os.getegid())


def test_root_hands_the_server_to_the_named_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nobody: pwd.struct_passwd
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    identity = cluster_place._find_server_identity(tmp_path / "absent", "nobody")
    assert identity == (nobody.pw_uid, nobody.pw_gid)


@pytest.mark.parametrize("name", ["root", "no-such-user"])
def test_root_without_another_user_is_told_to_name_one(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(ClusterError, match="name one in GISPLAN_PG_USER"):
        cluster_place._find_server_identity(tmp_path / "absent", name)


def test_windows_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(ClusterError, match="on Windows install PostgreSQL 14"):
        open_cluster(Settings(home=tmp_path))
