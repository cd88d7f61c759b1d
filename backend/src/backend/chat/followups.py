"""Questions that only make sense after others: "And in 2019?"

Rules, not a model: they add an earlier question's words to what is searched for, and leave
alone what stands by itself.
"""

import re
from collections.abc import Sequence
from typing import Final

_MAX_EARLIER: Final = 3  # how far back a chain of follow-ups is followed
_MAX_CHARACTERS: Final = 400  # of an earlier question; a longer one is no question

_OPENINGS: Final = re.compile(
    r"\s*(?:and|but|or|also|then|so|what about|how about|what else|the same|and what|"
    r"und|aber|oder|auch|wie ist es mit|was ist mit|et|mais|pero)\b",
    re.IGNORECASE,
)
_PRONOUN_WORDS: Final = """
    it its itself they them their theirs he him his she her hers this that these those there then
    er sie es ihn ihm ihr ihre ihrer ihren sein seine seiner seinen dies diese dieser dieses dort
    damals davon darüber dazu
    il elle ils elles lui leur leurs cela
"""
_PRONOUNS: Final = frozenset(_PRONOUN_WORDS.split())
# Words that name nothing a pronoun could stand for.
_NAMELESS_WORDS: Final = """
    a an the of in on at to for from by with about as is are was were be been do does did has have
    had can could will would should may might must who whom whose which what when where why how
    much many long old tall high far often and or but not no also
    der die das den dem des ein eine einen einem einer im auf von vom zu zur zum mit bei aus ist
    sind war waren wird wurde wurden hat haben hatte kann wer wann wo warum wie welche welcher
    welches viel viele lange und oder aber nicht
    le la les un une des de du à au aux dans sur pour par avec est sont était qui que quoi quand où
    pourquoi comment combien quel quelle quels quelles et ou mais
"""
_NAMELESS: Final = frozenset(_NAMELESS_WORDS.split())
_IMPERSONAL: Final = re.compile(
    r"\b(?:is|was|would|will|can|does)\s+it\b.*\b(?:that|to|if)\b", re.I
)
_CONJUNCTION: Final = re.compile(r"\b(?:that|this)\s+(?:the|a|an|is|are|was|were)\b", re.IGNORECASE)
_WORD: Final = re.compile(r"\w+(?:['’]\w+)?")
_NUMBER: Final = re.compile(r"\S*\d\S*")


def depends_on_earlier(question: str) -> bool:
    """Return whether the question seems to lean on what was asked before it."""
    words = [word.lower() for word in _WORD.findall(question)]
    if not words:
        return False
    if _OPENINGS.match(question) or (len(words) <= 2 and question.rstrip().endswith("?")):
        return True
    if _IMPERSONAL.search(question) or _CONJUNCTION.search(question):
        return False
    named = 0
    for word in words:
        # After two names or so, a pronoun most likely stands for one of them.
        if word in _PRONOUNS and named < 2:
            return True
        named += word not in _NAMELESS
    return False


def expand(question: str, earlier: Sequence[str]) -> str:
    """Return what to search for: the question, with what it leans on in front.

    `earlier` are the questions asked before in the same chat, oldest first. Numbers of an
    earlier question give way to those of the new one ("And in 2019?").
    """
    parts = [question]
    for previous in reversed(earlier[-_MAX_EARLIER:]):
        if not depends_on_earlier(parts[0]):
            break
        if len(previous) > _MAX_CHARACTERS:
            break
        parts.insert(0, previous)
    if any(_NUMBER.search(part) for part in parts[1:]):
        newest = max(i for i, part in enumerate(parts) if _NUMBER.search(part))
        parts = [part if i >= newest else _NUMBER.sub(" ", part) for i, part in enumerate(parts)]
    return " ".join(" ".join(parts).split()) if len(parts) > 1 else question
