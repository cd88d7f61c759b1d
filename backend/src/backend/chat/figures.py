"""Numbers and dates of a text in one form, however they are written.

`1,200`, `1 200`, `1.2 thousand` and `1200` are the same; so are `12 March 1998`, `March 12,
1998`, `1998-03-12` and `12.03.1998`, of which a claim may also name the month or year alone.
"""

import re
from typing import Final

Figure = frozenset[str]
"""The readings of one number or month; two texts agree on it if they share one."""

_MAX_CHARACTERS: Final = 20_000  # claims and passages are far shorter

# fmt: off
_SMALL_NUMBERS: Final = {
    word: str(value)
    for value, words in {
        2: "two zwei deux dos", 3: "three drei trois tres", 4: "four vier quatre cuatro",
        5: "five fünf cinq cinco", 6: "six sechs seis", 7: "seven sieben sept siete",
        8: "eight acht huit ocho", 9: "nine neun neuf nueve", 10: "ten zehn dix diez",
        11: "eleven elf onze once", 12: "twelve zwölf douze doce dozen",
        15: "fifteen fünfzehn quinze quince", 20: "twenty zwanzig vingt veinte",
        30: "thirty dreißig trente treinta", 40: "forty vierzig quarante cuarenta",
        50: "fifty fünfzig cinquante cincuenta", 60: "sixty sechzig soixante sesenta",
        70: "seventy siebzig setenta", 80: "eighty achtzig ochenta", 90: "ninety neunzig noventa",
        100: "hundred hundert cent cien",
    }.items()
    for word in words.split()
}
# "once" is English before it is Spanish, "sept" may be September, "cent" a coin.
for _word in ("once", "sept", "cent"):
    del _SMALL_NUMBERS[_word]
_SCALES: Final = {
    word: value
    for value, words in {
        1_000: "thousand tausend mille mil",
        1_000_000: "million millions millionen mio millón millones",
        1_000_000_000: "billion billions milliarde milliarden milliard milliards mrd",
    }.items()
    for word in words.split()
}
_MONTH_NAMES: Final = (
    "january jan januar jänner janvier enero", "february feb februar février febrero",
    "march mar märz mars marzo", "april apr avril abril", "may mai mayo",
    "june jun juni juin junio", "july jul juli juillet julio", "august aug août agosto",
    "september sep sept septembre septiembre", "october oct oktober octobre octubre",
    "november nov novembre noviembre", "december dec dezember décembre diciembre",
)
# fmt: on
_MONTHS: Final = {
    name: f"month {number}"
    for number, names in enumerate(_MONTH_NAMES, start=1)
    for name in names.split()
}

_TOKEN: Final = re.compile(
    r"""
      (?P<iso> (?<!\d)\d{4}-\d{1,2}-\d{1,2}(?!\d) )
    | (?P<date> (?<!\d)(?:\d{1,2}\.[ ]?\d{1,2}\.[ ]?\d{4}|\d{1,2}/\d{1,2}/\d{4})(?!\d) )
    | (?P<range> (?<!\d)\d{4}[–-]\d{2}(?!\d) )
    | (?P<time> (?<!\d)\d{1,2}:\d{2}(?!\d) )
    | (?P<number> \d{1,3}(?:[\u00a0\u2009\u202f ]\d{3})+(?!\d) | \d+(?:[.,]\d+)* )
    | (?P<word> [^\W\d_]+ )
    """,
    re.VERBOSE,
)
_SPACES: Final = re.compile(r"[\u00a0\u2009\u202f ]")
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:[.,]\d{3})+")


def figures(text: str) -> list[Figure]:
    """Return the numbers, dates and months of a text, in reading order."""
    found: list[Figure] = []
    previous: str | None = None  # the month or number just before, else None
    month: str | None = None  # a month's name that no number has followed yet
    for token in _TOKEN.finditer(text[:_MAX_CHARACTERS]):
        kind, value = str(token.lastgroup), token[0]
        if kind == "word":
            word = value.casefold()
            if word in _SCALES and previous == "number":
                found[-1] = _scaled(found[-1], _SCALES[word])
            elif word in _SMALL_NUMBERS:
                found.append(_with_tens(found, text, token.start(), _SMALL_NUMBERS[word]))
            elif word in _MONTHS and value[0].isupper() | (previous == "number"):
                month = _MONTHS[word]
                if previous == "number":
                    found.append(frozenset({month}))
                    month = None
                previous = "month"
                continue
            # "1 de mayo de 1998", "1er janvier", "the 3rd of May"
            if word not in ("de", "of", "st", "nd", "rd", "th", "er"):
                previous = month = None
            continue
        if month is not None:
            found.append(frozenset({month}))
            month = None
        found += _read(kind, value)
        previous = "number" if kind == "number" else None
    return found


def readings(text: str) -> frozenset[str]:
    """Return every reading of every figure of a text: what a claim's figures may rest on."""
    return frozenset(reading for figure in figures(text) for reading in figure)


def _read(kind: str, value: str) -> list[Figure]:
    if kind == "iso":
        iso_year, iso_month, iso_day = value.split("-")
        return [
            frozenset({iso_year}),
            frozenset({f"month {int(iso_month)}"}),
            frozenset({str(int(iso_day))}),
        ]
    if kind == "date":
        first, second, year = (int(part) for part in re.findall(r"\d+", value))
        days, months = {first}, {second}
        if "/" in value:  # day and month stand in either order
            days, months = {first, second}, {first, second}
        return [
            frozenset(map(str, days)),
            frozenset(f"month {month}" for month in months),
            frozenset({str(year)}),
        ]
    if kind == "range":
        first_year, last = re.split("[–-]", value)
        return [frozenset({first_year}), frozenset({last, first_year[:2] + last})]
    if kind == "time":
        hours, minutes = value.split(":")
        return [frozenset({f"{int(hours)}:{minutes}"})]
    value = _SPACES.sub("", value)
    if _THOUSANDS.fullmatch(value) and value.count(".") + value.count(",") == 1:
        # "1.200" may also be a decimal.
        return [frozenset({re.sub("[.,]", "", value), _plain(value.replace(",", "."))})]
    if _THOUSANDS.fullmatch(value):
        return [frozenset({re.sub("[.,]", "", value)})]
    return [frozenset({_plain(value.replace(",", "."))})]


def _plain(number: str) -> str:
    """Return a number without needless zeros; dotted ones such as `1.2.3` as they are."""
    whole, dot, decimals = number.partition(".")
    if "." in decimals:
        return number
    decimals = decimals.rstrip("0") if dot else ""
    whole = whole.lstrip("0") or "0"
    return f"{whole}.{decimals}" if decimals else whole


def _with_tens(found: list[Figure], text: str, start: int, units: str) -> Figure:
    """Return the figure of a number word: "five", and of "sixty-five" the whole."""
    if text[start - 1 : start] == "-" and found and int(units) < 10:
        (tens, *others) = found[-1]
        if not others and tens in ("20", "30", "40", "50", "60", "70", "80", "90"):
            found.pop()
            return frozenset({str(int(tens) + int(units))})
    return frozenset({units})


def _scaled(figure: Figure, scale: int) -> Figure:
    scaled = set()
    for reading in figure:
        whole, _, decimals = reading.partition(".")
        if whole.isdigit() and (decimals.isdigit() or not decimals):
            digits = len(str(scale)) - 1
            scaled.add(_plain(f"{whole}{decimals[:digits]:0<{digits}}.{decimals[digits:]}"))
    return frozenset(scaled) or figure
