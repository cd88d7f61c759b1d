"""What a provider's refusal means: one table for all of them.

The SDKs name the same refusals differently; each adapter describes one as a `Refusal`, and
`from_refusal` finds the error whose sentence says what to do.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final

from backend.clock import utc_now
from backend.errors import (
    ContentFiltered,
    ContextTooLong,
    ModelNotOffered,
    ProviderAuth,
    ProviderError,
    ProviderNoCredit,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderTimeout,
)

BROKE_OFF: Final = "The provider broke off in mid-answer. Try again."
NO_VALID_ANSWER: Final = (
    "The provider sent something that is no valid answer. Try again or choose another model."
)
OUT_OF_ORDER: Final = (
    "The provider sent the parts of its answer out of order. Try again or choose another model."
)
NOT_ALLOWED: Final = (
    "The provider does not allow this key to do that. Check what it may do, or use another key."
)
WRONG_ADDRESS: Final = (
    "The provider does not know this address. Check the base URL in the settings."
)
OWN_TEMPERATURE: Final = (
    "This model does not take that temperature. Set it back to the default, or choose another "
    "model."
)

_MESSAGE_MAX_CHARACTERS: Final = 300
_LOOKED_AT_CHARACTERS: Final = 2_000
_MAX_RETRY_AFTER_S: Final = 86_400

_NO_CREDIT = frozenset(
    {
        "insufficient_quota",
        "billing_error",
        "billing_hard_limit_reached",
        "billing_not_active",
        "insufficient_balance",
        "insufficient_credits",
        "billing_disabled",
    }
)
_AUTH = frozenset(
    {
        "invalid_api_key",
        "authentication_error",
        "unauthenticated",
        "api_key_invalid",
        "api_key_expired",
    }
)
_RATE_LIMITED = frozenset(
    {
        "rate_limit_exceeded",
        "rate_limit_error",
        "resource_exhausted",
    }
)
_OVERLOADED = frozenset(
    {
        "overloaded_error",
        "server_overloaded",
        "overloaded",
        "unavailable",
    }
)
_TOO_LONG = frozenset(
    {
        "context_length_exceeded",
        "exceed_context_size_error",
        "request_too_large",
        "string_above_max_length",
        "context_window_exceeded",
    }
)
_FILTERED = frozenset(
    {
        "content_filter",
        "content_policy_violation",
        "responsibleaipolicyviolation",
    }
)
_NO_MODEL = frozenset(
    {
        "model_not_found",
        "unknown_model",
        "model_not_available",
    }
)
_TIMED_OUT = frozenset(
    {
        "timeout",
        "timeout_error",
        "deadline_exceeded",
    }
)

# Google's "check your plan and billing details" is a rate limit and must not match.
_NO_CREDIT_MESSAGE = re.compile(
    r"credit balance|insufficient (balance|funds)|(enable|disabled?) billing|billing (is )?disabled"
    r"|(out of|no|any|more|insufficient|not enough|available) (\w+ )?credits\b"
    r"|credits (are|have been) (depleted|exhausted|used up)",
    re.I,
)
_TOO_LONG_MESSAGE = re.compile(
    r"(maximum|available|max) (context|prompt) (length|size|window)|prompt is too long"
    r"|exceeds? (the )?(context|maximum number of (input )?tokens)|input token count .*exceeds",
    re.I,
)
_NO_MODEL_MESSAGE = re.compile(
    r"\bmodels?\b.*(not (be )?found|does not exist|not a valid|not supported)"
    r"|(not a valid|unknown|no such|invalid) model|^model: ",
    re.I,
)
_KEY_MESSAGE = re.compile(
    r"(invalid|incorrect|expired) api[ _-]?key|api key (not valid|expired)", re.I
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A provider's refusal, as its SDK reports it.

    `words` are its codes and types in any case; `status` is None or 200 in mid-stream.
    """

    provider: str
    status: int | None = None
    words: tuple[str | None, ...] = ()
    message: str | None = None
    retry_after_s: float | None = None
    secret: str | None = field(default=None, repr=False)  # the key, never to be repeated


def from_refusal(refusal: Refusal) -> ProviderError:
    """Return the error that says what to do about the refusal."""
    status, message = refusal.status, (refusal.message or "")[:_LOOKED_AT_CHARACTERS]
    words = {word.casefold() for word in refusal.words if isinstance(word, str)}
    details = _details(refusal)
    if status == 402 or words & _NO_CREDIT or _NO_CREDIT_MESSAGE.search(message):
        return ProviderNoCredit(details=details)
    if status == 401 or words & _AUTH or (status == 400 and _KEY_MESSAGE.search(message)):
        return ProviderAuth(details={"provider": refusal.provider})  # its words may hold the key
    if words & _TOO_LONG or _TOO_LONG_MESSAGE.search(message) or status == 413:
        return ContextTooLong(details=details)
    if words & _FILTERED:
        return ContentFiltered(details=details)
    if status in (400, 422) and "temperature" in message:
        return ProviderError(OWN_TEMPERATURE, details=details)
    if words & _NO_MODEL or (status in (400, 404) and _NO_MODEL_MESSAGE.search(message)):
        return ModelNotOffered(details=details)
    if status == 403:
        return ProviderAuth(NOT_ALLOWED, details={"provider": refusal.provider})
    if status == 429 or words & _RATE_LIMITED:
        return ProviderRateLimited(details=_with_pause(details, refusal))
    if status in (503, 529) or words & _OVERLOADED:
        return ProviderOverloaded(details=_with_pause(details, refusal))
    if status in (408, 504) or words & _TIMED_OUT:
        return ProviderTimeout(details=details)
    if status == 404:
        return ProviderError(WRONG_ADDRESS, details=details)
    return ProviderError(details=details)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the pause that `retry-after-ms` or `Retry-After` (seconds or a date) asks for."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    if seconds is not None or not value:
        return seconds
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:  # "-0000"
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - utc_now()).total_seconds())


def said(body: object) -> str | None:
    """Return what the provider said, as long as it is JSON and no error page."""
    if isinstance(body, dict):
        body = next((body[key] for key in ("message", "error", "detail") if key in body), None)
    return body if isinstance(body, str) and not body.lstrip().startswith("<") else None


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def _details(refusal: Refusal) -> dict[str, Any]:
    """Return what the provider said in its own words, without the key."""
    details: dict[str, Any] = {"provider": refusal.provider}
    if refusal.message:
        said = refusal.message
        if refusal.secret:
            said = said.replace(refusal.secret, "…")
        details["provider_message"] = said[:_MESSAGE_MAX_CHARACTERS]
    return details


def _with_pause(details: dict[str, Any], refusal: Refusal) -> dict[str, Any]:
    if refusal.retry_after_s is None:
        return details
    # Rounded up: asking a moment too early is refused again.
    pause_s = min(_MAX_RETRY_AFTER_S, math.ceil(refusal.retry_after_s))
    return {**details, "retry_after_s": pause_s}
