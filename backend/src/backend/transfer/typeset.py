"""Makes a PDF in a process of its own: `python -m backend.transfer.typeset FOLDER`.

FOLDER holds `pieces.jsonl`, one piece of the conversation a line; `conversation.pdf` is written
beside it. What a piece costs in memory is bounded, and gone with the process.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any, Final

import pypdfium2  # type: ignore[import-untyped]
import typst

from backend.transfer.fonts import Coverage, unpack_fonts

_NICE: Final = 10
_TEMPLATE: Final = "conversation.typ"
_MISSING_NAMED: Final = 40


def typeset(folder: Path) -> None:
    """Lay out the pieces one after the other and join their pages."""
    font_folder = folder / "fonts"
    font_folder.mkdir()
    unpack_fonts(font_folder)
    coverage = Coverage(font_folder)
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[font_folder])
    template = folder / _TEMPLATE
    template.write_bytes((Path(__file__).parent / _TEMPLATE).read_bytes())
    document = pypdfium2.PdfDocument.new()
    with (folder / "pieces.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            piece = _visible(json.loads(line), coverage)
            if piece.pop("is_last"):
                piece["parts"] += _missing(coverage)
            piece["first_page"] = len(document) + 1
            (folder / "piece.json").write_text(json.dumps(piece), encoding="utf-8")
            made = typst.compile(
                template, root=folder, font_paths=fonts, ignore_system_fonts=True, pdf_tags=False
            )
            with pypdfium2.PdfDocument(made) as pages:
                document.import_pages(pages)
    document.save(folder / "conversation.pdf")
    document.close()


def _visible(value: Any, coverage: Coverage) -> Any:
    if isinstance(value, str):
        return coverage.visible(value)
    if isinstance(value, list):
        return [_visible(item, coverage) for item in value]
    if isinstance(value, dict):
        return {key: _visible(item, coverage) for key, item in value.items()}
    return value


def _missing(coverage: Coverage) -> list[Any]:
    """Return the note on characters that are given by their names or numbers."""
    if not coverage.missing:
        return []
    numbers = [f"U+{ord(character):04X}" for character in coverage.missing]
    named = ", ".join(numbers[:_MISSING_NAMED])
    more = len(numbers) - _MISSING_NAMED
    rest = f" and {more:,} others" if more > 0 else ""
    count = sum(coverage.missing.values())
    sentence = (
        f"{count:,} characters could not be drawn and are given by their Unicode names or "
        f"numbers: {named}{rest}. Saved as Markdown or JSON they are complete."
    )
    return [["message", "About this file"], ["note", sentence]]


if __name__ == "__main__":
    os.nice(_NICE)
    typeset(Path(sys.argv[1]))
