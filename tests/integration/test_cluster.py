"""The private cluster, made, started, killed and stopped in folders of its own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gisplan.errors import ClusterError
from gisplan.settings import Settings
from gisplan.store.cluster import (
    ensure_running,
    find_data_version,
    find_server_pid,
    is_answering,
    stop,
)
from gisplan.store.cluster_place import Cluster, open_cluster
from gisplan.store.connection import connect
from gisplan.store.database import prepare_database
from gisplan.store.status import ServerState, find_status

PREPARE = """
from gisplan.settings import load_settings
from gisplan.store.database import prepare_database
print(prepare_database(load_settings()))
"""


def make_home() -> Iterator[Path]:
    """Make a folder that the server's user can enter, which pytest's own are not for root."""
    home = Path(tempfile.mkdtemp(prefix="gisplan-cluster-"))
    home.chmod(0o755)
    yield home
    for root in home.glob("**/cluster"):
        own = Settings(home=root.parent)
        left = open_cluster(own)
        stop(left, own)
        shutil.rmtree(left.socket_folder)
    shutil.rmtree(home)


fresh_home = pytest.fixture(make_home, name="fresh_home")
shared_home = pytest.fixture(make_home, scope="module", name="shared_home")


@pytest.fixture
def home_settings(shared_home: Path, settings: Settings) -> Settings:
    return settings.model_copy(update={"home": shared_home})


@pytest.fixture
def running(home_settings: Settings) -> Cluster:
    found = open_cluster(home_settings)
    ensure_running(found, home_settings)
    return found


def start_client(home: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PREPARE],
        env=os.environ | {"GISPLAN_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
    )


def kill_server(cluster: Cluster) -> None:
    pid = find_server_pid(cluster)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def test_eight_processes_at_once_share_one_server(fresh_home: Path) -> None:
    clients = [start_client(fresh_home) for _ in range(8)]
    answers = {client.communicate()[0] for client in clients}
    assert [client.returncode for client in clients] == [0] * 8
    assert len(answers) == 1


def test_a_client_killed_while_making_the_cluster_is_in_nobodys_way(
    fresh_home: Path, settings: Settings
) -> None:
    client = start_client(fresh_home)
    while client.poll() is None and not list(fresh_home.glob("cluster/new.*")):
        time.sleep(0.01)
    client.kill()
    client.communicate()
    own = settings.model_copy(update={"home": fresh_home})
    prepare_database(own)
    assert find_status(own).state is ServerState.RUNNING
    assert not list(fresh_home.glob("cluster/new.*"))


def test_a_long_path_gets_a_short_socket(fresh_home: Path, settings: Settings) -> None:
    deep = fresh_home / ("a folder with a 'long' name " * 4) / ("x" * 100)
    own = settings.model_copy(update={"home": deep})
    found = open_cluster(own)
    ensure_running(found, own)
    assert is_answering(found)
    assert len(str(found.socket_folder)) < 60


def test_a_killed_server_starts_again_with_what_was_committed(
    running: Cluster, home_settings: Settings
) -> None:
    with connect(running.url("postgres")) as connection:
        connection.execute("create table kept as select 1 as value")
    kill_server(running)
    ensure_running(running, home_settings)
    with connect(running.url("postgres")) as connection:
        assert connection.execute("select value from kept").fetchone() == (1,)


def test_a_stale_pid_that_is_now_somebody_elses_does_not_stop_a_start(
    running: Cluster, home_settings: Settings
) -> None:
    identity = running.server_uid if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "60"], user=identity) as stranger:
        pid_file = running.data_folder / "postmaster.pid"
        noted = pid_file.read_text().splitlines()
        stop(running, home_settings)
        pid_file.write_text("\n".join([str(stranger.pid), *noted[1:], ""]))
        shutil.chown(pid_file, running.server_uid, running.server_gid)
        ensure_running(running, home_settings)
        stranger.kill()
    assert is_answering(running)


def test_a_stopped_server_starts_again_and_is_stopped_once(
    running: Cluster, home_settings: Settings
) -> None:
    assert stop(running, home_settings)
    assert not stop(running, home_settings)
    assert find_status(home_settings).state is ServerState.STOPPED
    ensure_running(running, home_settings)
    assert is_answering(running)


def test_just_in_time_compilation_and_tcp_are_off(running: Cluster) -> None:
    statement = "select current_setting('jit'), current_setting('listen_addresses')"
    with connect(running.url("postgres")) as connection:
        assert connection.execute(statement).fetchone() == ("off", "")


def test_a_server_without_our_database_is_running(
    running: Cluster, home_settings: Settings
) -> None:
    status = find_status(home_settings)
    assert (status.state, status.schema_number) == (ServerState.RUNNING, None)
    assert status.pid == find_server_pid(running)


def test_a_folder_without_cluster_is_absent(fresh_home: Path, settings: Settings) -> None:
    own = settings.model_copy(update={"home": fresh_home})
    assert find_status(own).state is ServerState.ABSENT
    assert find_data_version(open_cluster(own)) is None


def test_an_external_server_is_described(settings: Settings, database_url: str) -> None:
    own = settings.model_copy(update={"database_url": database_url})
    status = find_status(own)
    assert status.state is ServerState.EXTERNAL
    assert prepare_database(own) == database_url


def test_a_full_disk_refuses_a_new_cluster(fresh_home: Path, settings: Settings) -> None:
    own = settings.model_copy(update={"home": fresh_home, "free_disk_min_mb": 10**9})
    with pytest.raises(ClusterError, match="expected 1000000000 MB for a cluster"):
        ensure_running(open_cluster(own), own)


def test_a_server_that_does_not_start_tells_its_last_words(
    running: Cluster, home_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gisplan.store.cluster._START_ATTEMPTS", 1)
    stop(running, home_settings)
    automatic = running.data_folder / "postgresql.auto.conf"
    automatic.write_text("no_such_setting = 1\n")
    with pytest.raises(ClusterError, match="no_such_setting"):
        ensure_running(running, home_settings)
    automatic.write_text("")
