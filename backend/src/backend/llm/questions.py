"""What kind of answer a question expects, and which sentences look like one.

By question words of English, German, French and Spanish; anything else is `other`.
"""

import re
from typing import Final, Literal

Kind = Literal["date", "number", "name", "definition", "list", "other"]

_MAX_CHARACTERS: Final = 1_000  # where a question word is looked for

_PATTERNS: Final[tuple[tuple[Kind, str], ...]] = (
    (
        "date",
        r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|century|decade|time)\b"
        r"|\bhow long ago\b|\bwann\b|\bwelche[ms] (?:jahr|datum|tag|monat)\b|\bquand\b"
        r"|\bquelle (?:année|date)\b|\bcuándo\b|\bqué (?:año|fecha|día)\b",
    ),
    (
        "number",
        r"\bhow (?:many|much|often|long|far|high|tall|large|big|deep|fast|old|wide|heavy)\b"
        r"|\b(?:what|which) (?:percent|percentage|number|amount|proportion|share|fraction"
        r"|price|temperature|population)\b|\bwie (?:viele?|oft|lange|weit|hoch|groß|alt)\b"
        r"|\bcombien\b|\bcuánt[oa]s?\b",
    ),
    (
        "list",
        r"^(?:list|name|enumerate)\b|\bwhat are (?:the|some)\b|\bwhich (?:\w+ )?\w+s are\b"
        r"|^(?:nenne|welche \w+ sind)\b|\bquels sont\b|\bcuáles son\b",
    ),
    (
        "definition",
        r"^what (?:is|are|was|were) (?:an? |the )?[\w'’-]+(?: [\w'’-]+)?\s*\??$"
        r"|^define\b|\bwhat (?:does|do|did) .{1,80} mean\b|\bwhat is meant by\b"
        r"|^was (?:ist|sind|bedeutet)\b|\bqu['’]est-ce que?\b|^qué (?:es|son|significa)\b",
    ),
    (
        "name",
        r"\bwho(?:m|se)?\b|\bwhere\b|\b(?:what|which) (?:person|country|city|state|company"
        r"|team|player|river|university|school|organi[sz]ation|group|place)\b"
        r"|\bwhat (?:is|was) the name\b|\bwer\b|\bwessen\b|\bwo\b|\bwohin\b|\bqui\b|\boù\b"
        r"|\bquién(?:es)?\b|\bdónde\b",
    ),
)
_KINDS: Final = [(kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _PATTERNS]
_DIGITS: Final = re.compile(r"\d+")
_YEAR: Final = re.compile(r"1[5-9]\d\d|20\d\d")
_TIME_WORD: Final = re.compile(
    r"\b(?:1\d{3}|20\d\d|century|jahrhundert|siècle|siglo"
    r"|jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|ma(?:rch|y)|april?|june?|july?|aug(?:ust)?"
    r"|sep(?:tember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b|\b\d{1,2}(?:st|nd|rd|th)\b",
    re.IGNORECASE,
)
_NUMBER_WORD: Final = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|hundred"
    r"|thousand|million|billion|dozen|half|third|quarter|once|twice|zwei|drei|vier|fünf|deux"
    r"|trois|quatre|cinq|dos|tres|cuatro|cinco)\b",
    re.IGNORECASE,
)
_NAME_INSIDE: Final = re.compile(r"(?<=[\w,;:'’\")] )[\"“‘(]?([A-ZÀ-Þ][\w’'-]+)")
_DEFINING: Final = re.compile(
    r"\b(?:is|are|was|were) (?:an?|the|any|one)\b|\b(?:means?|refers? to|is called|is defined)\b"
    r"|\b(?:ist|sind) (?:eine?|der|die|das)\b|\best (?:une?|le|la)\b|\bes (?:una?|el|la)\b",
    re.IGNORECASE,
)


def kind_of(question: str) -> Kind:
    """Return what the question asks for."""
    text = question[:_MAX_CHARACTERS].strip()
    return next((kind for kind, pattern in _KINDS if pattern.search(text)), "other")


def suits(kind: Kind, sentence: str, question: str) -> bool:
    """Tell whether a sentence has what an answer of this kind has and the question has not."""
    if kind == "other":
        return False
    asked = question.casefold()
    new_digits = set(_DIGITS.findall(sentence)) - set(_DIGITS.findall(asked))
    if kind == "date":
        return bool(_TIME_WORD.search(sentence)) and bool(
            new_digits or not _DIGITS.search(sentence)
        )
    if kind == "number":
        counts = [digits for digits in new_digits if not _YEAR.fullmatch(digits)]
        return bool(counts or _NUMBER_WORD.search(sentence))
    if kind == "name":
        return any(name.casefold() not in asked for name in _NAME_INSIDE.findall(sentence))
    if kind == "definition":
        return bool(_DEFINING.search(sentence))
    return sentence.count(",") > 1 or "\n" in sentence
