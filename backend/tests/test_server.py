"""The server as a process: how it starts, refuses to start, and stops."""

import http.client
import json
import os
import signal
import socket
import stat
import time
from pathlib import Path

import pytest
from websockets.sync.client import connect

from server_process import ServerProcess


def _refusal(server: ServerProcess) -> str:
    """Return what a server that must not start printed, after checking its exit status."""
    assert server.process.wait(timeout=20) == 1
    printed = server.output()
    server.close()
    assert "Traceback" not in printed
    assert printed.count("\n") == 1
    return printed


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_prints_its_address_and_stops_within_five_seconds(
    tmp_path: Path, signal_number: int
) -> None:
    server = ServerProcess(tmp_path)
    with server:
        assert server.get("/api/config")[1]["setup_required"] is True
        assert server.stop(signal_number) < 5
        assert server.process.returncode == 0
        printed = server.output()
        assert f"running at {server.url}" in printed
        assert "Traceback" not in printed


def test_an_open_connection_is_kept_between_requests_and_delays_no_stop(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request("GET", "/api/health/live")
        answer = connection.getresponse()
        answer.read()
        assert not answer.will_close
        socket_before = connection.sock
        connection.request("GET", "/api/health/live")
        connection.getresponse().read()
        assert connection.sock is socket_before
        assert server.stop() < 5
        connection.close()


def test_what_was_said_before_a_stop_is_there_after_the_next_start(tmp_path: Path) -> None:
    account = {"username": "ada", "password": "correct horse"}
    with ServerProcess(tmp_path) as server:
        assert server.call("POST", "/api/auth/register", account)[0] == 201
    with ServerProcess(tmp_path) as server:
        status, body = server.call("POST", "/api/auth/login", account)
        assert (status, body["user"]["username"]) == (200, "ada")


def test_a_busy_port_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        printed = _refusal(ServerProcess(tmp_path, PORT=port))
    assert f"127.0.0.1:{port}" in printed
    assert "PORT=" in printed


def test_a_folder_that_cannot_be_written_is_refused_in_one_sentence(tmp_path: Path) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("not a folder")
    assert "DATA_DIR" in _refusal(ServerProcess(blocked))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_refused_in_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert "DATA_DIR" in _refusal(ServerProcess(tmp_path))


def test_a_wrong_setting_is_refused_in_one_sentence(tmp_path: Path) -> None:
    assert "CHAT_HISTORY_MESSAGES" in _refusal(
        ServerProcess(tmp_path, CHAT_HISTORY_MESSAGES="many")
    )


def test_an_unreachable_database_is_refused_in_one_sentence(tmp_path: Path) -> None:
    url = "postgresql+psycopg://nobody:planted-password@127.0.0.1:1/none"
    printed = _refusal(ServerProcess(tmp_path, DATABASE_URL=url))
    assert "DATABASE_URL" in printed
    assert "planted-password" not in printed


def test_two_servers_do_not_share_a_data_folder(tmp_path: Path) -> None:
    with ServerProcess(tmp_path):
        assert "already running" in _refusal(ServerProcess(tmp_path))


def test_compression_is_let_go_of_where_nothing_is_said_for_a_while(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        account = {"username": "ada", "password": "correct horse"}
        token = server.call("POST", "/api/auth/register", account)[1]["token"]
        address = f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket"
        with connect(address, compression="deflate", close_timeout=0.1) as websocket:
            websocket.send("40" + json.dumps({"token": token}))
            assert [str(websocket.recv(10))[:2] for _ in range(2)] == ["0{", "40"]
            sizes: list[int] = []
            receive = websocket.protocol.receive_data

            def receive_counted(data: bytes = b"") -> None:
                sizes.append(len(data))
                receive(data)

            websocket.protocol.receive_data = receive_counted  # type: ignore[method-assign]

            def answer_bytes() -> int:
                """Return how many bytes the answer to an impossible request takes."""
                websocket.send('421["chat_stop",{"message_id":"01a21ec3-293f-7416-ac85-f601db"}]')
                assert str(websocket.recv(10)).startswith('431[{"ok":false')
                return sizes[-1]

            matched = [answer_bytes() for _ in range(4)][-1]
            until_s = time.monotonic() + 30
            while answer_bytes() < 2 * matched:
                assert time.monotonic() < until_s, "the window is kept"
                time.sleep(5)  # nothing is to be said meanwhile
            assert answer_bytes() < 2 * matched
