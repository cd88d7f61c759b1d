"""Which extractor reads what."""

from backend.errors import UnsupportedMediaType
from backend.ingest.extract import ocr
from backend.ingest.extract.base import Extractor
from backend.ingest.extract.formats import FORMATS, IMAGES
from backend.ingest.extract.image import ImageExtractor
from backend.ingest.extract.odp import PresentationExtractor
from backend.ingest.extract.office import OfficeExtractor
from backend.ingest.extract.pdf import PdfExtractor
from backend.ingest.extract.text import TextExtractor


def accepted_types(*, ocr_enabled: bool = True) -> list[str]:
    """Return the media types and file extensions that can be read, as the HTML attribute
    `accept` takes them."""
    readable = [
        item for item in FORMATS if item.media_type not in IMAGES or ocr.is_available(ocr_enabled)
    ]
    extensions = {extension for item in readable for extension in item.extensions}
    return sorted(item.media_type for item in readable) + sorted(extensions)


def extractor_for(media_type: str, *, ocr_enabled: bool = True, ocr_threads: int = 2) -> Extractor:
    """Return the extractor of a media type.

    Raises:
        UnsupportedMediaType: there is none.
    """
    engine = ocr.engine(ocr_threads) if ocr.is_available(ocr_enabled) else None
    extractors: tuple[Extractor, ...] = (
        PdfExtractor(engine),
        TextExtractor(),
        OfficeExtractor(),
        PresentationExtractor(),
        ImageExtractor(engine),
    )
    for extractor in extractors:
        if media_type in extractor.media_types:
            return extractor
    raise UnsupportedMediaType
