"""Every route answers every error in the one shape of the contract."""

import re
from collections.abc import Iterator

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.app import create_app, get_services
from backend.auth.middleware import PUBLIC_ENDPOINTS
from backend.config import Config
from backend.db.session import Database
from people import Person

UNKNOWN_ID = "00000000-0000-7000-8000-000000000000"
CODES = {
    400: "invalid_request",
    401: "not_authenticated",
    403: "forbidden",
    404: "not_found",
    405: "invalid_request",
    413: "too_large",
    422: "validation_failed",
    500: "internal_error",
}


def assert_error(response: TestResponse, status: int) -> None:
    assert response.status_code == status
    assert response.content_type == "application/json"
    body = response.get_json()
    assert set(body) == {"error"}
    error = body["error"]
    assert set(error) == {"code", "message", "details", "request_id"}
    assert error["code"] == CODES[status]
    assert error["message"].endswith(".")
    assert error["message"][0].isupper() or error["details"]
    assert error["details"] is None or isinstance(error["details"], dict)
    assert error["request_id"] == response.headers["X-Request-ID"]


def api_routes(app: APIFlask) -> Iterator[tuple[str, str, str]]:
    """Yield endpoint, method and a path with unknown ids, for every route of the API."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            path = re.sub(r"<id:\w+>", UNKNOWN_ID, rule.rule)
            path = re.sub(r"<int\([^)]*\):\w+>", "1", path)
            path = re.sub(r"<\w+>", "openai", path)
            assert "<" not in path
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule.endpoint, method, path


def test_there_are_routes(app: APIFlask) -> None:
    assert len(list(api_routes(app))) > 25


def test_every_route_but_the_public_ones_demands_a_log_in(
    app: APIFlask, client: FlaskClient
) -> None:
    for endpoint, method, path in api_routes(app):
        response = client.open(path, method=method)
        if endpoint in PUBLIC_ENDPOINTS:
            assert response.status_code in (200, 422, 503), path
        else:
            assert_error(response, 401)


def test_every_route_with_an_id_knows_only_ones_own(
    app: APIFlask, client: FlaskClient, user: Person
) -> None:
    paths = [(m, p) for _, m, p in api_routes(app) if UNKNOWN_ID in p]
    assert len(paths) > 8
    for method, path in paths:
        query = "?page=1&start=0&end=1" if path.endswith("/highlights") else ""
        body = {} if method in ("PATCH", "PUT", "POST") else None
        response = client.open(path + query, method=method, json=body, headers=user.headers)
        assert_error(response, 404)


def test_every_route_refuses_methods_it_does_not_know(
    app: APIFlask, client: FlaskClient, user: Person
) -> None:
    for path in {path for _, _, path in api_routes(app)}:
        response = client.open(path, method="TRACE", headers=user.headers)
        assert_error(response, 405)
        assert response.headers["Allow"]


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000, b'{"a": 1'])
def test_every_route_with_a_body_refuses_broken_json(
    app: APIFlask, client: FlaskClient, user: Person, body: bytes
) -> None:
    routes = {
        ("POST", "/api/auth/login"),
        ("POST", "/api/auth/password"),
        ("POST", "/api/conversations"),
        ("PUT", "/api/settings/api-keys/openai"),
    }
    assert routes <= {(method, path) for _, method, path in api_routes(app)}
    for method, path in sorted(routes):
        response = client.open(
            path,
            method=method,
            data=body,
            content_type="application/json",
            headers=user.headers,
        )
        assert_error(response, 400)


@pytest.mark.parametrize("body", [[], "text", 5, None, True])
def test_a_body_that_is_no_object_is_refused(client: FlaskClient, body: object) -> None:
    response = client.post("/api/auth/login", json=body)
    assert response.status_code in (400, 422)
    assert_error(response, response.status_code)


def test_a_json_body_over_a_mebibyte_is_too_large(client: FlaskClient) -> None:
    body = b'{"username": "' + b"a" * 2**20 + b'"}'
    response = client.post("/api/auth/login", data=body, content_type="application/json")
    assert_error(response, 413)


def test_a_request_from_another_site_has_the_shape_too(client: FlaskClient) -> None:
    response = client.post("/api/auth/login", json={}, headers={"Origin": "https://evil.example"})
    assert_error(response, 403)


@pytest.mark.parametrize(
    "path", ["/api/nothing", "/api", "/api/", "/api/documents/", "/api/documents/a%00b"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_address_has_the_shape_too(
    client: FlaskClient, user: Person, method: str, path: str
) -> None:
    headers = {**user.headers, "Accept": "text/html"}
    assert_error(client.open(path, method=method, headers=headers), 404)


def test_an_unexpected_error_tells_nothing_of_the_inside(
    config: Config, database: Database, user: Person, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(config)
    secret = "the inside"

    @app.get("/api/auth/broken")
    def broken() -> None:
        raise RuntimeError(secret)

    response = app.test_client().get("/api/auth/broken", headers=user.headers)
    assert_error(response, 500)
    assert secret not in response.text
    assert secret in caplog.text
    get_services(app).stop()


@pytest.mark.parametrize(
    ("sent", "is_taken"),
    [("abc-1.2_3", True), ("", False), ("a b", False), ("x" * 65, False), ("é", False)],
)
def test_a_sane_request_id_is_taken_over(client: FlaskClient, sent: str, is_taken: bool) -> None:
    response = client.get("/api/auth/me", headers={"X-Request-ID": sent})
    request_id = response.headers["X-Request-ID"]
    assert (request_id == sent) is is_taken
    assert response.get_json()["error"]["request_id"] == request_id
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", request_id)


def test_socket_io_answers_carry_a_request_id_too(client: FlaskClient) -> None:
    response = client.get("/socket.io/?EIO=4&transport=polling", headers={"X-Request-ID": "r1"})
    assert response.headers.getlist("X-Request-ID") == ["r1"]
