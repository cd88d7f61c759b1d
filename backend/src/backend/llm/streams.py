"""What every provider's stream is held to, whatever its SDK lets through."""

from collections.abc import Generator, Iterable

from backend.errors import ContentFiltered, ProviderError
from backend.llm.base import Event, Finish, TextDelta
from backend.llm.failures import BROKE_OFF

EMPTY = "The model answered with nothing. Try again or choose another model."
ALL_THOUGHT = (
    "The model used up the length of its answer before it wrote anything. Allow longer answers "
    "or choose another model."
)


def complete(events: Iterable[Event], provider: str) -> Generator[Event, None, None]:
    """Yield the events with the one `Finish` at the end, where some put usage after it.

    Raises:
        ContentFiltered: nothing was written because of the provider's filter.
        ProviderError: the stream ended without a `Finish`, or without any text.
    """
    finish: Finish | None = None
    has_text = False
    for event in events:
        if isinstance(event, Finish):
            finish = event
        else:
            has_text = has_text or isinstance(event, TextDelta)
            yield event
    details = {"provider": provider}
    if finish is None:
        raise ProviderError(BROKE_OFF, details=details)
    if not has_text:
        if finish.reason == "content_filter":
            raise ContentFiltered(details=details)
        raise ProviderError(ALL_THOUGHT if finish.reason == "length" else EMPTY, details=details)
    yield finish


def without_thoughts(events: Iterable[Event]) -> Generator[Event, None, None]:
    """Drop a `<think>` block that the answer begins with.

    Servers of open models send what the model thinks as part of its text unless they are set
    up to tell the two apart.
    """
    opening, closing = "<think>", "</think>"
    held, state = "", "beginning"
    for event in events:
        if not isinstance(event, TextDelta) or state == "answer":
            yield event
            continue
        held += event.text
        if state == "beginning":
            start = held.lstrip()
            if start.startswith(opening):
                state, held = "thinking", start[len(opening) :]
            elif not opening.startswith(start):
                state = "answer"
                yield TextDelta(held)
        if state == "thinking":
            _, found, after = held.partition(closing)
            state, held = ("after", after) if found else (state, held[-len(closing) :])
        if state == "after" and (held := held.lstrip()):
            state = "answer"
            yield TextDelta(held)
    if state == "beginning" and held:
        yield TextDelta(held)
