"""`builtin:quotes`: answers with the documents' own sentences, and with what was said before.

No language model, no network.
"""

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

from backend.llm.base import (
    ChatRequest,
    Event,
    Finish,
    Model,
    Passage,
    Provider,
    RememberedTurn,
    TextDelta,
)
from backend.llm.questions import Kind, kind_of, suits

NAME = "builtin"
MODEL = "quotes"

# How close to the best sentence another one must come to be quoted as well.
CLOSE_TO_BEST = 0.8
CLOSE_TO_BEST_OF_LIST = 0.7
MAX_CHARACTERS = 1_500
MAX_NEAREST = 3
MIN_WORDS = 3  # fewer is a heading or a page number

# What counts besides a sentence's relevance: docs/no-answer.md has the measurements.
_PASSAGE_WEIGHT = 0.3
_KIND_WEIGHT = 0.1
_NEW_WORDS_WEIGHT = 0.05
_ENOUGH_NEW_WORDS = 15

NO_DOCUMENTS = (
    "There are no documents to quote from yet. Add one, then ask again: "
    "the answer will be its own sentences."
)
NOTHING = "No passage comes near it. Try other words."
NEAREST = "The nearest passages are:"
REMEMBERED = "From earlier conversations:"
MAX_REMEMBERED = 3

_ACTIVE = re.compile(
    r"""
      \[ ([0-9][0-9,\ ]*) \]          # "as shown in [3]"
    | \[ ([^\[\]]*) \] (?=\()          # a link or a picture
    | [`*\\$~]
    | < (?=[A-Za-z/!?])                # HTML
    | (?<!\w)_ | _(?!\w)              # but not in snake_case
    | & (?=\#?\w+;)
    """,
    re.VERBOSE,
)
_WORD = re.compile(r"\w{3,}")


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence that may answer; `start` and `end` lie in the passage's text."""

    passage: Passage
    start: int
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

    def __init__(self, max_sentences: int) -> None:
        self._max_sentences = max_sentences

    def stream(self, request: ChatRequest) -> Generator[Event, None, None]:
        remembered = remembered_quotes(request.memories)
        kind = kind_of(request.question)
        quotes = rank_quotes(request.question, kind, request.passages)
        if quotes and not request.is_evidence_weak:
            yield from _quoted(in_reading_order(choose_quotes(quotes, kind, self._max_sentences)))
        elif not remembered:
            yield from _nearest(quotes) if request.has_documents else [TextDelta(NO_DOCUMENTS)]
        if remembered:
            yield TextDelta("\n\n" if quotes and not request.is_evidence_weak else "")
            yield TextDelta("\n".join([REMEMBERED, "", *remembered]))
        yield Finish("stop")

    def list_models(self) -> list[Model]:
        return [builtin_model()]


def builtin_model() -> Model:
    """Return the one entry of the list of models that is always ready."""
    return Model(id=f"{NAME}:{MODEL}", provider=NAME, name=MODEL, context_tokens=None)


def rank_quotes(question: str, kind: Kind, passages: Sequence[Passage]) -> list[Quote]:
    """Return all sentences worth quoting, best first, each text once."""
    asked = _words(question)
    quotes = []
    for passage in passages:
        for sentence in passage.sentences:
            text = passage.text[sentence.start : sentence.end]
            if len(text.split()) < MIN_WORDS:
                continue
            new_words = min(1.0, len(_words(text) - asked) / _ENOUGH_NEW_WORDS)
            score = (
                sentence.score
                + _PASSAGE_WEIGHT * passage.score
                + _KIND_WEIGHT * suits(kind, text, question)
                + _NEW_WORDS_WEIGHT * new_words
            )
            quotes.append(Quote(passage, sentence.start, sentence.end, sentence.page, score))
    quotes.sort(key=lambda quote: (-quote.score, quote.passage.number, quote.start))
    seen: set[str] = set()
    unique = []
    for quote in quotes:
        key = quote.text.casefold()
        if key not in seen:
            seen.add(key)
            unique.append(quote)
    return unique


def choose_quotes(ranked: Sequence[Quote], kind: Kind, max_sentences: int) -> list[Quote]:
    """Return those of the ranked quotes that are given as the answer; at least the best."""
    close = CLOSE_TO_BEST_OF_LIST if kind == "list" else CLOSE_TO_BEST
    chosen: list[Quote] = []
    characters = 0
    for quote in ranked[:max_sentences]:
        characters += len(quote.text)
        if quote.score < close * ranked[0].score or (chosen and characters > MAX_CHARACTERS):
            break
        chosen.append(quote)
    return chosen


def remembered_quotes(memories: Sequence[RememberedTurn]) -> list[str]:
    """Return a list item for each of the best memories, the latest last.

    Each gives the turn's best sentence, word for word. What only asks tells nothing.
    """
    chosen = []
    for memory in memories:
        told = [
            (score, -start, " ".join(memory.text[start:end].split()))
            for start, end, score in memory.sentences
            if not memory.text[start:end].rstrip().endswith("?")
        ]
        if told:
            chosen.append((memory, max(told)[2]))
    chosen = sorted(chosen[:MAX_REMEMBERED], key=lambda item: item[0].said_on)
    return [_remembered(memory, text) for memory, text in chosen]


def in_reading_order(quotes: Sequence[Quote]) -> list[Quote]:
    """Return the quotes by file, that of the best first, and by place in it."""
    files = list(dict.fromkeys(quote.passage.filename for quote in quotes))
    return sorted(
        quotes,
        key=lambda quote: (
            files.index(quote.passage.filename),
            quote.passage.start + quote.start,
            quote.passage.number,
        ),
    )


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _quoted(quotes: Sequence[Quote]) -> Iterator[TextDelta]:
    previous: Quote | None = None
    for quote in quotes:
        if previous is not None:
            same = previous.passage.filename == quote.passage.filename
            yield TextDelta(" " if same else "\n\n")
        yield TextDelta(_cited(quote))
        previous = quote


def _nearest(quotes: Sequence[Quote]) -> Iterator[TextDelta]:
    best: dict[int, Quote] = {}
    for quote in quotes:
        best.setdefault(quote.passage.number, quote)
    nearest = list(best.values())[:MAX_NEAREST]
    yield TextDelta(f"{NEAREST}\n" if nearest else NOTHING)
    for quote in nearest:
        where = f"{_inert(quote.passage.filename)}, page {quote.page}"
        yield TextDelta(f"\n- {where}: {_cited(quote)}")


def _cited(quote: Quote) -> str:
    # Quotation marks also keep Markdown from reading "1." or "#" at its start as a list or heading.
    return f"“{_inert(quote.text)}” [{quote.passage.number}]"


def _remembered(memory: RememberedTurn, text: str) -> str:
    said_by = "you" if memory.role == "user" else "the assistant"
    date = f"{memory.said_on.day} {memory.said_on:%B %Y}"
    title = _inert(" ".join(memory.conversation_title.split()))
    return f"- {date}, {said_by} in “{title}”: “{_inert(text)}”"


def _inert(text: str) -> str:
    """Escape what would be a citation mark, a link or other Markdown but is the document's."""
    return _ACTIVE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    inside = found[1] if found[1] is not None else found[2]
    return f"\\{found[0]}" if inside is None else f"\\[{inside}\\]"
