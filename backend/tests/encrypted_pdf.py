"""Makes a small encrypted PDF: standard security handler, revision 2, RC4 of 40 bits.

ISO 32000-1, 7.6.3, algorithms 1 to 4.
"""

import hashlib
import re

from pdf_maker import make_pdf

_PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
_PERMISSIONS = (2**32 - 4).to_bytes(4, "little")
_FILE_ID = bytes(range(16))


def make_encrypted_pdf(text: str, password: str) -> bytes:
    """Return a PDF of one page that opens with `password` ("": without being asked)."""
    padded = (password.encode("latin-1") + _PADDING)[:32]
    owner = _rc4(_md5((b"owner" + _PADDING)[:32])[:5], padded)
    key = _md5(padded + owner + _PERMISSIONS + _FILE_ID)[:5]
    user = _rc4(key, _PADDING)

    content = make_pdf([text])

    def encrypt(match: "re.Match[bytes]") -> bytes:
        object_key = _md5(key + int(match[1]).to_bytes(3, "little") + bytes(2))[:10]
        return match[0].replace(match[2], _rc4(object_key, match[2]))

    stream = re.compile(rb"(\d+) 0 obj\n<</Length \d+>>stream\n(.*?)\nendstream", re.DOTALL)
    content = stream.sub(encrypt, content)
    handler = b"/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>>/ID[<%s><%s>]/Root" % (
        owner.hex().encode(),
        user.hex().encode(),
        _FILE_ID.hex().encode(),
        _FILE_ID.hex().encode(),
    )
    return content.replace(b"/Root", handler)


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _rc4(key: bytes, data: bytes) -> bytes:
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0
    out = bytearray()
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)
