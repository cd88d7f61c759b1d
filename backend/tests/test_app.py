"""The application as a whole: made without a trace, started, stopped."""

import gc
import threading
import time
from collections.abc import Callable

import pytest
from apiflask import APIFlask
from sqlalchemy import text

from backend.app import create_app, get_services
from backend.auth.sessions import token_sha256
from backend.clock import utc_now
from backend.config import Config
from backend.db.repositories import auth_sessions, conversations
from backend.db.session import Database
from backend.errors import Unavailable
from backend.periodic import Periodic
from people import Person
from written_conversation import add_message

DEADLINE_S = 20


def wait_until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.fixture
def quick(config: Config) -> Config:
    """No worker process, so that tests end soon."""
    return config.model_copy(update={"ingest_enabled": False})


def test_making_an_application_starts_nothing(config: Config, database: Database) -> None:
    before = set(threading.enumerate())
    app = create_app(config)
    # The rate limiter's storage looks for expired counters in a thread, once and at once.
    wait_until(lambda: set(threading.enumerate()) <= before, "a thread was left running")
    assert not config.index_dir.exists()
    get_services(app).stop()


def test_two_applications_in_one_process_do_not_mix(
    make_config: Callable[..., Config], quick: Config, database: Database, user: Person
) -> None:
    strict = create_app(quick.model_copy(update={"rate_limit_api": "1 per minute"}))
    relaxed = create_app(quick)
    assert strict.test_client().get("/api/config").status_code == 200
    assert strict.test_client().get("/api/config").status_code == 429
    assert relaxed.test_client().get("/api/config").status_code == 200
    first, second = strict.extensions["socketio"], relaxed.extensions["socketio"]
    assert first.server is not second.server
    socket = first.test_client(strict, auth={"token": user.token})
    assert socket.is_connected()
    socket.disconnect()
    for app in (strict, relaxed):
        get_services(app).stop()


def test_a_started_application_becomes_ready_and_stops_in_time(
    quick: Config, database: Database
) -> None:
    app = create_app(quick)
    services = get_services(app)
    client = app.test_client()
    services.start()
    assert client.get("/api/health/live").status_code == 200
    wait_until(lambda: client.get("/api/health/ready").status_code == 200, "never ready")
    started = time.monotonic()
    services.stop()
    assert time.monotonic() - started < quick.shutdown_timeout_s
    services.stop()  # a second signal does no harm
    alive = {thread.name for thread in threading.enumerate()}
    assert alive & {"indexer", "search-start", "document-events", "cleaning"} == set()
    with pytest.raises(Unavailable):
        services.search.search(user_id="u", query="anything")


def test_a_document_uploaded_while_running_becomes_ready_and_open_pages_hear_of_it(
    config: Config, database: Database, user: Person, pdf: bytes
) -> None:
    app = create_app(config)
    services = get_services(app)
    services.start()
    try:
        socket = app.extensions["socketio"].test_client(app, auth={"token": user.token})
        client = app.test_client()
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        response = client.post(
            "/api/documents",
            data=head + pdf + b"\r\n--x--\r\n",
            content_type="multipart/form-data; boundary=x",
            headers=user.headers,
        )
        assert response.status_code == 202
        seen: list[dict[str, object]] = []

        def is_told_ready() -> bool:
            seen.extend(event["args"][0]["document"] for event in socket.get_received())
            return any(d["status"] == "ready" and d["searchable"] for d in seen)

        wait_until(is_told_ready, f"only told: {[d['status'] for d in seen]}")
        found = client.get("/api/search?q=lighthouse", headers=user.headers).get_json()
        assert found["items"]
        socket.disconnect()
    finally:
        services.stop()


def test_the_process_settles_when_what_was_said_is_embedded(
    quick: Config, database: Database, user: Person
) -> None:
    with database.db_transaction() as session:
        conversation = conversations.create(session, user_id=user.id, memory_enabled=True)
    told = "".join(f"Harbour {n} has a lighthouse of {n % 97} metres. " for n in range(6_000))
    add_message(database, user.id, conversation.id, None, told)  # seconds of embedding
    services = get_services(create_app(quick))
    gc.unfreeze()
    services.start()
    try:
        wait_until(lambda: gc.get_freeze_count() > 0, "garbage was not collected")
    finally:
        services.stop()
        gc.unfreeze()


def test_an_index_that_cannot_be_opened_makes_the_server_unready_but_not_dead(
    quick: Config, database: Database, user: Person
) -> None:
    quick.index_dir.parent.mkdir(parents=True, exist_ok=True)
    quick.index_dir.write_text("a file in place of the folder")
    app = create_app(quick)
    services = get_services(app)
    client = app.test_client()
    services.start()
    try:
        wait_until(
            lambda: client.get("/api/health/ready").get_json()["checks"]["index"] == "failed",
            "the failure is not shown",
        )
        response = client.get("/api/search?q=x", headers=user.headers)
        assert response.status_code == 503
        assert response.get_json()["error"]["code"] == "unavailable"
        quick.index_dir.unlink()
        wait_until(lambda: client.get("/api/health/ready").status_code == 200, "no recovery")
    finally:
        services.stop()


def test_expired_sessions_are_cleaned_away(app: APIFlask, database: Database, user: Person) -> None:
    with database.db_transaction() as session:
        auth_sessions.add(
            session,
            user_id=user.id,
            token_sha256=token_sha256("old"),
            user_agent="",
            created_at=utc_now(),
            expires_at=utc_now(),
        )
    get_services(app).clean()
    with database.db_session() as session:
        assert session.scalar(text("SELECT count(*) FROM auth_sessions")) == 1


def test_periodic_work_goes_on_after_an_error(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("once")

    periodic = Periodic("some-work", 0.01, work)
    periodic.start()
    wait_until(lambda: len(calls) >= 3, "it stopped")
    periodic.stop(timeout_s=5)
    assert "background work failed" in caplog.text
    count = len(calls)
    assert count == len(calls)


def test_periodic_work_that_never_began_can_be_stopped() -> None:
    Periodic("some-work", 10, lambda: None).stop(timeout_s=1)
