"""Prepares a newer Office file (DOCX, XLSX, PPTX) for kreuzberg.

Pictures and films are left out, for kreuzberg holds all of a file in memory. Of a DOCX,
kreuzberg 4.10 drops characters that are written as references, such as `&amp;` ("R&D"
becomes "RD"): they are replaced by characters of the private use area before it reads the
file, and put back into what it returns.
"""

import io
import re
import zipfile
from pathlib import Path

_REFERENCE = re.compile(rb"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));")
_NAMES = {b"amp": "&", b"lt": "<", b"gt": ">", b"quot": '"', b"apos": "'"}
_STAND_INS = {sign: chr(0xF8D0 + index) for index, sign in enumerate("&<>\"'")}
_PUT_BACK = str.maketrans({stand_in: sign for sign, stand_in in _STAND_INS.items()})


def prepare(path: Path) -> bytes:
    """Return a copy of the archive without pictures, with stand-ins in its text.

    Raises:
        zipfile.BadZipFile and the like: it is damaged.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(buffer, "w") as copy:
        for name in archive.namelist():
            if not name.endswith((".xml", ".rels")):
                continue
            content = archive.read(name)
            if name.endswith(".xml") and name.startswith("word/"):
                content = _REFERENCE.sub(_stand_in, content)
            copy.writestr(name, content)
    return buffer.getvalue()


def put_back(text: str) -> str:
    """Return the text with the characters that were protected."""
    return text.translate(_PUT_BACK)


def _stand_in(match: re.Match[bytes]) -> bytes:
    name, decimal, hexadecimal = match.groups()
    if name:
        sign = _NAMES[name]
    else:
        code = int(decimal) if decimal else int(hexadecimal, 16)
        if code < 0x20 or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
            return b" "
        sign = chr(code)
    return _STAND_INS.get(sign, sign).encode()
