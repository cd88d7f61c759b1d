"""Who asks: reads the token of every request before its view runs.

Every route below /api/ demands a log-in unless it is listed in PUBLIC_ENDPOINTS.
"""

from contextlib import ExitStack
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from backend.auth.sessions import Identity, NewSession, authenticate, lifetime
from backend.config import Config
from backend.db.session import Database
from backend.errors import Forbidden, NotAuthenticated
from backend.log_context import log_context

SESSION_COOKIE = "docchat_session"
USER_ID = "docchat.user_id"
"""The key under which a request's environ names who asked, for the log."""

PUBLIC_ENDPOINTS = frozenset(
    {
        "auth.register",
        "auth.login",
        "config.show",
        "health.live",
        "health.ready",
        "openapi.spec",
    }
)
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def init_app(app: Flask, database: Database, config: Config) -> None:
    """Identify the user of each request in `g`, or refuse it."""

    @app.before_request
    def identify() -> None:
        g.identity = None
        g.log_scope = ExitStack()
        rule = request.url_rule
        if rule is None or not rule.rule.startswith("/api/"):
            return
        token = bearer_token()
        if token is None:
            if request.method not in _SAFE_METHODS and not is_same_origin():
                raise Forbidden("This request came from another site.")
            token = request.cookies.get(SESSION_COOKIE)
        if token:
            g.identity = authenticate(database, config, token)
        if g.identity is not None:
            request.environ[USER_ID] = g.identity.user_id
            g.log_scope.enter_context(log_context(user_id=g.identity.user_id))
        elif request.endpoint not in PUBLIC_ENDPOINTS and request.method != "OPTIONS":
            raise NotAuthenticated

    @app.after_request
    def renew_cookie(response: Response) -> Response:
        identity: Identity | None = g.get("identity")
        token = request.cookies.get(SESSION_COOKIE)
        if identity is not None and identity.renewed and token and bearer_token() is None:
            _set_cookie(response, config, token)
        return response

    @app.teardown_request
    def leave_log_scope(_error: BaseException | None) -> None:
        scope: ExitStack | None = g.pop("log_scope", None)
        if scope is not None:
            scope.close()


def current_identity() -> Identity:
    """Return who asks.

    Raises:
        NotAuthenticated: nobody is logged in.
    """
    identity: Identity | None = g.get("identity")
    if identity is None:
        raise NotAuthenticated
    return identity


def bearer_token() -> str | None:
    """Return the token of the Authorization header, if it is a bearer token."""
    authorization = request.authorization
    if authorization is None or authorization.type != "bearer":
        return None
    return authorization.token or ""


def is_same_origin() -> bool:
    """Return whether a page of ours, or no page at all, sent this request.

    Browsers send Sec-Fetch-Site or Origin with every request that changes state and let no
    page forge them; other programs send neither.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    source = request.headers.get("Origin") or request.headers.get("Referer")
    return source is None or urlsplit(source).netloc == request.host


def set_session_cookie(response: Response, config: Config, new_session: NewSession) -> None:
    """Let the browser keep the session's token where no script can read it."""
    _set_cookie(response, config, new_session.token)


def clear_session_cookie(response: Response) -> None:
    """Let the browser forget the token."""
    response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="Lax")


def _set_cookie(response: Response, config: Config, token: str) -> None:
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=lifetime(config),
        path="/",
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )
