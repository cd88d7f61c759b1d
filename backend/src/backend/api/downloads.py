"""Answers that a browser saves as files, sent piece by piece."""

import unicodedata
from collections.abc import Iterable
from urllib.parse import quote

from flask import Response

_POLICY = "default-src 'none'; sandbox"
_ATTRIBUTE_CHARACTERS = "!#$&+-.^_`|~"  # RFC 5987


def download(pieces: Iterable[str | bytes], name: str, media_type: str) -> Response:
    """Return an answer that is saved under `name`, in any script, and never shown."""
    response = Response(pieces, content_type=media_type)  # type: ignore[arg-type]
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    names = {"filename": plain}
    if plain != name:
        names["filename*"] = f"UTF-8''{quote(name, safe=_ATTRIBUTE_CHARACTERS)}"
    response.headers.set("Content-Disposition", "attachment", **names)
    response.headers["Content-Security-Policy"] = _POLICY
    response.cache_control.private = True
    response.cache_control.no_store = True
    return response
