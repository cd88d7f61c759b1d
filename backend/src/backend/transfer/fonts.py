"""The fonts of PDFs, and which characters they draw.

FiraGO: Latin, Cyrillic, Greek, Georgian, Hebrew, Arabic, Devanagari, Thai. Noto Sans CJK: Chinese,
Japanese, Korean. Noto Sans: rare Latin and 19 scripts, Armenian to Thai. Kurinto Sans: what else
is in common use, Cherokee to Yi, but for Tibetan. Noto's emoji, symbols and mathematics. All under
the SIL Open Font License.
"""

import unicodedata
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Final

import uharfbuzz

_FONTS: Final = (
    "FiraGO_Regular",
    "FiraGO_Italic",
    "FiraGO_Bold",
    "FiraGO_BoldItalic",
    "NotoSansMath_Regular",
    "NotoSansSymbols2_Regular",
)
_CJK: Final = "NotoSansCJKjp-Regular.otf"
_KURINTO: Final = "KurintoSans-Rg.ttf"
_VARIATIONS: Final = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))


def unpack_fonts(folder: Path) -> None:
    """Write the fonts as files into `folder`."""
    for name in _FONTS:
        module = import_module(f"pymupdf_fonts.{name}")
        (folder / f"{name}.ttf").write_bytes(module.fontbuffer)
    cjk = files("noto_cjk_sans_jp_regular") / _CJK
    kurinto = files("weblate_fonts") / "static/weblate_fonts/kurinto/ttf" / _KURINTO
    noto = (file for file in files("manimgx_fonts").iterdir() if file.name.endswith(".ttf"))
    for file in (cjk, kurinto, *noto):
        (folder / file.name).write_bytes(file.read_bytes())


class Coverage:
    """Knows which characters the fonts in a folder draw; notes those they do not."""

    def __init__(self, folder: Path) -> None:
        self._drawn: set[int] = set()
        for path in folder.iterdir():
            self._drawn |= set(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(path))).unicodes)
        self.missing: dict[str, int] = {}

    def visible(self, text: str) -> str:
        """Return the text with each character that cannot be drawn given in words or by number.

        Emoji and other symbols have names that say what is seen.
        """
        return "".join(map(self._visible, text))

    def _visible(self, character: str) -> str:
        if ord(character) in self._drawn or character in "\n\t":
            return character
        kind = unicodedata.category(character)
        if kind in ("Zs", "Zl", "Zp", "Cc"):
            return " "
        if kind == "Cf" or any(ord(character) in range_ for range_ in _VARIATIONS):
            return ""  # joiners and the like have no shape of their own
        self.missing[character] = self.missing.get(character, 0) + 1
        name = unicodedata.name(character, "").lower() if kind == "So" else ""
        return f"[{name or f'U+{ord(character):04X}'}]"
