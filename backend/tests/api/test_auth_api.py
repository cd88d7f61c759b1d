"""Accounts and sessions over HTTP."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from backend.app import create_app, get_services
from backend.auth import sessions
from backend.auth.sessions import token_sha256
from backend.clock import utc_now
from backend.config import Config
from backend.db.repositories import auth_sessions
from backend.db.session import Database
from people import Person

ADA = {"username": "ada", "password": "correct horse"}


def add_session(database: Database, user_id: str, age: timedelta, expires_in: timedelta) -> str:
    """Store a session that was last used some time ago; return its token."""
    token = f"token-{age}-{expires_in}"
    with database.db_transaction() as session:
        auth_sessions.add(
            session,
            user_id=user_id,
            token_sha256=token_sha256(token),
            user_agent="",
            created_at=utc_now() - age,
            expires_at=utc_now() + expires_in,
        )
    return token


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_the_first_registration_logs_in_by_cookie_and_by_token(
    app: APIFlask, client: FlaskClient
) -> None:
    response = client.post("/api/auth/register", json=ADA)
    assert response.status_code == 201
    body = response.get_json()
    assert body["user"]["username"] == "ada"
    assert body["user"]["role"] == "admin"
    assert body["user"]["created_at"].endswith("+00:00")
    assert body["expires_at"].endswith("+00:00")
    assert client.get("/api/auth/me").get_json() == {"user": body["user"]}
    elsewhere = app.test_client()
    assert elsewhere.get("/api/auth/me").status_code == 401
    assert elsewhere.get("/api/auth/me", headers=bearer(body["token"])).status_code == 200


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: FlaskClient) -> None:
    cookie = client.post("/api/auth/register", json=ADA).headers["Set-Cookie"]
    for part in ("docchat_session=", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=86400"):
        assert part in cookie
    assert "Secure" not in cookie


def test_the_cookie_is_secure_on_https(client: FlaskClient) -> None:
    response = client.post("/api/auth/register", json=ADA, base_url="https://docs.example")
    assert "Secure" in response.headers["Set-Cookie"]


@pytest.mark.parametrize(("behind_proxy", "is_secure"), [(True, True), (False, False)])
def test_a_proxys_word_counts_only_when_one_is_configured(
    config: Config, database: Database, behind_proxy: bool, is_secure: bool
) -> None:
    app = create_app(config.model_copy(update={"behind_proxy": behind_proxy}))
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
    response = app.test_client().post("/api/auth/register", json=ADA, headers=headers)
    assert ("Secure" in response.headers["Set-Cookie"]) is is_secure
    get_services(app).stop()


def test_a_second_registration_needs_an_invite(client: FlaskClient, user: Person) -> None:
    response = client.post("/api/auth/register", json={**ADA, "username": "bob"})
    assert response.status_code == 403
    assert response.get_json()["error"]["code"] == "signup_closed"
    invite = client.post("/api/auth/invites", headers=user.headers)
    assert invite.status_code == 201
    assert invite.get_json()["expires_at"].endswith("+00:00")
    body = {**ADA, "username": "bob", "invite": invite.get_json()["code"]}
    response = client.post("/api/auth/register", json=body)
    assert response.status_code == 201
    assert response.get_json()["user"]["role"] == "user"


def test_only_administrators_invite_over_http(client: FlaskClient, other_user: Person) -> None:
    assert client.post("/api/auth/invites", headers=other_user.headers).status_code == 403


def test_a_taken_name_is_a_conflict(
    client: FlaskClient, user: Person, register: Callable[..., Person]
) -> None:
    code = client.post("/api/auth/invites", headers=user.headers).get_json()["code"]
    body = {"username": "ADA", "password": "correct horse", "invite": code}
    response = client.post("/api/auth/register", json=body)
    assert response.status_code == 409
    assert response.get_json()["error"]["code"] == "conflict"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"username", "password"}),
        ({"username": "ada"}, {"password"}),
        ({"username": 5, "password": "correct horse"}, {"username"}),
        ({"username": "ada", "password": None}, {"password"}),
        ({"username": "ada", "password": "short"}, {"password"}),
        ({"username": "a\0b", "password": "correct horse"}, {"username"}),
        ({"username": "\ud800", "password": "correct horse"}, {"username"}),
        ({"username": "ada", "password": "\ud800\ud800\ud800\ud800\ud800\ud800"}, {"password"}),
        ({"username": "x" * 5000, "password": "correct horse"}, {"username"}),
    ],
)
def test_a_registration_that_is_not_valid_names_the_fields(
    client: FlaskClient, body: dict[str, object], fields: set[str]
) -> None:
    response = client.post("/api/auth/register", json=body)
    assert response.status_code == 422
    assert response.get_json()["error"]["code"] == "validation_failed"
    assert set(response.get_json()["error"]["details"]) == fields


def test_logging_in(client: FlaskClient, user: Person) -> None:
    response = client.post("/api/auth/login", json={"username": "ADA", "password": user.password})
    assert response.status_code == 200
    assert set(response.get_json()) == {"user", "token", "expires_at"}
    assert client.get("/api/auth/me").status_code == 200


@pytest.mark.parametrize(
    "body", [{"username": "ada", "password": "wrong"}, {"username": "no", "password": "wrong"}]
)
def test_wrong_credentials(client: FlaskClient, user: Person, body: dict[str, str]) -> None:
    response = client.post("/api/auth/login", json=body)
    assert response.status_code == 401
    assert response.get_json()["error"]["code"] == "invalid_credentials"
    assert "Set-Cookie" not in response.headers


def test_logging_out_ends_the_session_at_once(client: FlaskClient) -> None:
    token = client.post("/api/auth/register", json=ADA).get_json()["token"]
    response = client.post("/api/auth/logout")
    assert response.status_code == 204
    assert response.data == b""
    assert client.get_cookie("docchat_session") is None
    assert client.get("/api/auth/me").status_code == 401
    assert client.get("/api/auth/me", headers=bearer(token)).status_code == 401


def test_logging_out_closes_the_sessions_open_sockets(app: APIFlask, user: Person) -> None:
    socketio = app.extensions["socketio"]
    socket = socketio.test_client(app, auth={"token": user.token})
    assert socket.is_connected()
    client = app.test_client()
    other = client.post(
        "/api/auth/login", json={"username": "ada", "password": user.password}
    ).get_json()["token"]
    other_socket = socketio.test_client(app, auth={"token": other})
    assert client.post("/api/auth/logout", headers=user.headers).status_code == 204
    assert not socket.is_connected()
    assert other_socket.is_connected()
    other_socket.disconnect()


def test_changing_the_password_ends_other_sessions(client: FlaskClient, user: Person) -> None:
    login = {"username": "ada", "password": user.password}
    other = client.post("/api/auth/login", json=login).get_json()["token"]
    body = {"current_password": user.password, "new_password": "another horse"}
    response = client.post("/api/auth/password", json=body, headers=user.headers)
    assert response.status_code == 204
    assert client.get("/api/auth/me", headers=bearer(other)).status_code == 401
    assert client.get("/api/auth/me", headers=user.headers).status_code == 200
    assert client.post("/api/auth/login", json=login).status_code == 401


def test_a_wrong_current_password_is_named(client: FlaskClient, user: Person) -> None:
    body = {"current_password": "wrong", "new_password": "another horse"}
    response = client.post("/api/auth/password", json=body, headers=user.headers)
    assert response.status_code == 422
    assert set(response.get_json()["error"]["details"]) == {"current_password"}


def test_sessions_are_listed_and_revoked(
    client: FlaskClient, user: Person, other_user: Person
) -> None:
    login = {"username": "ada", "password": user.password}
    agent = {"User-Agent": "a phone"}
    other = client.post("/api/auth/login", json=login, headers=agent).get_json()["token"]
    items = client.get("/api/auth/sessions", headers=user.headers).get_json()["items"]
    assert sorted(item["current"] for item in items) == [False, True]
    phone = next(item for item in items if not item["current"])
    assert phone["user_agent"] == "a phone"
    path = f"/api/auth/sessions/{phone['id']}"
    assert client.delete(path, headers=other_user.headers).status_code == 404
    assert client.delete(path, headers=user.headers).status_code == 204
    assert client.get("/api/auth/me", headers=bearer(other)).status_code == 401
    assert client.delete(path, headers=user.headers).status_code == 404


def test_an_expired_session_is_nobody(
    client: FlaskClient, database: Database, user: Person
) -> None:
    token = add_session(database, user.id, timedelta(hours=25), timedelta(seconds=-1))
    assert client.get("/api/auth/me", headers=bearer(token)).status_code == 401


def test_a_cookie_in_use_is_renewed_with_its_session(
    client: FlaskClient, database: Database, config: Config, user: Person
) -> None:
    token = add_session(database, user.id, timedelta(hours=20), timedelta(hours=4))
    client.set_cookie("docchat_session", token)
    response = client.get("/api/auth/me")
    assert f"docchat_session={token}" in response.headers["Set-Cookie"]
    identity = sessions.authenticate(database, config, token)
    assert identity is not None
    assert identity.expires_at > utc_now() + timedelta(hours=23)
    assert "Set-Cookie" not in client.get("/api/auth/me").headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1234"},
        {"Referer": "https://evil.example/page"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
        {"Origin": "https://evil.example", "Authorization": "Basic YTpi"},
    ],
)
def test_another_site_cannot_change_anything_with_the_cookie(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    client.post("/api/auth/register", json=ADA)
    response = client.post("/api/auth/logout", headers=headers)
    assert response.status_code == 403
    assert response.get_json()["error"]["code"] == "forbidden"
    assert client.get("/api/auth/me").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Referer": "http://localhost/settings"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_our_own_page_may_use_the_cookie(client: FlaskClient, headers: dict[str, str]) -> None:
    client.post("/api/auth/register", json=ADA)
    assert client.post("/api/auth/logout", headers=headers).status_code == 204


def test_another_site_cannot_log_the_browser_in_as_somebody_else(
    client: FlaskClient, user: Person
) -> None:
    login = {"username": "ada", "password": user.password}
    response = client.post(
        "/api/auth/login", json=login, headers={"Origin": "https://evil.example"}
    )
    assert response.status_code == 403


def test_a_token_may_be_used_from_anywhere(client: FlaskClient, user: Person) -> None:
    headers = {**user.headers, "Origin": "https://another.example"}
    assert client.post("/api/auth/logout", headers=headers).status_code == 204


@pytest.mark.parametrize("value", ["Bearer", "Bearer ", "Bearer x y", "Basic x", "x"])
def test_a_strange_authorization_header_is_nobody(client: FlaskClient, value: str) -> None:
    response = client.get("/api/auth/me", headers={"Authorization": value})
    assert response.status_code == 401


def test_log_ins_are_limited_by_address(config: Config, database: Database, user: Person) -> None:
    app = create_app(config.model_copy(update={"rate_limit_login": "3 per minute"}))
    client = app.test_client()
    for _ in range(3):
        assert client.post("/api/auth/login", json=ADA).status_code == 401
    response = client.post("/api/auth/register", json=ADA)
    assert response.status_code == 429
    assert response.get_json()["error"]["code"] == "rate_limited"
    assert 1 <= int(response.headers["Retry-After"]) <= 61
    assert client.get("/api/config").status_code == 200
    elsewhere = {"REMOTE_ADDR": "203.0.113.7"}
    response = client.post("/api/auth/login", json=ADA, environ_overrides=elsewhere)
    assert response.status_code == 401
    get_services(app).stop()


def test_all_calls_together_are_limited_too(config: Config, database: Database) -> None:
    app = create_app(config.model_copy(update={"rate_limit_api": "5 per minute"}))
    client = app.test_client()
    statuses = [client.get("/api/config").status_code for _ in range(3)]
    statuses += [client.get("/api/auth/me").status_code for _ in range(3)]
    assert statuses == [200, 200, 200, 401, 401, 429]
    get_services(app).stop()
