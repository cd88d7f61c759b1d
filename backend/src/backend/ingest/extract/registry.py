"""Which extractor reads what."""

from backend.errors import UnsupportedMediaType
from backend.ingest.extract.base import Extractor
from backend.ingest.extract.pdf import PdfExtractor
from backend.ingest.extract.text import TextExtractor

_EXTRACTORS: tuple[Extractor, ...] = (PdfExtractor(), TextExtractor())


def accepted_media_types() -> list[str]:
    """Return the media types that can be read."""
    return sorted(set().union(*(extractor.media_types for extractor in _EXTRACTORS)))


def extractor_for(media_type: str) -> Extractor:
    """Return the extractor of a media type.

    Raises:
        UnsupportedMediaType: there is none.
    """
    for extractor in _EXTRACTORS:
        if media_type in extractor.media_types:
            return extractor
    raise UnsupportedMediaType
