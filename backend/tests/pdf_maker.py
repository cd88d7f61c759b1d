"""Makes small real PDFs for tests: Helvetica text, one line of the page's string a line."""

from collections.abc import Sequence

LINE_HEIGHT = 16
FONT_SIZE = 11
LEFT, TOP = 72, 740


def _escape(text: str) -> bytes:
    encoded = text.encode("cp1252", errors="replace")
    return encoded.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _content(text: str) -> bytes:
    lines = b"".join(b"(" + _escape(line) + b") Tj T*\n" for line in text.split("\n"))
    return b"BT /F1 %d Tf %d TL %d %d Td\n%sET" % (FONT_SIZE, LINE_HEIGHT, LEFT, TOP, lines)


def make_pdf(
    pages: Sequence[str],
    *,
    rotate: int = 0,
    media_box: tuple[float, float, float, float] = (0, 0, 612, 792),
    crop_box: tuple[float, float, float, float] | None = None,
) -> bytes:
    """Return a valid PDF (1.4) whose page i shows `pages[i]`."""
    objects: list[bytes] = []

    def add(body: bytes) -> int:
        objects.append(body)
        return len(objects)

    def box(values: tuple[float, float, float, float]) -> bytes:
        return ("[" + " ".join(f"{v:g}" for v in values) + "]").encode()

    catalog, tree = add(b""), add(b"")
    font = add(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
    kids = []
    for text in pages:
        stream = _content(text)
        content = add(b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream))
        crop = b"/CropBox" + box(crop_box) if crop_box else b""
        page = (
            b"<</Type/Page/Parent %d 0 R/MediaBox%s%s/Rotate %d"
            b"/Resources<</Font<</F1 %d 0 R>>>>/Contents %d 0 R>>"
        )
        kids.append(add(page % (tree, box(media_box), crop, rotate, font, content)))
    objects[catalog - 1] = b"<</Type/Catalog/Pages %d 0 R>>" % tree
    references = b" ".join(b"%d 0 R" % kid for kid in kids)
    objects[tree - 1] = b"<</Type/Pages/Kids[%s]/Count %d>>" % (references, len(kids))

    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    xref = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        catalog,
        xref,
    )
    return bytes(out)
