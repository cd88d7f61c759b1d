"""The HTTP client under every provider's SDK: timeouts, certificates, proxies, failures."""

from __future__ import annotations

import functools
import ipaddress
import logging
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies

from backend.errors import ProviderError, ProviderTimeout, ProviderUnreachable
from backend.llm.failures import BROKE_OFF, NO_VALID_ANSWER, Refusal, from_refusal

if TYPE_CHECKING:
    import httpx2

logger = logging.getLogger(__name__)

# Listing answers a page that waits: it gives up soon.
_LIST_CONNECT_TIMEOUT_S = 1.0
_LIST_READ_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait for a connection, and for the next byte on it."""

    connect_s: float
    idle_s: float

    def for_lists(self) -> Timeouts:
        """Return those of a list of models."""
        return Timeouts(
            min(self.connect_s, _LIST_CONNECT_TIMEOUT_S), min(self.idle_s, _LIST_READ_TIMEOUT_S)
        )


def open_client(base_url: str, timeouts: Timeouts) -> httpx2.Client:
    """Return a client for one provider; closing it closes its connections, streams included."""
    import httpx2

    from backend.llm.direct_http import DirectTransport

    timeout = httpx2.Timeout(timeouts.idle_s, connect=timeouts.connect_s)

    def keep_timeout(request: httpx2.Request) -> None:
        # Google's SDK asks each request for no timeout at all.
        request.extensions = {**request.extensions, "timeout": timeout.as_dict()}

    may_use_proxy = not is_local(base_url)
    return httpx2.Client(
        timeout=timeout,
        verify=ssl_context(),
        trust_env=may_use_proxy,
        transport=None if may_use_proxy and getproxies() else DirectTransport(ssl_context()),
        event_hooks={"request": [keep_timeout]},
    )


@contextmanager
def failures_mapped(
    provider: str,
    sdk_error: type[Exception],
    describe: Callable[[Exception], Refusal | None],
    *,
    started: bool,
) -> Iterator[None]:
    """Turn what an SDK raises into our errors, without its words: they may repeat the key.

    Args:
        provider: the provider's name.
        sdk_error: the base of the SDK's own exceptions.
        describe: returns what the provider refused, or None if it is no refusal.
        started: whether the answer has begun, so that a lost connection cut it off.

    Raises:
        ProviderError: or the subclass that says what to do.
    """
    import httpx2

    try:
        yield
    except (
        sdk_error,
        httpx2.HTTPError,
        httpx2.InvalidURL,
        httpx2.StreamError,
        # No SDK checks all shapes: a malformed answer surfaces as one of these.
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
    ) as error:
        failure = _transport_failure(error, provider, started=started)
        if failure is None:
            refusal = describe(error)
            if refusal is None:
                failure = ProviderError(NO_VALID_ANSWER, details={"provider": provider})
            else:
                failure = from_refusal(refusal)
        logger.info(
            "provider failed",
            extra={"provider": provider, "code": failure.code, "cause": type(error).__name__},
        )
        raise failure from None


def _transport_failure(error: Exception, provider: str, *, started: bool) -> ProviderError | None:
    """Return what happened to the connection; None if nothing did."""
    import httpx2

    causes = [error, error.__cause__, error.__context__]
    cause = next((c for c in causes if isinstance(c, httpx2.HTTPError | httpx2.InvalidURL)), None)
    details = {"provider": provider}
    if cause is None or isinstance(cause, httpx2.HTTPStatusError):
        return None
    if isinstance(cause, httpx2.TimeoutException) and not isinstance(cause, httpx2.ConnectTimeout):
        return ProviderTimeout(details=details)
    if started and not isinstance(cause, httpx2.ConnectError):
        return ProviderError(BROKE_OFF, details=details)
    return ProviderUnreachable(details=details)


@functools.cache
def ssl_context() -> ssl.SSLContext:
    """Loading the certificates takes tens of milliseconds: once for all connections."""
    return ssl.create_default_context()


def is_local(base_url: str) -> bool:
    """Tell whether the server runs on this machine, where no proxy is to be asked."""
    host = urlsplit(base_url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
