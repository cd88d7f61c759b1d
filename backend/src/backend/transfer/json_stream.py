"""The items of a huge JSON array, one at a time, whatever else the file may hold."""

import codecs
from collections.abc import Iterator
from typing import Any, Final

import ijson

from backend.files import ReadableStream

MAX_ITEM_BYTES: Final = 64 * 1024 * 1024
_MAX_DEPTH: Final = 100
_BLOCK_BYTES: Final = 64 * 1024
# What a value costs besides its text.
_BYTES_A_VALUE: Final = 16
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins like the next
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class BadJson(Exception):
    """The file is no JSON array from here on; the message says why: "it breaks off"."""


class TooMuch:
    """Stands for an item that takes more memory than one may."""


def items(stream: ReadableStream) -> Iterator[Any]:
    """Give the items of the JSON array that `stream` holds, in UTF-8, UTF-16 or UTF-32.

    At most one item is held at a time; one that is too large is given as `TooMuch`.

    Raises:
        BadJson: it is something else, or the rest is damaged.
    """
    source = _Source(stream)
    events = ijson.basic_parse(source, buf_size=_BLOCK_BYTES, use_float=True)
    try:
        first = next(events, None)
        if first is None or first[0] != "start_array":
            raise BadJson("it is no list of conversations")
        yield from _items(events, source)
    except ijson.JSONError as error:
        raise BadJson(_reason(str(error))) from None
    except UnicodeDecodeError:
        raise BadJson("it is not in the encoding that it seems to be in") from None


def _items(events: Iterator[tuple[str, Any]], source: "_Source") -> Iterator[Any]:
    item = _Item()
    for event, value in events:
        source.waiting_bytes = 0
        if event == "end_array" and not item.is_begun:
            continue  # the end, unless garbage follows
        item.add(event, value)
        if item.depth > _MAX_DEPTH:
            raise BadJson("it is nested too deeply")
        if item.depth == 0 and item.is_begun:
            yield TooMuch() if item.size > MAX_ITEM_BYTES else item.value
            item = _Item()


class _Item:
    """An item being built from events; what is too large is only followed, not kept."""

    def __init__(self) -> None:
        self.value: Any = None
        self.size = 0
        self.depth = 0
        self.is_begun = False
        self._open: list[Any] = []
        self._keys: list[str] = []

    def add(self, event: str, value: Any) -> None:
        """Take the next event."""
        self.is_begun = True
        self.size += _BYTES_A_VALUE + (len(value) if isinstance(value, str) else 0)
        is_kept = self.size <= MAX_ITEM_BYTES
        if event in ("start_map", "start_array"):
            self.depth += 1
            new: Any = {} if event == "start_map" else []
            if is_kept:
                self._put(new)
                self._open.append(new)
                self._keys.append("")
        elif event in ("end_map", "end_array"):
            self.depth -= 1
            if is_kept:
                self._open.pop()
                self._keys.pop()
        elif is_kept:
            if event == "map_key":
                self._keys[-1] = value
            else:
                self._put(value)
        if not is_kept:
            self.value, self._open, self._keys = None, [], []

    def _put(self, value: Any) -> None:
        if not self._open:
            self.value = value
        elif isinstance(self._open[-1], dict):
            self._open[-1][self._keys[-1]] = value
        else:
            self._open[-1].append(value)


class _Source:
    """The stream in UTF-8, without a byte order mark; ends what gives no event for too long."""

    def __init__(self, stream: ReadableStream) -> None:
        self.waiting_bytes = 0
        self._stream = stream
        self._decoder: codecs.IncrementalDecoder | None = None
        self._is_begun = False

    def read(self, size: int = _BLOCK_BYTES) -> bytes:
        if size == 0:  # ijson asks what kind of file it is
            return b""
        block = self._stream.read(size)
        if not self._is_begun:
            block = self._begin(block)
        self.waiting_bytes += len(block)
        if self.waiting_bytes > MAX_ITEM_BYTES:
            raise BadJson("it holds a text that is too long")
        if self._decoder is None:
            return block
        decoded = self._decoder.decode(block, final=not block)
        while block and not decoded:  # b"" would be the end
            block = self._stream.read(size)
            decoded = self._decoder.decode(block, final=not block)
        return decoded.encode(errors="replace")

    def _begin(self, block: bytes) -> bytes:
        self._is_begun = True
        mark, encoding = next(
            ((mark, encoding) for mark, encoding in _BOMS if block.startswith(mark)), (b"", "utf-8")
        )
        # Without a mark: JSON begins with a character that is one byte in UTF-8.
        if not mark and block[:1] == b"\0":
            encoding = "utf-16-be"
        elif not mark and block[1:2] == b"\0":
            encoding = "utf-16-le"
        if encoding != "utf-8":
            self._decoder = codecs.getincrementaldecoder(encoding)()
        return block[len(mark) :]


def _reason(problem: str) -> str:
    if "premature EOF" in problem:
        return "it breaks off"
    if "UTF8" in problem:
        return "it is not written in UTF-8"
    return "it is no JSON"
