"""What the doctor finds."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that differs from what should be.

    `code` says what kind of thing, `subject` of what, `sentence` tells both to a person.
    `repair` mends it or has it mended by the indexer or the worker; without one a person
    has to. Two findings are equal when they are about the same.
    """

    code: str
    subject: str
    sentence: str = field(compare=False)
    repair: Callable[[], object] | None = field(compare=False, default=None)
