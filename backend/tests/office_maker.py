"""Makes small real Office files, books and OLE tables of contents for tests."""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_DRAW = "http://schemas.openxmlformats.org/drawingml/2006/main"
_SLIDES = "http://schemas.openxmlformats.org/presentationml/2006/main"
_SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_OPENDOCUMENT = "urn:oasis:names:tc:opendocument:xmlns:"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'


def make_zip(parts: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            # Stored as it is, so that it can be seen from outside.
            packing = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(name, content, packing)
    return buffer.getvalue()


def _openxml(main: str, media_type: str, parts: Mapping[str, str | bytes]) -> bytes:
    return make_zip(
        {
            "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Default Extension="xml" '
            f'ContentType="application/xml"/><Default Extension="rels" ContentType='
            f'"application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/{main}" ContentType="{media_type}.main+xml"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" '
            f'Type="{_OFFICE}/officeDocument" Target="{main}"/></Relationships>',
            **parts,
        }
    )


def make_docx(body: str, doctype: str = "", extra: Mapping[str, bytes] | None = None) -> bytes:
    """Return a document; `body` is made by `heading`, `paragraph` and `table`."""
    document = f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>'
    styles = (
        f'<w:styles xmlns:w="{_WORD}"><w:style w:type="paragraph" w:styleId="Heading1">'
        '<w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style></w:styles>'
    )
    return _openxml(
        "word/document.xml",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        {
            "word/document.xml": _DECLARATION + doctype + document,
            "word/styles.xml": _DECLARATION + styles,
            **(extra or {}),
        },
    )


def heading(text: str) -> str:
    style = '<w:pPr><w:pStyle w:val="Heading1"/></w:pPr>'
    return f"<w:p>{style}<w:r><w:t>{escape(text)}</w:t></w:r></w:p>"


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p>"


def table(rows: Sequence[Sequence[str]]) -> str:
    cells = (
        "<w:tr>" + "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) + "</w:tr>"
        for row in rows
    )
    return f"<w:tbl>{''.join(cells)}</w:tbl>"


def make_pptx(slides: Sequence[tuple[str, str]]) -> bytes:
    """Return a presentation of slides, each a title and a paragraph."""
    ids = "".join(f'<p:sldId id="{256 + n}" r:id="rId{n + 1}"/>' for n in range(len(slides)))
    relations = "".join(
        f'<Relationship Id="rId{n + 1}" Type="{_OFFICE}/slide" Target="slides/slide{n + 1}.xml"/>'
        for n in range(len(slides))
    )
    parts: dict[str, str | bytes] = {
        "ppt/presentation.xml": f'{_DECLARATION}<p:presentation xmlns:p="{_SLIDES}" '
        f'xmlns:r="{_OFFICE}"><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>',
        "ppt/_rels/presentation.xml.rels": f'{_DECLARATION}<Relationships xmlns="{_RELATIONS}">'
        f"{relations}</Relationships>",
    }
    for number, (title, text) in enumerate(slides, start=1):
        shapes = _shape(title, '<p:ph type="title"/>') + _shape(text, '<p:ph idx="1"/>')
        parts[f"ppt/slides/slide{number}.xml"] = (
            f'{_DECLARATION}<p:sld xmlns:p="{_SLIDES}" xmlns:a="{_DRAW}"><p:cSld><p:spTree>'
            f"{shapes}</p:spTree></p:cSld></p:sld>"
        )
    media_type = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    return _openxml("ppt/presentation.xml", media_type, parts)


def _shape(text: str, placeholder: str) -> str:
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="1" name="x"/><p:cNvSpPr/><p:nvPr>{placeholder}</p:nvPr>'
        f"</p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>{escape(text)}</a:t></a:r></a:p>"
        "</p:txBody></p:sp>"
    )


def make_xlsx(sheets: Mapping[str, Sequence[Sequence[str]]]) -> bytes:
    """Return a workbook of sheets, each rows of text."""
    listed, relations = "", ""
    parts: dict[str, str | bytes] = {}
    for number, (name, rows) in enumerate(sheets.items(), start=1):
        listed += f'<sheet name="{escape(name)}" sheetId="{number}" r:id="rId{number}"/>'
        relations += (
            f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" '
            f'Target="worksheets/sheet{number}.xml"/>'
        )
        data = "".join(
            f'<row r="{r}">'
            + "".join(
                f'<c r="{chr(64 + c)}{r}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
                for c, cell in enumerate(row, start=1)
            )
            + "</row>"
            for r, row in enumerate(rows, start=1)
        )
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f'{_DECLARATION}<worksheet xmlns="{_SHEETS}"><sheetData>{data}</sheetData></worksheet>'
        )
    parts["xl/workbook.xml"] = (
        f'{_DECLARATION}<workbook xmlns="{_SHEETS}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets>'
        "</workbook>"
    )
    parts["xl/_rels/workbook.xml.rels"] = (
        f'{_DECLARATION}<Relationships xmlns="{_RELATIONS}">{relations}</Relationships>'
    )
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _openxml("xl/workbook.xml", media_type, parts)


def make_opendocument(kind: str, body: str, doctype: str = "", manifest: str = "") -> bytes:
    """Return a document of this kind: text, spreadsheet or presentation."""
    spaces = "".join(
        f' xmlns:{prefix}="{_OPENDOCUMENT}{name}:1.0"'
        for prefix, name in (
            ("office", "office"),
            ("text", "text"),
            ("table", "table"),
            ("draw", "drawing"),
            ("presentation", "presentation"),
        )
    )
    return make_zip(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "META-INF/manifest.xml": f"<manifest>{manifest}</manifest>",
            "content.xml": f"{_DECLARATION}{doctype}<office:document-content{spaces}>"
            f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
            "</office:document-content>",
        }
    )


def make_epub(chapters: Sequence[tuple[str, str]]) -> bytes:
    """Return a book of chapters, each a title and a paragraph."""
    items = "".join(
        f'<item id="c{n}" href="c{n}.xhtml" media-type="application/xhtml+xml"/>'
        for n in range(len(chapters))
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    return make_zip(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container version="1.0" xmlns="urn:oasis:names:tc:'
            'opendocument:xmlns:container"><rootfiles><rootfile full-path="book.opf" '
            'media-type="application/oebps-package+xml"/></rootfiles></container>',
            "book.opf": '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata/>'
            f"<manifest>{items}</manifest><spine>{spine}</spine></package>",
            **{
                f"c{n}.xhtml": '<html xmlns="http://www.w3.org/1999/xhtml"><body>'
                f"<h1>{title}</h1><p>{text}</p></body></html>"
                for n, (title, text) in enumerate(chapters)
            },
        }
    )


def make_ole(names: Sequence[str]) -> bytes:
    """Return an OLE file whose root holds empty streams of these names."""
    no_entry, end_of_chain = 0xFFFFFFFF, 0xFFFFFFFE
    sectors = -(-(len(names) + 1) // 4)
    table = [0xFFFFFFFD, *range(2, sectors + 1), end_of_chain]
    table += [no_entry] * (128 - len(table))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9L", 0, 1, 1, 0, 4096, end_of_chain, 0, end_of_chain, 0)
    header += struct.pack("<109L", 0, *[no_entry] * 108)
    entries = [("Root Entry", 5, no_entry, 1 if names else no_entry)]
    for index, name in enumerate(names, start=1):
        entries.append((name, 2, index + 1 if index < len(names) else no_entry, no_entry))
    directory = b""
    for name, kind, right, child in entries:
        encoded = name.encode("utf-16-le")
        directory += encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded) + 2, kind, 1)
        directory += struct.pack("<3L", no_entry, right, child) + bytes(48)
    return header + struct.pack("<128L", *table) + directory.ljust(512 * sectors, b"\0")
