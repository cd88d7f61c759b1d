"""Where sentences begin and end.

Rules, not a model: fast, the same on every machine, and good enough for languages that
end a sentence with a mark. A blank line always ends a sentence, a list item begins one,
and a run without any mark (a table, code) is cut at line ends.
"""

import re

MAX_SENTENCE_CHARACTERS = 500

Span = tuple[int, int]

# A mark with its closing quotes or brackets and the space after it, a mark of Chinese or
# Japanese, which needs no space, a blank line, or a line end before a list item.
_CANDIDATE = re.compile(
    r"""(?P<mark>[.!?…]+)[)\]}"'”’»]*(?=\s)
      | (?P<full>[。！？｡]+)[」』）”’]*
      | (?P<blank>\n[ \t\f]*\n)
      | (?P<item>\n(?=[ \t]*(?:[•▪◦●‣∙·■□➢✓*–—-]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])[ \t]))
    """,
    re.VERBOSE,
)
_LAST_WORD = re.compile(r"[^\s(\[“\"'‘«/–—]*$")
_NEXT_CHARACTER = re.compile(r"\s*[(\[“\"'‘«¿¡]*(\S)?")
_LIST_NUMBER = re.compile(r"(?:^|\n)[ \t]*\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})$")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")

# Followed by a name more often than by a new sentence.
_TITLES_AND_SHORT_FORMS = """
    mr mrs ms dr prof st messrs mme mlle hr fr rev hon gen col lt sgt capt cmdr gov sen rep
    vs viz cf ca approx est e.g i.e al bzw z.b d.h u.a vgl ggf ed eds jan feb apr jun jul aug
    sep sept oct nov dec mt ft ave blvd
"""
_ABBREVIATIONS = frozenset(_TITLES_AND_SHORT_FORMS.split())
# Abbreviations in front of a number, otherwise words that may end a sentence.
_WORDS_BEFORE_NUMBERS = """
    no nos nr fig figs tab eq eqs sec sect ch chap vol vols p pp pg art par para app ref refs
    mar bd s
"""
_BEFORE_NUMBERS = frozenset(_WORDS_BEFORE_NUMBERS.split())


def split_sentences(
    text: str, start: int, end: int, limit: int = MAX_SENTENCE_CHARACTERS
) -> list[Span]:
    """Return the sentences of `text[start:end]` as (start, end) offsets in `text`.

    They are in order, do not overlap, begin and end with a visible character, cover every
    visible character and are at most `limit` long.
    """
    sentences: list[Span] = []
    begin = start
    for match in _CANDIDATE.finditer(text, start, end):
        if match.start() < begin:
            continue
        if match.lastgroup != "mark" or _ends_sentence(text, begin, match):
            _add(sentences, text, begin, match.end(), limit)
            begin = match.end()
    _add(sentences, text, begin, end, limit)
    return sentences


def _ends_sentence(text: str, begin: int, match: re.Match[str]) -> bool:
    mark = match["mark"]
    following = _NEXT_CHARACTER.match(text, match.end())
    next_character = (following and following[1]) or ""
    if next_character.islower():
        return False
    if mark != ".":
        return True
    before = text[max(begin, match.start() - 40) : match.start()]
    if _LIST_NUMBER.search(before) and len(before) == match.start() - begin:
        return False  # "3." in front of a list item
    word = _LAST_WORD.search(before)
    last = word[0] if word else ""
    if last.lower() in _ABBREVIATIONS:
        return False
    if last.lower() in _BEFORE_NUMBERS:
        return not next_character.isdigit()
    # "J. Smith", "U.S. Army": initials rarely end a sentence, and joining two does less
    # harm than tearing one.
    return not (_INITIALS.fullmatch(last) and last[-1].isupper() and next_character.isalpha())


def _add(sentences: list[Span], text: str, begin: int, end: int, limit: int) -> None:
    """Append `text[begin:end]` without the space around it, in pieces if it is too long."""
    while True:
        while begin < end and text[begin].isspace():
            begin += 1
        while end > begin and text[end - 1].isspace():
            end -= 1
        if begin == end:
            return
        if end - begin <= limit:
            sentences.append((begin, end))
            return
        cut = _cut(text, begin, begin + limit)
        last = cut
        while text[last - 1].isspace():
            last -= 1
        sentences.append((begin, last))
        begin = cut


def _cut(text: str, begin: int, latest: int) -> int:
    """Return where to cut: at a line end, else at a space, else at `latest`."""
    for separator in ("\n", " "):
        cut = text.rfind(separator, begin + 1, latest + 1)
        if cut > begin:
            return cut
    return latest
