"""Reads pictures of text with rapidocr: an optional part, and imported when first needed."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.ingest.extract.layout import Boxes
from backend.ingest.extract.ocr_layout import TextLine, arrange

DOTS_PER_INCH = 200
MAX_PIXELS = 4_000_000
# The detector enlarges what is smaller than this on one side, however long the other is.
_MIN_SIDE = 736
_WHITE = 255
MODELS = {
    "Det": "PP-OCRv6_det_small.onnx",
    "Rec": "PP-OCRv6_rec_small.onnx",
    "Cls": "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
}


@cache
def is_installed() -> bool:
    return find_spec("rapidocr") is not None


def is_available(enabled: bool) -> bool:
    """Return whether pictures can be read: it is installed and not turned off."""
    return enabled and is_installed()


class OcrEngine:
    """Recognises text. Loads its models, which lie in rapidocr's wheel, at the first picture."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._rapidocr: Any = None

    def read(self, image: NDArray[np.uint8]) -> tuple[str, Boxes]:
        """Return the text of a picture and its characters' boxes.

        `image` has shape (height, width, 3), blue first; the boxes are fractions of it.
        """
        if self._rapidocr is None:
            self._rapidocr = _load(self._threads)
        height, width = image.shape[:2]
        found = self._rapidocr(_pad(image))
        if found.boxes is None or not found.txts:
            return "", np.full((0, 4), np.nan, np.float32)
        size = np.array([width, height], np.float32)
        corners = (np.asarray(found.boxes, np.float32) / size).clip(0, 1)
        return arrange(
            [
                TextLine(" ".join(text.split()), box, width / height)
                for text, box in zip(found.txts, corners, strict=True)
                if text.strip()
            ]
        )


@cache
def engine(threads: int) -> OcrEngine:
    """Return this process's engine, whose models are loaded once."""
    return OcrEngine(threads)


def _load(threads: int) -> Any:
    import rapidocr

    models = Path(rapidocr.__file__).parent / "models"
    # Named one by one, because it would download a model that it does not find.
    paths = {f"{part}.model_path": str(models / name) for part, name in MODELS.items()}
    return rapidocr.RapidOCR(
        params=paths
        | {
            "Global.log_level": "critical",
            "Global.max_side_len": 10 * MAX_PIXELS,  # bounded by pixels, not by side
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def _pad(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Widen a long strip with white, or it would be enlarged beyond measure."""
    height, width = image.shape[:2]
    if max(height, width) < 2 * _MIN_SIDE:
        return image
    missing = [(0, max(0, _MIN_SIDE - side)) for side in (height, width)]
    if missing == [(0, 0), (0, 0)]:
        return image
    return np.pad(image, [*missing, (0, 0)], constant_values=_WHITE)
