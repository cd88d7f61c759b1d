"""Decodes a web page and takes away what is not to be read."""

import codecs
import re
from html import escape, unescape
from pathlib import Path

from backend.ingest.extract.text import encoding_by_zeros, find_encoding

_SAMPLE_BYTES = 4096
_CHARSET = re.compile(rb"""<(?:meta|\?xml)[^>]*?(?:charset|encoding)\s*=\s*["']?([\w.:-]+)""", re.I)
# None looks beyond the next tag, so a page that closes nothing costs no more than another.
_TITLE = re.compile(r"<title\b[^<>]*>([^<]*)</title\s*>", re.IGNORECASE)
_UNREAD = re.compile(r"<(?:meta|link|base|\?xml)\b[^<>]*>", re.IGNORECASE)


def read(path: Path) -> str:
    """Return the page's source; its title stands atop as a heading."""
    with path.open(encoding=_encoding(path), errors="replace") as file:
        source = file.read()
    title = _TITLE.search(source)
    source = _UNREAD.sub(" ", _TITLE.sub(" ", source))
    if title is None or not title[1].strip():
        return source
    return f"<h1>{escape(' '.join(unescape(title[1]).split()))}</h1>{source}"


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    said = _CHARSET.search(sample)
    if encoding_by_zeros(sample) is None and said:
        try:
            return codecs.lookup(said[1].decode("ascii", errors="replace")).name
        except LookupError:
            pass
    return find_encoding(path)
