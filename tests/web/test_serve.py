from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys

import httpx
import pytest
import uvicorn
from typer.testing import CliRunner

from gisplan.cli import build_app
from gisplan.cli.serve import open_listener, page_address
from gisplan.errors import InputError


def port_of(listener: socket.socket) -> int:
    return listener.getsockname()[1]


def test_port_that_is_taken_gives_way_to_the_next():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = port_of(taken)
        with open_listener("127.0.0.1", range(port, min(port + 50, 65536))) as listener:
            assert port_of(listener) > port


def test_named_port_that_is_taken_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = port_of(taken)
        with pytest.raises(InputError, match=f"port {port}: .*; name another --port"):
            open_listener("127.0.0.1", [port])


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1")])
def test_address_opens_in_a_browser_of_this_machine(host, shown):
    with open_listener(host, [0]) as listener:
        assert page_address(listener) == f"http://{shown}:{port_of(listener)}/"


def test_command_says_where_it_serves(database_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setattr(uvicorn.Server, "run", lambda *_, **__: None)
    result = CliRunner().invoke(build_app("serve"), ["serve", "--port", "0"])
    assert result.exit_code == 0
    assert re.search(r"serves at http://127\.0\.0\.1:\d+/", result.output)


def test_command_serves_until_it_is_interrupted(database_url):
    command = [sys.executable, "-m", "gisplan", "serve", "--port", "0"]
    environment = {**os.environ, "DATABASE_URL": database_url}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        address = re.findall(r"http://\S+", process.stdout.readline())[0]
        with httpx.Client(trust_env=False, timeout=60) as client:
            # The listener is open before the service is ready: the request waits for it.
            assert client.get(f"{address}health/live").json()["status"] == "ok"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) in {0, -signal.SIGINT, 128 + signal.SIGINT}
