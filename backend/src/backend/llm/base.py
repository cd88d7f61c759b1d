"""The contract of everything that answers: a provider turns a request into typed events.

Providers raise `ProviderError`s; they never yield an error as text.
"""

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage: code point offsets in the passage's text.

    `score` is its relevance to the question, 0..1, comparable between questions.
    """

    start: int
    end: int
    page: int  # on which it begins
    score: float


@dataclass(frozen=True, slots=True)
class Passage:
    """A numbered passage the answer may cite as `[number]`.

    `start` is where it begins in its document (code points).
    """

    number: int
    filename: str
    start: int
    text: str
    score: float
    sentences: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class RememberedTurn:
    """What was said in another conversation; `sentences` are (start, end, relevance) in `text`."""

    role: str  # user, assistant
    conversation_title: str
    said_on: date
    text: str
    sentences: tuple[tuple[int, int, float], ...]


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What is to be answered. `turns` is the whole prompt, the question last.

    `question`, `passages` and `memories` repeat its parts for providers that are no language
    model.
    """

    model: str  # the provider's own name, without the "provider:" prefix
    turns: Sequence[Turn]
    question: str
    passages: Sequence[Passage] = ()
    has_documents: bool = True  # whether the user has any document that could be searched
    is_evidence_weak: bool = False  # whether the passages hardly fit the question
    temperature: float | None = None  # 0..2; None: the model's own
    max_output_tokens: int | None = None  # None: as many as the model likes
    memories: Sequence[RememberedTurn] = ()


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as counted by the provider.

    `input_tokens` includes those it had cached, `output_tokens` those of its reasoning. A
    stream may bring several; each replaces the one before.
    """

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Finish:
    """The last event of a stream that ended well."""

    reason: Literal["stop", "length", "content_filter"]


Event = TextDelta | Usage | Finish


@dataclass(frozen=True, slots=True)
class Model:
    """An entry of the list of models. `id` is `provider:name`."""

    id: str
    provider: str
    name: str
    context_tokens: int | None
    ready: bool = True
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user's access to a provider, decrypted for one call."""

    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = None


class Provider(ABC):
    """One way to get answers. Instances are cheap, hold one user's credentials, share no state."""

    name: str

    @abstractmethod
    def stream(self, request: ChatRequest) -> Generator[Event, None, None]:
        """Yield the answer's events, closing with one `Finish`.

        Closing the iterator early closes the connection to the provider.

        Raises:
            ProviderError: or one of its subclasses, at any point of the stream.
        """

    @abstractmethod
    def list_models(self) -> list[Model]:
        """Return the models these credentials may use.

        Raises:
            ProviderError: the provider could not be asked.
        """
