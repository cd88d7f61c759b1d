"""Every error becomes the one JSON body of the wire contract."""

import logging
import math
import time
from typing import Any

from apiflask import APIFlask, HTTPError
from flask import Response, jsonify
from flask_limiter import Limiter, RateLimitExceeded
from werkzeug.exceptions import HTTPException

from backend.api.request_log import request_id
from backend.errors import (
    Conflict,
    DocChatError,
    Forbidden,
    InternalError,
    InvalidRequest,
    NotAuthenticated,
    NotFound,
    RateLimited,
    TooLarge,
    Unavailable,
    UnsupportedMediaType,
    ValidationFailed,
)

logger = logging.getLogger(__name__)

_BY_STATUS: dict[int, type[DocChatError]] = {
    cls.status: cls
    for cls in (
        InvalidRequest,
        NotAuthenticated,
        Forbidden,
        NotFound,
        Conflict,
        TooLarge,
        UnsupportedMediaType,
        ValidationFailed,
        RateLimited,
        Unavailable,
    )
}
_ROUTE_NOT_FOUND = "There is nothing at this address."
_METHOD_NOT_ALLOWED = "This address does not know this method."
_NOT_AN_OBJECT = "The body has to be a JSON object."


def init_app(app: APIFlask, limiter: Limiter) -> None:
    """Answer every error of a request as JSON. `app` was made with `json_errors=False`."""

    @app.errorhandler(DocChatError)
    def own_error(error: DocChatError) -> Response:
        return error_response(error)

    # APIFlask registers a handler of its own for HTTPError; the last one counts.
    @app.errorhandler(HTTPError)
    def invalid_input(error: HTTPError) -> Response:
        return error_response(_from_apiflask(error))

    @app.errorhandler(RateLimitExceeded)
    def rate_limited(_error: RateLimitExceeded) -> Response:
        limit = limiter.current_limit
        wait_s = math.ceil(limit.reset_at - time.time()) if limit is not None else 60
        return error_response(RateLimited(retry_after_s=max(1, wait_s)))

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response | HTTPException:
        if error.code is None or error.code < 400:
            return error  # a redirect
        response = error_response(_from_werkzeug(error), error.code)
        for name, value in error.get_headers():
            if name in ("Allow", "Content-Range", "Retry-After"):
                response.headers[name] = value
        return response

    @app.errorhandler(RecursionError)
    def too_deep(_error: RecursionError) -> Response:
        return error_response(InvalidRequest("The body is nested too deeply."))

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        logger.error("request failed", exc_info=error)
        return error_response(InternalError())


def error_response(error: DocChatError, status: int | None = None) -> Response:
    """Return the JSON response for `error`; `status` overrides the error's own."""
    response = jsonify({"error": error.to_wire(request_id())})
    response.status_code = status or error.status
    if isinstance(error, RateLimited):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def _from_apiflask(error: HTTPError) -> DocChatError:
    if error.status_code != ValidationFailed.status:
        return _BY_STATUS.get(error.status_code, InternalError)()
    details: dict[str, Any] = {}
    for fields in error.detail.values():
        for name, sentences in fields.items():
            details[name] = " ".join(
                sentence.removeprefix("Value error, ") for sentence in sentences
            )
    if "_schema" in details:
        return InvalidRequest(_NOT_AN_OBJECT)
    return ValidationFailed(
        " ".join(f"{name}: {sentence}." for name, sentence in details.items()).replace("..", "."),
        details=details,
    )


def _from_werkzeug(error: HTTPException) -> DocChatError:
    if error.code == 404:
        return NotFound(_ROUTE_NOT_FOUND)
    if error.code == 405:
        return InvalidRequest(_METHOD_NOT_ALLOWED)
    if error.code is not None and error.code < 500:
        return _BY_STATUS.get(error.code, InvalidRequest)()
    return _BY_STATUS.get(error.code or 500, InternalError)()
