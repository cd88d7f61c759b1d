"""The transport under the providers' SDKs against servers that answer byte for byte as told."""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from backend.clock import utc_now
from backend.llm.direct_http import DirectTransport
from backend.llm.transport import Timeouts, open_client, ssl_context

Talk = Callable[[socket.socket], None]


@contextmanager
def run_server(talk: Talk, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Answer the first connection by `talk`; yield the server's address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        client, _ = listener.accept()
        with client:
            try:
                with tls.wrap_socket(client, server_side=True) if tls else client as connection:
                    talk(connection)
            except OSError:
                pass  # the client hung up

    thread = threading.Thread(target=serve)
    thread.start()
    scheme = "https" if tls else "http"
    try:
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        thread.join()
        listener.close()


def answer(*parts: bytes) -> Talk:
    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        for part in parts:
            connection.sendall(part)

    return talk


def connect(
    url: str, tls: ssl.SSLContext | None = None, read_timeout_s: float = 10
) -> httpx2.Client:
    timeout = httpx2.Timeout(read_timeout_s, connect=2)
    transport = DirectTransport(tls or ssl_context())
    return httpx2.Client(base_url=url, timeout=timeout, transport=transport, trust_env=False)


def make_certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what a server shows and a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "here")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(utc_now() - timedelta(days=1))
        .not_valid_after(utc_now() + timedelta(days=1))
        .add_extension(here, critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))


def test_provisional_responses_come_before_the_one_that_counts() -> None:
    head = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    talk = answer(head, b"HTTP/1.1 201 Created\r\nX-A: \xe4\r\nContent-Length: 2\r\n\r\nok")
    with run_server(talk) as url, connect(url) as client:
        response = client.post("/v1/x?y=%20", json={})
    assert (response.status_code, response.text, response.headers["x-a"]) == (201, "ok", "ä")


def test_a_body_without_a_length_lasts_until_the_end() -> None:
    with run_server(answer(b"HTTP/1.0 200 OK\r\n\r\n", b"all")) as url, connect(url) as client:
        assert client.get("/").text == "all"


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 10\r\n\r\nshort",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nwho",
        b"Transfer-Encoding: chunked\r\n\r\nno number\r\n",
    ],
)
def test_a_body_that_is_cut_short_is_an_error_and_no_end(body: bytes) -> None:
    with (
        run_server(answer(b"HTTP/1.1 200 OK\r\n" + body)) as url,
        connect(url) as client,
        pytest.raises(httpx2.RemoteProtocolError),
    ):
        client.get("/")


@pytest.mark.parametrize("sent", [b"", b"nonsense\r\n\r\n"])
def test_what_is_no_http_is_an_error(sent: bytes) -> None:
    with (
        run_server(answer(sent)) as url,
        connect(url) as client,
        pytest.raises(httpx2.RemoteProtocolError),
    ):
        client.get("/")


def test_each_wait_for_bytes_is_bounded_but_not_the_whole() -> None:
    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(6):
            connection.sendall(b"x")
            threading.Event().wait(0.1)
        connection.recv(1)  # until the client hangs up

    with run_server(drip) as url, connect(url, read_timeout_s=0.4) as client:
        received = b""
        with client.stream("GET", "/") as response, pytest.raises(httpx2.ReadTimeout):
            for part in response.iter_bytes():
                received += part
    assert received == b"xxxxxx"


def test_to_close_a_response_closes_its_connection() -> None:
    hung_up = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
        assert connection.recv(1) == b""
        hung_up.set()

    with run_server(talk) as url, connect(url) as client:
        with client.stream("GET", "/") as response:
            assert next(response.iter_bytes()) == b"x"
        assert hung_up.wait(10)


def test_certificates_are_checked(tmp_path: Path) -> None:
    shown, trusting = make_certificate(tmp_path)
    talk = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    with run_server(talk, shown) as url, connect(url, trusting) as client:
        assert client.get("/").text == "ok"
    with run_server(talk, shown) as url, connect(url) as client, pytest.raises(httpx2.ConnectError):
        client.get("/")


def test_a_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        asked.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with run_server(talk) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with open_client("http://provider.invalid/v1", Timeouts(2, 10)) as client:
            assert client.get("http://provider.invalid/v1/models").text == "ok"
    assert asked[0].startswith(b"GET http://provider.invalid/v1/models ")
