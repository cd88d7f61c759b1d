"""The outermost layer of every request: its id and its log line."""

import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import request
from werkzeug.wsgi import ClosingIterator

from backend.auth.middleware import USER_ID
from backend.log_context import log_context

logger = logging.getLogger(__name__)

_KEY = "docchat.request_id"
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Asked for all the time: only of interest when looking for a fault.
_QUIET_PATHS = ("/socket.io", "/api/health/", "/assets/")

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class RequestLog:
    """WSGI middleware: takes over a sane X-Request-ID or makes one, and logs the request.

    It stands outside of Flask so that Socket.IO's own answers carry an id too.
    """

    def __init__(self, app: WsgiApp) -> None:
        self._app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        wanted = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = wanted if _SANE_ID.fullmatch(wanted) else secrets.token_hex(16)
        environ[_KEY] = request_id
        path = environ.get("PATH_INFO", "")
        started = time.monotonic()
        status = ""

        def start(status_line: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            nonlocal status
            status = status_line.partition(" ")[0]
            return start_response(status_line, [*headers, ("X-Request-ID", request_id)], *rest)

        def log() -> None:
            with log_context(request_id=request_id, user_id=environ.get(USER_ID)):
                logger.log(
                    logging.DEBUG if path.startswith(_QUIET_PATHS) else logging.INFO,
                    "request",
                    extra={
                        "method": environ.get("REQUEST_METHOD", ""),
                        "path": path,
                        "status": status,
                        "ms": round((time.monotonic() - started) * 1000, 1),
                    },
                )

        with log_context(request_id=request_id):
            body = self._app(environ, start)
        return ClosingIterator(body, [log])


def request_id() -> str:
    """Return the id of the request being handled."""
    found: str = request.environ.get(_KEY, "")
    return found
