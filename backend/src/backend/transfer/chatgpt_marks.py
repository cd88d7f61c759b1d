"""The marks that ChatGPT writes into its answers, put into words.

`<U+E200>cite<U+E202>turn0search1<U+E201>` stands for sources, `entity` instead of `cite` for a
name, other words for what only its page can draw. `metadata.content_references` tells what they
are: `{matched_text, alt, name, items: [{title, attribution, url}]}`, `alt` being Markdown. Older
answers have `【11†source】` and `metadata.citations`: `{start_ix, end_ix, metadata: {title, url}}`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from backend.transfer.foreign import clean

_MARK: Final = re.compile(
    " ?(\ue200[^\ue200\ue201]*\ue201"
    "|\ue200[a-z_]*\ue202[^\ue200\ue201\n]*\\Z"  # cut off
    "|\ue202turn\\d{1,6}[a-z]{1,20}\\d{1,6}"
    "|【\\d{1,6}(?::\\d{1,6})?†[^【】\n]{0,300}】)"
)
_ENTITY: Final = "\ue200entity\ue202"
_STRAY: Final = re.compile("[\ue200-\ue206]")
_ADDRESS: Final = re.compile(r"https?://[^\s()<>]+")


def readable(text: str, metadata: Mapping[str, Any]) -> str:
    """Return an answer with each mark replaced by its sources or its name, or left out."""
    known = dict([*_cited(text, metadata), *_referred(metadata)])

    def words(match: re.Match[str]) -> str:
        mark = match[1]
        said = known.get(mark) or _name(mark)
        space = match[0][: -len(mark)] or (" " if said.startswith("(") else "")
        return space + said if said else ""

    return clean(_STRAY.sub("", _MARK.sub(words, text)))


def _referred(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for reference in _mappings(metadata.get("content_references")):
        mark, alt, name = (reference.get(key) for key in ("matched_text", "alt", "name"))
        if isinstance(mark, str):
            words = alt if isinstance(alt, str) else ""
            if not words and reference.get("type") == "entity":
                words = name if isinstance(name, str) else ""
            yield mark.strip(" "), words or _sources(reference.get("items")) or _named(name)


def _cited(text: str, metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for citation in _mappings(metadata.get("citations")):
        start, end = citation.get("start_ix"), citation.get("end_ix")
        if isinstance(start, int) and isinstance(end, int):
            yield text[start:end], _sources([citation.get("metadata")])


def _sources(items: Any) -> str:
    links = []
    for item in _mappings(items):
        title, url = str(item.get("attribution") or item.get("title") or ""), item.get("url")
        title = " ".join(re.sub(r"[\[\]\\]", "", title).split())
        if isinstance(url, str) and _ADDRESS.fullmatch(url):
            links.append(f"[{title or url}]({url})")
    return f"({', '.join(links)})" if links else ""


def _named(name: Any) -> str:
    return f"({name})" if isinstance(name, str) and name else ""


def _name(mark: str) -> str:
    """Return the name in the mark of an entity: a list of its kind, its name and more."""
    if not mark.startswith(_ENTITY):
        return ""
    try:
        value = json.loads(mark.removeprefix(_ENTITY).rstrip("\ue201"))
    except (ValueError, RecursionError):
        return ""
    return str(value[1]) if isinstance(value, list) and len(value) > 1 else ""


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list) else []
