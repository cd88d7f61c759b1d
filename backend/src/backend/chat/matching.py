"""How the search box judges a text: by the words to mark, the phrases to insist on, and how
near it must come where it shares no word with the query."""

import re
from collections.abc import Sequence
from typing import Final

from backend.chat.evidence import best_relevance
from backend.store.exact import ExactTerms
from backend.store.keywords import KeywordEncoder

BEGUN_SCORE: Final = 0.5  # of what has the last word only as part of another
_QUOTE_CHARACTERS: Final = 300
_MIN_FRAGMENT: Final = 2
# A word alone comes near something by chance more often than a phrase does (docs/memory.md).
_ONE_WORD: Final = 1.5
_WORD: Final = re.compile(r"\w+")
_LAST_WORD: Final = re.compile(r"\w+$")

Span = tuple[int, int]


class Matcher:
    """Judges texts by one query, in one thread."""

    def __init__(self, encoder: KeywordEncoder, query: str, min_relevance: float) -> None:
        """`min_relevance` (0..1) is asked of what shares no word with the query; half as much
        again of what a single word brings up.
        """
        folded = query.casefold()
        last = _LAST_WORD.search(folded)
        self.fragment = last[0] if last and len(last[0]) >= _MIN_FRAGMENT else ""
        """The last word, which may still be being typed; "" if there is none."""
        self._encoder = encoder
        self._wanted = frozenset(encoder.query(query).indices)
        self._written = _WORD.findall(folded)
        self._exact = ExactTerms(query)
        self.min_relevance = min_relevance * (_ONE_WORD if len(self._written) == 1 else 1.0)
        self._meant: dict[str, bool] = {}

    def highlights(self, text: str) -> list[Span]:
        """Return where words of the query stand in the text, in other forms too, and the last
        one, which may still be being typed, within others."""
        marks = []
        for word in _WORD.finditer(text):
            lower = word[0].casefold()
            if self._means(lower):
                marks.append(word.span())
            elif self.fragment and self.fragment in lower:
                at = word.start() + lower.index(self.fragment)
                marks.append((at, min(at + len(self.fragment), word.end())))
        return marks

    def has_words(self, text: str) -> bool:
        """Return whether the text has a word of the query, or one that the last begins."""
        return any(
            self._means(word) or (self.fragment and word.startswith(self.fragment))
            for word in _WORD.findall(text.casefold())
        )

    def has_begun(self, text: str) -> bool:
        """Return whether the text has every word as it is written, also within others, and
        every phrase in quotation marks."""
        lower = text.casefold()
        return all(word in lower for word in self._written) and self.has_phrases(text)

    def has_all_words(self, text: str) -> bool:
        """Return whether the text has every word of the query, in some form."""
        return self._wanted <= frozenset(self._encoder.query(text).indices)

    def has_phrases(self, text: str) -> bool:
        """Return whether the text has every phrase that stands in quotation marks."""
        return self._exact.has_phrases(text)

    def is_near(self, sentences: Sequence[str], relevance: Sequence[float]) -> bool:
        """Return whether one of the sentences comes near enough by meaning."""
        return best_relevance(sentences, relevance) >= self.min_relevance

    def _means(self, word: str) -> bool:
        if word not in self._meant:
            stems = frozenset(self._encoder.query(word).indices)
            self._meant[word] = bool(stems) and stems <= self._wanted
        return self._meant[word]


def window(sentences: Sequence[Sequence[int]], marks: Sequence[Span]) -> Span:
    """Return the part of a text to show: from the sentence with most marks on."""
    counts = [sum(start <= mark[0] < end for mark in marks) for start, end in sentences]
    best = max(range(len(sentences)), key=counts.__getitem__)
    start, end = sentences[best]
    for following in sentences[best + 1 :]:
        if following[1] - start > _QUOTE_CHARACTERS:
            break
        end = following[1]
    return start, end


def marks_within(marks: Sequence[Span], first: int, last: int) -> tuple[Span, ...]:
    """Return the marks between two places of the text, counted from the first."""
    return tuple(
        (start - first, end - first) for start, end in marks if first <= start and end <= last
    )
