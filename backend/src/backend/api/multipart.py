"""Reads an uploaded file straight from the request, without a copy in memory or on disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from flask import Request
from werkzeug.sansio.multipart import Data, Epilogue, File, MultipartDecoder, NeedData

from backend.errors import EmptyFile, InvalidRequest, TooLarge, ValidationFailed
from backend.files import FileStore, ReceivedFile

_FIELD = "file"
_BLOCK_BYTES = 64 * 1024
# What multipart/form-data adds to the file: boundaries and headers.
_FORM_BYTES = 64 * 1024
_MAX_HEADER_BYTES = 1024 * 1024
_MAX_PARTS = 16


class UploadedFile:
    """The file part of a multipart/form-data body: its name and, by `read`, its bytes."""

    def __init__(self, stream: BinaryIO, boundary: str, field: str) -> None:
        """Read up to the file called `field`.

        Raises:
            ValidationFailed: the form has no such file.
            InvalidRequest: this is no multipart/form-data.
        """
        self._stream = stream
        self._decoder = MultipartDecoder(
            boundary.encode("latin-1"), _MAX_HEADER_BYTES, max_parts=_MAX_PARTS
        )
        self._ended = False
        self.filename = self._find(field)

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, as they come and regardless of `size`; b"" at the end.

        Raises:
            InvalidRequest: the body breaks off.
        """
        while not self._ended:
            event = self._next()
            if isinstance(event, Data):
                self._ended = not event.more_data
                if event.data:
                    return event.data
        return b""

    def finish(self) -> None:
        """Read what follows the file, so that the connection can serve another request."""
        while not isinstance(self._next(), Epilogue):
            pass

    def _find(self, field: str) -> str:
        while not isinstance(event := self._next(), Epilogue):
            if isinstance(event, File) and event.name == field:
                return event.filename
        raise missing_file(field)

    def _next(self) -> object:
        try:
            while isinstance(event := self._decoder.next_event(), NeedData):
                self._decoder.receive_data(self._stream.read(_BLOCK_BYTES) or None)
            return event
        except ValueError:
            raise InvalidRequest("The upload broke off. Please send it again.") from None


@contextmanager
def receive_upload(
    request: Request, file_store: FileStore, max_mb: int
) -> Iterator[tuple[str, ReceivedFile]]:
    """Give the name and the bytes of the request's `file`; what is not stored then is discarded.

    Raises:
        TooLarge: it is larger than `max_mb` MiB.
        EmptyFile, ValidationFailed: it is empty, or there is none.
        InvalidRequest: the body cannot be parsed.
    """
    max_bytes = max_mb * 1024 * 1024
    request.max_content_length = max_bytes + _FORM_BYTES
    if (request.content_length or 0) > request.max_content_length:
        raise TooLarge(f"The file is larger than the allowed {max_mb} MiB.")
    uploaded = open_upload(request, _FIELD)
    try:
        received = file_store.receive(uploaded, max_bytes)
    except EmptyFile as error:
        raise EmptyFile(details={_FIELD: error.message}) from None
    try:
        uploaded.finish()
        yield uploaded.filename, received
    finally:
        received.discard()


def open_upload(request: Request, field: str) -> UploadedFile:
    """Return the file called `field` of a multipart/form-data request.

    Raises:
        ValidationFailed: there is none.
        InvalidRequest: the body cannot be parsed.
    """
    boundary = request.mimetype_params.get("boundary", "")
    if request.mimetype != "multipart/form-data" or not boundary:
        raise missing_file(field)
    return UploadedFile(request.stream, boundary, field)  # type: ignore[arg-type]


def missing_file(field: str) -> ValidationFailed:
    """Return the error for a request without the file."""
    sentence = f"Send the file as multipart/form-data in a field called `{field}`."
    return ValidationFailed(sentence, details={field: sentence})
