"""The public configuration, health, the OpenAPI document, headers."""

from collections.abc import Callable

from apiflask import APIFlask
from flask.testing import FlaskClient

from backend import __version__
from backend.app import create_app, get_services
from backend.config import Config
from backend.db.session import Database
from backend.ingest.extract.registry import accepted_types
from people import Person


def test_the_public_configuration(
    client: FlaskClient, config: Config, register: Callable[..., Person]
) -> None:
    expected = {
        "setup_required": True,
        "signup_enabled": False,
        "api_timeout_ms": config.api_timeout_ms,
        "max_upload_bytes": config.max_upload_bytes,
        "memory_enabled": config.memory_enabled,
        "accepted_types": accepted_types(),
        "version": __version__,
    }
    assert client.get("/api/config").get_json() == expected
    register("ada")
    assert client.get("/api/config").get_json() == {**expected, "setup_required": False}


def test_the_process_is_live(client: FlaskClient) -> None:
    response = client.get("/api/health/live")
    assert response.status_code == 200
    assert response.get_json()["status"] == "ok"


def test_the_server_is_ready_when_all_parts_are(config: Config, database: Database) -> None:
    app = create_app(config.model_copy(update={"ingest_enabled": False}))
    client = app.test_client()
    response = client.get("/api/health/ready")
    assert response.status_code == 503
    body = response.get_json()
    assert body["checks"] == {"database": "ok", "index": "starting", "worker": "ok"}
    assert body["error"]["code"] == "unavailable"
    assert body["error"]["request_id"] == response.headers["X-Request-ID"]
    get_services(app).search.drain()
    response = client.get("/api/health/ready")
    assert response.status_code == 200
    assert response.get_json()["checks"] == {"database": "ok", "index": "ok", "worker": "ok"}
    get_services(app).stop()


def test_without_a_worker_the_server_is_not_ready(client: FlaskClient) -> None:
    checks = client.get("/api/health/ready").get_json()["checks"]
    assert checks["worker"] == "restarting"


def test_without_a_database_the_server_is_not_ready(make_config: Callable[..., Config]) -> None:
    config = make_config(database_url="sqlite:////nowhere/docchat.db")
    app = create_app(config)
    response = app.test_client().get("/api/health/ready")
    assert response.status_code == 503
    assert response.get_json()["checks"]["database"] == "failed"
    assert "nowhere" not in response.text
    get_services(app).stop()


def test_the_openapi_document_describes_every_route(app: APIFlask, client: FlaskClient) -> None:
    spec = client.get("/api/openapi.json").get_json()
    routes = {
        (method.lower(), rule.rule.replace("<id:", "{").replace("<", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.endpoint != "openapi.spec"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    routes = {(m, p.replace("{int(min=1, max=2147483647):number}", "{number}")) for m, p in routes}
    described = {(m, path) for path, operations in spec["paths"].items() for m in operations}
    assert described == routes
    upload = spec["paths"]["/api/documents"]["post"]
    assert "multipart/form-data" in upload["requestBody"]["content"]
    assert upload["security"]
    assert "security" not in spec["paths"]["/api/auth/login"]["post"]
    assert "default" in spec["paths"]["/api/auth/login"]["post"]["responses"]


def test_every_response_carries_the_security_headers(client: FlaskClient, user: Person) -> None:
    for response in (
        client.get("/", buffered=True),
        client.get("/api/auth/me", headers=user.headers),
        client.get("/api/nothing"),
    ):
        policy = response.headers["Content-Security-Policy"]
        for part in (
            "default-src 'self'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "img-src 'self' data: blob:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "frame-ancestors 'none'",
        ):
            assert part in policy
        assert "http" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["X-Frame-Options"] == "DENY"


def test_answers_of_the_api_are_not_kept_by_caches(client: FlaskClient, user: Person) -> None:
    response = client.get("/api/auth/me", headers=user.headers)
    assert response.headers["Cache-Control"] == "no-store"
