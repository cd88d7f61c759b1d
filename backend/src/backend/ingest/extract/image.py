"""Pictures, read by text recognition: one page each, of a TIFF each frame."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.errors import DocumentTooLarge, DocumentUnreadable, NoText
from backend.ingest.extract.base import ExtractedPage, Extraction, Extractor
from backend.ingest.extract.formats import IMAGES, TIFF
from backend.ingest.extract.ocr import MAX_PIXELS, OcrEngine

_MAX_DECODED_PIXELS = 120_000_000


class ImageExtractor(Extractor):
    """`engine` is None where text recognition is turned off or not installed."""

    media_types = IMAGES

    def __init__(self, engine: OcrEngine | None) -> None:
        self._engine = engine

    def open(self, path: Path, media_type: str) -> Extraction:
        if self._engine is None:
            raise NoText("This is a picture, and text recognition is turned off on this server.")
        from PIL import Image

        try:
            image = Image.open(path)
        except Image.DecompressionBombError:
            raise DocumentTooLarge from None
        except (OSError, ValueError, SyntaxError) as error:
            raise DocumentUnreadable from error
        return ImageExtraction(image, self._engine, has_frames=media_type == TIFF)


class ImageExtraction(Extraction):
    """An opened picture; a frame is decoded when its turn comes."""

    def __init__(self, image: Any, engine: OcrEngine, *, has_frames: bool) -> None:
        self._image = image
        self._engine = engine
        try:
            self.page_count = getattr(image, "n_frames", 1) if has_frames else 1
        except (OSError, ValueError, SyntaxError, EOFError) as error:
            image.close()
            raise DocumentUnreadable from error

    def pages(self, first: int = 1) -> Iterator[ExtractedPage]:
        for number in range(first, self.page_count + 1):
            pixels, width, height = self._decode(number)
            text, boxes = self._engine.read(pixels)
            yield ExtractedPage(number, text, width, height, boxes, is_ocr=True)

    def close(self) -> None:
        self._image.close()

    def _decode(self, number: int) -> tuple[NDArray[np.uint8], int, int]:
        """Return a frame, blue first, and its own width and height in pixels."""
        try:
            if number > 1:
                self._image.seek(number - 1)
            if self._image.width * self._image.height > _MAX_DECODED_PIXELS:
                raise DocumentTooLarge("This picture has too many pixels to be read.")
            return _as_pixels(self._image)
        except (OSError, ValueError, SyntaxError, EOFError) as error:
            raise DocumentUnreadable from error


def _as_pixels(image: Any) -> tuple[NDArray[np.uint8], int, int]:
    from PIL import Image, ImageOps

    image = ImageOps.exif_transpose(image)  # as it is displayed
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image, np.float32)
        low, high = float(values.min()), float(values.max())
        image = Image.fromarray(((values - low) * (255 / (high - low or 1))).astype(np.uint8))
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    width, height = image.size
    scale = (MAX_PIXELS / (width * height)) ** 0.5
    if scale < 1:
        small = max(1, int(width * scale)), max(1, int(height * scale))
        image = image.convert("RGB").resize(small, reducing_gap=2)
    return np.asarray(image.convert("RGB"))[:, :, ::-1].copy(), width, height
