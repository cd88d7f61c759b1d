"""Whether a passage carries a claim, and which of its sentences do."""

from dataclasses import dataclass
from typing import Final, Literal

from backend.chat.figures import figures, readings
from backend.chat.names import missing_names, names, sequences_only, writes_nouns_in_capitals
from backend.chat.polarity import contradicts
from backend.chat.wording import content_words, one_line, recall
from backend.store.base import FloatVector
from backend.store.search import ChunkEvidence
from backend.store.vectors import sentence_cosines, unpack_sentence_vectors

Support = Literal["verified", "partial", "unsupported"]
WEAKEST_FIRST: Final[tuple[Support, ...]] = ("unsupported", "partial", "verified")

Window = tuple[int, int]
"""The first and the last of neighbouring sentences."""

MAX_QUOTE_SENTENCES: Final = 5
LONGER_COSTS: Final = 0.15  # what each further sentence must add to the match
_WORDS_WEIGHT: Final = 0.6  # of shared words against the sentence vectors
# Chosen on the development part of the claims; docs/citations.md has the table.
VERIFIED_FROM: Final = 0.5  # match of a claim and its passage
_PARTIAL_FROM: Final = 0.35
_MIN_VERBATIM_WORDS: Final = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """`match` (0..1) is the best window's. `is_contradicted`: a figure, a name or a negation
    differs, which no likeness makes up for."""

    support: Support
    match: float
    is_contradicted: bool = False


class PassageCheck:
    """A passage's sentences, ready to be compared with claims."""

    def __init__(self, chunk: ChunkEvidence) -> None:
        self.chunk = chunk
        self.sentences = chunk.sentences or [[0, len(chunk.text)]]
        count = len(self.sentences)
        self.windows: list[Window] = [
            (first, last)
            for first in range(count)
            for last in range(first, min(first + MAX_QUOTE_SENTENCES, count))
        ]
        self._texts = [chunk.text[start:end] for start, end in self.sentences]
        self._words = [_words_and_figures(text) for text in self._texts]
        self._context = f"{chunk.filename}\n{chunk.heading}\n{chunk.text}"
        self._has_capital_nouns = writes_nouns_in_capitals(chunk.text)

    def match(self, claim: str, vector: FloatVector | None) -> dict[Window, float]:
        """Return for each window of sentences how like the claim it is, 0..1."""
        wanted = _words_and_figures(claim)
        cosines = self._cosines(vector)
        matches = {}
        for first, last in self.windows:
            words = recall(wanted, frozenset().union(*self._words[first : last + 1]))
            if cosines is None:
                matches[first, last] = words
            else:
                meaning = max(0.0, float(cosines[first : last + 1].max()))
                matches[first, last] = _WORDS_WEIGHT * words + (1 - _WORDS_WEIGHT) * meaning
        return matches

    def judge(self, claim: str, matches: dict[Window, float]) -> Verdict:
        """Judge a claim by its matches: a figure, a name or a negation in which the passage
        differs weighs more than any likeness."""
        window = best_window(matches)
        match = max(matches.values())
        if self.quotes(claim):
            match = 1.0
            if self._begins_a_sentence(claim):
                return Verdict("verified", match)
        likeness: Support = "unsupported"
        if match >= _PARTIAL_FROM:
            likeness = "verified" if match >= VERIFIED_FROM else "partial"
        cap = min(
            _cap_by_share(self._missing_figures(claim, window)),
            _cap_by_share(self._missing_names(claim)),
            "unsupported" if self._contradicts(claim, window, matches) else "verified",
            key=WEAKEST_FIRST.index,
        )
        weaker = WEAKEST_FIRST[min(WEAKEST_FIRST.index(likeness), WEAKEST_FIRST.index(cap))]
        return Verdict(weaker, match, is_contradicted=cap != "verified")

    def quotes(self, claim: str) -> bool:
        """Tell whether the passage has the claim word for word."""
        claim = _bare(claim)
        return len(claim.split()) >= _MIN_VERBATIM_WORDS and claim in _bare(self.chunk.text)

    def _begins_a_sentence(self, claim: str) -> bool:
        """Tell whether a verbatim claim lacks no beginning, such as the "No" of "No harm"."""
        text = self.chunk.text
        return any(_bare(text[start:]).startswith(_bare(claim)) for start, _ in self.sentences)

    def _missing_figures(self, claim: str, window: Window) -> float:
        wanted = figures(claim)
        given = frozenset().union(*self._words[window[0] : window[1] + 1])
        missing = [figure for figure in wanted if not figure & given]
        if 0 < len(missing) == len(wanted) and any(f & readings(self._context) for f in missing):
            return 0.5  # the passage has the figure, but says it of something else
        return _share(len(missing), len(wanted))

    def _missing_names(self, claim: str) -> float:
        wanted = sequences_only(claim) if self._has_capital_nouns else names(claim)
        return _share(len(missing_names(wanted, self._context)), len(wanted))

    def _contradicts(self, claim: str, window: Window, matches: dict[Window, float]) -> bool:
        best = max(
            range(window[0], window[1] + 1), key=lambda index: matches.get((index, index), 0.0)
        )
        return contradicts(claim, self._texts[best])

    def _cosines(self, vector: FloatVector | None) -> FloatVector | None:
        packed = self.chunk.sentence_vectors
        if vector is None or not packed:
            return None
        if len(packed) != len(vector) * len(self.sentences):
            return None  # of another model: it was changed since the passage was found
        return sentence_cosines(unpack_sentence_vectors(packed, len(vector)), vector)


def best_window(matches: dict[Window, float]) -> Window:
    """Return the window that matches best for its length."""
    return max(matches, key=lambda window: matches[window] - LONGER_COSTS * (window[1] - window[0]))


def _bare(text: str) -> str:
    return one_line(text).strip(' .,;:“”"').casefold()


def _words_and_figures(text: str) -> frozenset[str]:
    return content_words(text) | readings(text)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _cap_by_share(missing: float) -> Support:
    """Return the best verdict for a claim of whose figures or names this share is missing."""
    if missing == 0.0:
        return "verified"
    return "unsupported" if missing == 1.0 else "partial"
