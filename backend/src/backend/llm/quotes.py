"""`builtin:quotes`: answers with the documents' own sentences. No language model, no network."""

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

from backend.llm.base import ChatRequest, Event, Finish, Model, Passage, Provider, TextDelta

NAME = "builtin"
MODEL = "quotes"

# How close to the best sentence another one must come to be quoted as well.
CLOSE_TO_BEST = 0.8
MAX_CHARACTERS = 1_500
MAX_NEAREST = 3
MIN_WORDS = 3  # fewer is a heading or a page number

NO_DOCUMENTS = (
    "There are no documents to quote from yet. Add one, then ask again: "
    "the answer will be its own sentences."
)
NOTHING = "Nothing in your documents answers this."
NEAREST = "Nothing in your documents clearly answers this. The nearest passages are:"

_MARK_LIKE = re.compile(r"\[([0-9][0-9, ]*)\]")


@dataclass(frozen=True, slots=True)
class _Quote:
    passage: Passage
    start: int  # in the passage's text
    end: int
    page: int
    score: float

    @property
    def text(self) -> str:
        """The sentence on one line."""
        return " ".join(self.passage.text[self.start : self.end].split())


class QuotesProvider(Provider):
    """Picks the best sentences of the best passages, in reading order, each cited."""

    name = NAME

    def __init__(self, min_relevance: float, max_sentences: int) -> None:
        """A sentence answers from `min_relevance` (0..1) on; below it is only the nearest."""
        self._min_relevance = min_relevance
        self._max_sentences = max_sentences

    def stream(self, request: ChatRequest) -> Generator[Event, None, None]:
        if not request.passages:
            yield TextDelta(NOTHING if request.has_documents else NO_DOCUMENTS)
            yield Finish("stop")
            return
        quotes = _candidates(request.passages)
        chosen = _choose(quotes, self._min_relevance, self._max_sentences)
        yield from _quoted(chosen) if chosen else _nearest(quotes)
        yield Finish("stop")

    def list_models(self) -> list[Model]:
        return [builtin_model()]


def builtin_model() -> Model:
    """Return the one entry of the list of models that is always ready."""
    return Model(id=f"{NAME}:{MODEL}", provider=NAME, name=MODEL, context_tokens=None)


def _candidates(passages: Sequence[Passage]) -> list[_Quote]:
    """Return all sentences worth quoting, best first, each text once."""
    quotes = [
        _Quote(passage, sentence.start, sentence.end, sentence.page, sentence.score)
        for passage in passages
        for sentence in passage.sentences
    ]
    quotes = [quote for quote in quotes if len(quote.text.split()) >= MIN_WORDS]
    quotes.sort(key=lambda quote: (-quote.score, quote.passage.number, quote.start))
    seen: set[str] = set()
    unique = []
    for quote in quotes:
        key = quote.text.casefold()
        if key not in seen:
            seen.add(key)
            unique.append(quote)
    return unique


def _choose(quotes: Sequence[_Quote], min_relevance: float, max_sentences: int) -> list[_Quote]:
    """Return the sentences that answer, in reading order; empty when none does."""
    if not quotes or quotes[0].score < min_relevance:
        return []
    least = max(min_relevance, CLOSE_TO_BEST * quotes[0].score)
    chosen: list[_Quote] = []
    characters = 0
    for quote in quotes[:max_sentences]:
        characters += len(quote.text)
        if quote.score < least or (chosen and characters > MAX_CHARACTERS):
            break
        chosen.append(quote)
    files = list(dict.fromkeys(quote.passage.filename for quote in chosen))  # best file first
    return sorted(
        chosen,
        key=lambda quote: (
            files.index(quote.passage.filename),
            quote.passage.start + quote.start,
            quote.passage.number,
        ),
    )


def _quoted(quotes: Sequence[_Quote]) -> Iterator[TextDelta]:
    previous: _Quote | None = None
    for quote in quotes:
        if previous is not None:
            same = previous.passage.filename == quote.passage.filename
            yield TextDelta(" " if same else "\n\n")
        yield TextDelta(_cited(quote))
        previous = quote


def _nearest(quotes: Sequence[_Quote]) -> Iterator[TextDelta]:
    best: dict[int, _Quote] = {}
    for quote in quotes:
        best.setdefault(quote.passage.number, quote)
    nearest = list(best.values())[:MAX_NEAREST]
    yield TextDelta(f"{NEAREST}\n" if nearest else NOTHING)
    for quote in nearest:
        where = f"{_without_marks(quote.passage.filename)}, page {quote.page}"
        yield TextDelta(f"\n- {where}: {_cited(quote)}")


def _cited(quote: _Quote) -> str:
    # Quotation marks also keep Markdown from reading "1." or "#" at its start as a list or heading.
    return f"“{_without_marks(quote.text)}” [{quote.passage.number}]"


def _without_marks(text: str) -> str:
    """Escape what looks like a citation mark but is the document's own ("as shown in [3]")."""
    return _MARK_LIKE.sub(r"\\[\1\\]", text)
