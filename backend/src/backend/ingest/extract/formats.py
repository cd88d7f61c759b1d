"""The formats: what each is called on the wire and in the names of files.

The one place that knows them. `detect.py` tells them apart, `registry.py` says who reads
them, `docs/formats.md` lists them.
"""

from dataclasses import dataclass

PDF = "application/pdf"
PLAIN_TEXT = "text/plain"
MARKDOWN = "text/markdown"
LATEX = "application/x-latex"
CSV = "text/csv"
TSV = "text/tab-separated-values"
JSON = "application/json"
XML = "application/xml"
HTML = "text/html"
NOTEBOOK = "application/x-ipynb+json"
RTF = "application/rtf"
EPUB = "application/epub+zip"
EML = "message/rfc822"
MSG = "application/vnd.ms-outlook"
DOC = "application/msword"
XLS = "application/vnd.ms-excel"
PPT = "application/vnd.ms-powerpoint"
_OPENXML = "application/vnd.openxmlformats-officedocument."
DOCX = _OPENXML + "wordprocessingml.document"
XLSX = _OPENXML + "spreadsheetml.sheet"
PPTX = _OPENXML + "presentationml.presentation"
_OPENDOCUMENT = "application/vnd.oasis.opendocument."
ODT = _OPENDOCUMENT + "text"
ODS = _OPENDOCUMENT + "spreadsheet"
ODP = _OPENDOCUMENT + "presentation"
PNG = "image/png"
JPEG = "image/jpeg"
TIFF = "image/tiff"
WEBP = "image/webp"
ZIP = "application/zip"

# Made of characters that people read as they are: cut into pages, nothing taken away.
VERBATIM = frozenset({PLAIN_TEXT, MARKDOWN, LATEX, CSV, TSV, JSON, XML})
# Read by kreuzberg.
OFFICE = frozenset({HTML, NOTEBOOK, RTF, EPUB, EML, MSG, DOC, XLS, PPT, DOCX, XLSX, PPTX, ODT, ODS})
IMAGES = frozenset({PNG, JPEG, TIFF, WEBP})
OPENDOCUMENT = frozenset({ODT, ODS, ODP})
OPENXML = frozenset({DOCX, XLSX, PPTX})
# ZIP archives inside. `ZIP` itself has no extractor: `ingest/archives.py` unpacks it.
ZIPPED = OPENXML | OPENDOCUMENT | {EPUB}

_SOURCE_CODE = [
    ".asm",
    ".awk",
    ".bash",
    ".bat",
    ".c",
    ".cc",
    ".cfg",
    ".clj",
    ".cmake",
    ".conf",
    ".cpp",
    ".cs",
    ".css",
    ".cxx",
    ".dart",
    ".diff",
    ".el",
    ".erl",
    ".ex",
    ".exs",
    ".f90",
    ".fs",
    ".go",
    ".gradle",
    ".groovy",
    ".h",
    ".hpp",
    ".hs",
    ".ini",
    ".java",
    ".jl",
    ".js",
    ".jsx",
    ".kt",
    ".less",
    ".lisp",
    ".lua",
    ".m",
    ".ml",
    ".nim",
    ".pas",
    ".patch",
    ".php",
    ".pl",
    ".pm",
    ".proto",
    ".ps1",
    ".py",
    ".r",
    ".rb",
    ".rs",
    ".scala",
    ".scss",
    ".sh",
    ".sql",
    ".svelte",
    ".swift",
    ".tcl",
    ".tf",
    ".toml",
    ".ts",
    ".tsx",
    ".vb",
    ".vue",
    ".yaml",
    ".yml",
    ".zig",
]


@dataclass(frozen=True, slots=True)
class Format:
    """A format and the extensions its files commonly bear, each with its dot."""

    media_type: str
    extensions: tuple[str, ...]


FORMATS = (
    Format(PDF, (".pdf",)),
    Format(PLAIN_TEXT, (".txt", ".text", ".log", ".rst", ".org", ".adoc", *_SOURCE_CODE)),
    Format(MARKDOWN, (".md", ".markdown", ".mdown", ".mkd")),
    Format(LATEX, (".tex", ".latex", ".ltx")),
    Format(CSV, (".csv",)),
    Format(TSV, (".tsv", ".tab")),
    Format(JSON, (".json", ".jsonl", ".ndjson", ".geojson")),
    Format(XML, (".xml",)),
    Format(HTML, (".html", ".htm", ".xhtml")),
    Format(NOTEBOOK, (".ipynb",)),
    Format(RTF, (".rtf",)),
    Format(EPUB, (".epub",)),
    Format(EML, (".eml",)),
    Format(MSG, (".msg",)),
    Format(DOC, (".doc", ".dot")),
    Format(XLS, (".xls", ".xlt")),
    Format(PPT, (".ppt", ".pps", ".pot")),
    Format(DOCX, (".docx", ".docm", ".dotx")),
    Format(XLSX, (".xlsx", ".xlsm", ".xltx")),
    Format(PPTX, (".pptx", ".pptm", ".ppsx", ".potx")),
    Format(ODT, (".odt", ".ott")),
    Format(ODS, (".ods", ".ots")),
    Format(ODP, (".odp", ".otp")),
    Format(PNG, (".png",)),
    Format(JPEG, (".jpg", ".jpeg")),
    Format(TIFF, (".tif", ".tiff")),
    Format(WEBP, (".webp",)),
    Format(ZIP, (".zip",)),
)

_BY_EXTENSION = {extension: item.media_type for item in FORMATS for extension in item.extensions}


def media_type_by_name(extension: str) -> str | None:
    """Return what files with this extension (`.docx`) usually are."""
    return _BY_EXTENSION.get(extension.lower())
