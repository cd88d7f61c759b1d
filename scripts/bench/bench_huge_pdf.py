"""Takes in a PDF of 10,000 pages and 300 MB and watches the worker's memory.

    .venv/bin/python scripts/bench/bench_huge_pdf.py [--pages 10000] [--megabytes 300] [--only-text]

Each page has text and a picture of noise, which no compression makes smaller.
`--only-text` cancels the document once its text is read.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from made_up_text import make_line
from person import ENDED, Person, peak_memory_mb, server_pids, worker_pid

sys.path.insert(0, str(Path(__file__).parents[2] / "backend" / "tests"))

from server_process import ServerProcess

LINES_PER_PAGE = 12
LONGEST_S = 4 * 3_600


def write_pdf(path: Path, pages: int, size_bytes: int) -> None:
    """Write a PDF page by page."""
    chance = random.Random(0)
    side = int((size_bytes / pages) ** 0.5)
    offsets: list[int] = []
    with path.open("wb") as out:
        out.write(b"%PDF-1.4\n")

        def add(body: bytes) -> None:
            offsets.append(out.tell())
            out.write(b"%d 0 obj\n%s\nendobj\n" % (len(offsets), body))

        kids = b" ".join(b"%d 0 R" % (4 + 3 * page) for page in range(pages))
        add(b"<</Type/Catalog/Pages 2 0 R>>")
        add(b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, pages))
        add(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
        for page in range(pages):
            lines = [f"Page {page + 1}, volume {page // 500}."] + [
                make_line(chance) for _ in range(LINES_PER_PAGE)
            ]
            text = "\n".join(f"({line}) Tj T*" for line in lines)
            content = f"q 200 0 0 200 300 100 cm /P Do Q BT /F 11 Tf 14 TL 72 740 Td {text} ET"
            first = 4 + 3 * page
            add(
                b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F 3 0 R>>"
                b"/XObject<</P %d 0 R>>>>/Contents %d 0 R>>" % (first + 2, first + 1)
            )
            add(b"<</Length %d>>stream\n%s\nendstream" % (len(content), content.encode()))
            add(
                b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray"
                b"/BitsPerComponent 8/Length %d>>stream\n%s\nendstream"
                % (side, side, side * side, os.urandom(side * side))
            )
        xref = out.tell()
        out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1))
        out.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
        out.write(
            b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(offsets) + 1, xref)
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pages", type=int, default=10_000, help="default: %(default)s")
    parser.add_argument("--megabytes", type=int, default=300, help="default: %(default)s")
    parser.add_argument("--only-text", action="store_true")
    options = parser.parse_args()
    peaks: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "huge.pdf"
        write_pdf(path, options.pages, options.megabytes * 1_000_000)
        with ServerProcess(folder / "data") as server:
            person = Person(server.url)
            began = time.monotonic()
            with path.open("rb") as file:
                document = person.upload("huge.pdf", file)
            uploaded_s = time.monotonic() - began
            read_s = float("nan")
            while document["status"] not in ENDED and time.monotonic() - began < LONGEST_S:
                time.sleep(0.5)
                document = person.document(document["id"])
                pid = worker_pid(server.process.pid)
                if pid is not None:
                    peaks[pid] = peak_memory_mb(pid)
                if read_s != read_s and document["status"] == "embedding":
                    read_s = time.monotonic() - began - uploaded_s
                    if options.only_text:
                        person.call("POST", f"/api/documents/{document['id']}/cancel")
            ended_s = time.monotonic() - began
            server_mb = max(peak_memory_mb(pid) for pid in server_pids(server.process.pid))
        size_mb = path.stat().st_size / 1e6
    rows = [
        (f"{options.pages:,} pages, {size_mb:.0f} MB", "result"),
        ("---", "---"),
        ("uploaded", f"{uploaded_s:.1f} s"),
        ("text read and searchable by keyword", f"{read_s:.0f} s"),
        ("pages read a second", f"{options.pages / read_s:.0f}"),
        (f"ended {document['status']}", f"{ended_s:.0f} s"),
        ("pages and passages", f"{document['page_count']:,}, {document['chunk_count'] or 0:,}"),
        ("worker processes", str(len(peaks))),
        ("the worker's peak memory", f"{max(peaks.values()):.0f} MB"),
        ("the server's peak memory", f"{server_mb:.0f} MB"),
    ]
    sys.stdout.writelines(f"| {' | '.join(row)} |\n" for row in rows)


if __name__ == "__main__":
    main()
