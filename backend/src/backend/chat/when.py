"""Questions about a time: "What did we say last week?", "in May", "yesterday", "since 2024".

Rules for English and German; days are UTC. A question about what was *said* then asks for just
that time. One about what happened then may have its answer said at any time since; and of one
about a month or a year of the world ("the revenue of 2019") the time of saying tells nothing.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

_MONTHS: Final = (
    ("january", "jan", "januar", "jänner"),
    ("february", "feb", "februar"),
    ("march", "mar", "märz"),
    ("april", "apr"),
    ("may", "mai"),
    ("june", "jun", "juni"),
    ("july", "jul", "juli"),
    ("august", "aug"),
    ("september", "sep", "sept"),
    ("october", "oct", "oktober", "okt"),
    ("november", "nov"),
    ("december", "dec", "dezember", "dez"),
)
_MONTH_OF: Final = {name: n for n, names in enumerate(_MONTHS, start=1) for name in names}
_MONTH: Final = "|".join(sorted(_MONTH_OF, key=len, reverse=True))
_YEAR: Final = r"(?:19|20)\d\d"

_SAYING: Final = re.compile(
    r"\b(?:(?:i|we|you)\s+(?:\w+\s+)?(?:sa(?:y|id)|t(?:ell|old|alk(?:ed)?)|mention(?:ed)?"
    r"|discuss(?:ed)?|ask(?:ed)?|wr(?:ite|ote)|agreed?|decided?|chat(?:ted)?|spoke|speak)"
    r"|(?:our|my|the)\s+(?:(?:last|earlier|previous)\s+)?(?:chats?|conversations?|discussions?)"
    r"|(?:ich|wir|du|sie)\s+(?:\w+\s+){0,6}(?:gesagt|erzählt|erwähnt|besprochen|gefragt"
    r"|geschrieben|vereinbart|entschieden|geredet|gesprochen)"
    r"|(?:unsere[mnr]?|meine[mnr]?)\s+(?:gespräche?|unterhaltung(?:en)?))\b",
    re.IGNORECASE,
)
# What is left of "What did we talk about last week?" once the time is taken out.
_EMPTY: Final = """
    what which did do does have has had i we you me us our my about the a an was were is are that
    things thing anything something in on at of to with and said say tell told talk talked talking
    discuss discussed discussing mention mentioned ask asked write wrote speak spoke chat chats
    chatted conversation conversations discussion discussions agree agreed decide decided please
    haben hast habe hat ich wir du sie mir uns über worüber gesagt erzählt erwähnt besprochen
    gefragt geschrieben geredet gesprochen unsere unser unserem gespräch gespräche alles
"""
_EMPTY_WORDS: Final = frozenset(_EMPTY.split())
_WORD: Final = re.compile(r"\w+")

_Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class AskedTime:
    """The time that a question is about: from `since` to before `until`.

    `rest` is the question without the words of time; `is_empty` when nothing else is asked for.
    """

    since: datetime
    until: datetime
    rest: str
    is_empty: bool


def asked_time(question: str, now: datetime) -> AskedTime | None:
    """Return when what is asked for was said, or None if the question does not tell."""
    for pattern, is_relative, span_of in _RULES:
        found = pattern.search(question)
        if found is None:
            continue
        about_saying = _SAYING.search(question) is not None
        if not about_saying and not is_relative:
            return None
        span = span_of(found, now)
        if span is None:
            return None
        since, until = span
        rest = " ".join((question[: found.start()] + " " + question[found.end() :]).split())
        return AskedTime(
            since,
            until if about_saying else now + timedelta(days=1),
            rest,
            about_saying and _EMPTY_WORDS.issuperset(_WORD.findall(rest.lower())),
        )
    return None


def _day(now: datetime, ago: int, days: int = 1) -> _Span:
    start = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=ago)
    return start, start + timedelta(days=days)


def _month(year: int, month: int) -> _Span:
    start = datetime(year, month, 1, tzinfo=UTC)
    return start, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def _year(year: int) -> _Span:
    return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)


def _named_day(found: re.Match[str], now: datetime) -> _Span | None:
    del now
    year, month, day = (int(part) for part in found.group(1, 2, 3))
    try:
        start = datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None
    return start, start + timedelta(days=1)


def _named_month(found: re.Match[str], now: datetime) -> _Span:
    """The last such month that has begun, unless the year is given."""
    month = _MONTH_OF[found["month"].lower()]
    year = int(found["year"]) if found["year"] else now.year - (month > now.month)
    return _month(year, month)


def _week(now: datetime, ago: int) -> _Span:
    return _day(now, now.weekday() + 7 * ago, 7)


def _last_month(now: datetime) -> _Span:
    return _month(now.year - (now.month == 1), (now.month - 2) % 12 + 1)


def _some_days(found: re.Match[str], now: datetime) -> _Span:
    count = min(int(found["count"]), 1_000)
    unit = found["unit"].lower()
    days = count * (7 if unit.startswith(("week", "woche")) else 1)
    if unit.startswith(("month", "monat")):
        days = count * 30
    return _day(now, days)[0], now + timedelta(days=1)


def _rule(
    pattern: str, span: Callable[[re.Match[str], datetime], _Span | None], *, relative: bool = True
) -> tuple[re.Pattern[str], bool, Callable[[re.Match[str], datetime], _Span | None]]:
    return re.compile(pattern, re.IGNORECASE), relative, span


_RULES: Final = (
    _rule(r"\bthe day before yesterday\b|\bvorgestern\b", lambda _found, now: _day(now, 2)),
    _rule(r"\byesterday\b|\bgestern\b", lambda _found, now: _day(now, 1)),
    _rule(r"\b(?:earlier )?today\b|\bthis morning\b|\bheute\b", lambda _found, now: _day(now, 0)),
    _rule(r"\blast week\b|\b(?:in der )?letzte[nr]? woche\b", lambda _found, now: _week(now, 1)),
    _rule(r"\bthis week\b|\bdiese[rn]? woche\b", lambda _found, now: _week(now, 0)),
    _rule(
        r"\blast month\b|\b(?:im )?letzten monat\b",
        lambda _found, now: _last_month(now),
    ),
    _rule(
        r"\bthis month\b|\b(?:in )?diese[nm] monat\b",
        lambda _found, now: _month(now.year, now.month),
    ),
    _rule(r"\blast year\b|\b(?:im )?letzte[sn] jahr\b", lambda _found, now: _year(now.year - 1)),
    _rule(r"\bthis year\b|\bdieses jahr\b", lambda _found, now: _year(now.year)),
    _rule(
        r"\b(?:in |within |during )?(?:the )?(?:last|past) (?P<count>\d{1,4})"
        r" (?P<unit>days?|weeks?|months?)\b"
        r"|\b(?:in )?den letzten (?P<count_>\d{1,4}) (?P<unit_>tagen|wochen|monaten)\b",
        lambda found, now: _some_days(found, now) if found["count"] else _german_days(found, now),
    ),
    _rule(rf"\b(?:on )?({_YEAR})-(\d\d)-(\d\d)\b", _named_day, relative=False),
    _rule(
        rf"\b(?:in|during|im)\s+(?P<month>{_MONTH})\b(?:[\s,]+(?P<year>{_YEAR})\b)?",
        _named_month,
        relative=False,
    ),
    _rule(
        rf"\b(?:in|during)\s+(?:the year\s+)?({_YEAR})\b|\b(?:im jahr\s+)?({_YEAR})\b",
        lambda found, _now: _year(int(found[1] or found[2])),
        relative=False,
    ),
)


def _german_days(found: re.Match[str], now: datetime) -> _Span:
    count, unit = min(int(found["count_"]), 1_000), found["unit_"].lower()
    days = {"tagen": 1, "wochen": 7, "monaten": 30}[unit] * count
    return _day(now, days)[0], now + timedelta(days=1)


def spoken_date(at: datetime) -> str:
    """Return a day as people write it: "8 May 2026"."""
    return f"{at.day} {at:%B %Y}"
