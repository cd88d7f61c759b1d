"""Names in a text: capitalised words and what is written in capitals or with digits."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from backend.chat.wording import FUNCTION_WORDS

_WORD: Final = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_BEFORE_SENTENCES: Final = frozenset('.!?:;…“”"«»(')
_LOOK_BACK: Final = 8  # characters: blanks, a bullet and what ends the sentence before
_POSSESSIVE: Final = re.compile(r"['’]s?$")
# Capitalised in English without being names of what a claim is about.
# fmt: off
_CALENDAR: Final = frozenset({
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december", "monday", "tuesday", "wednesday", "thursday", "friday",
    "saturday", "sunday", "mondays", "tuesdays", "wednesdays", "thursdays", "fridays",
    "saturdays", "sundays",
})
# fmt: on
_SMALL_GERMAN_WORDS = "der die das den dem des ein eine einen im am in und wurde ist nicht seit"
_GERMAN_WORDS: Final = frozenset(_SMALL_GERMAN_WORDS.split())
_STEM_CHARACTERS: Final = 5  # "Sweden" and "Swedish" share these
_GERMAN_SHARE: Final = 0.25  # of words in capitals within sentences: nouns, not names


def names(text: str) -> list[str]:
    """Return the words of a text's names, in order, without accents and in lower case.

    A sentence's first word counts only if another name follows it at once or if it is
    written like no other word (`NATO`, `RV-9`).
    """
    found: list[str] = []
    words = list(_WORD.finditer(text))
    for index, word in enumerate(words):
        if not _is_capitalised(word[0]):
            continue
        if _begins_sentence(text, word.start()) and not _is_code(word[0]):
            following = words[index + 1] if index + 1 < len(words) else None
            if following is None or text[word.end() : following.start()] != " ":
                continue
            if not _is_capitalised(following[0]) or _is_function_word(word[0]):
                continue
        key = fold(word[0])
        if key not in _CALENDAR and not _is_function_word(key):
            found.append(key)
    return found


def sequences_only(text: str) -> list[str]:
    """Return as `names`, but only words that stand beside another capitalised one.

    For languages that write every noun with a capital.
    """
    words = list(_WORD.finditer(text))
    capitalised = [
        _is_capitalised(word[0]) and word[0].casefold() not in _GERMAN_WORDS for word in words
    ]
    found = []
    for index, word in enumerate(words):
        beside = (index > 0 and capitalised[index - 1]) or (
            index + 1 < len(words) and capitalised[index + 1]
        )
        if capitalised[index] and (_is_code(word[0]) or beside):
            found.append(fold(word[0]))
    return found


def writes_nouns_in_capitals(text: str) -> bool:
    """Tell whether a text is written like German, where capitals do not tell names."""
    inside = [
        word[0]
        for word in _WORD.finditer(text)
        if not word[0].isdigit() and not _begins_sentence(text, word.start())
    ]
    lower = sum(1 for word in inside if word[0].islower())
    is_german = any(word in _GERMAN_WORDS for word in inside)
    return is_german and (len(inside) - lower) > _GERMAN_SHARE * len(inside)


def missing_names(wanted: Sequence[str], text: str) -> list[str]:
    """Return the names that no word of `text` begins like."""
    given = {fold(word[0])[:_STEM_CHARACTERS] for word in _WORD.finditer(text)}
    parts = {part[:_STEM_CHARACTERS] for word in _WORD.findall(text) for part in _parts(word)}
    return [
        name
        for name in wanted
        if name[:_STEM_CHARACTERS] not in given
        and not all(part[:_STEM_CHARACTERS] in given | parts for part in _parts(name))
    ]


def fold(word: str) -> str:
    """Return a word in lower case, without accents and without a possessive ending."""
    word = _POSSESSIVE.sub("", word)
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _begins_sentence(text: str, start: int) -> bool:
    before = text[max(0, start - _LOOK_BACK) : start].rstrip(" \t\n-*•")
    return not before or before[-1] in _BEFORE_SENTENCES


def _parts(word: str) -> list[str]:
    return [fold(part) for part in re.split(r"[-'’]", word) if part]


def _is_capitalised(word: str) -> bool:
    return word[0].isupper() and len(word) > 1


def _is_function_word(word: str) -> bool:
    return len(word) < 3 or word.casefold() in FUNCTION_WORDS


def _is_code(word: str) -> bool:
    capitals = sum(1 for character in word if character.isupper())
    return (capitals > 1 and "-" not in word) or any(c.isdigit() for c in word)
