"""Odd files from many sources, read in a process with limits: none may crash or hang it."""

import json
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path

import pytest

REAL_FILES = Path(__file__).resolve().parents[3].parent / "shared" / "files"
TIMEOUT_S = 600

READ_ALL = textwrap.dedent("""
    import json, sys
    from pathlib import Path
    from backend.errors import PermanentIngestError, UnsupportedMediaType
    from backend.ingest.chunking import Chunker
    from backend.ingest.extract.detect import detect_media_type
    from backend.ingest.extract.layout import pack_boxes, unpack_boxes
    from backend.ingest.extract.registry import extractor_for
    from backend.ingest.process_limits import cap_memory

    def read(path):
        try:
            media_type = detect_media_type(path, path.name)
            extraction = extractor_for(media_type).open(path, media_type)
        except (PermanentIngestError, UnsupportedMediaType) as error:
            return error.code
        chunker, passages = Chunker(1000, 150), 0
        for page in extraction.pages():
            page.text.encode()
            if page.boxes is not None:
                assert len(unpack_boxes(pack_boxes(page.boxes))) == len(page.text)
            for heading in page.headings:
                words = page.text[heading.start:heading.end]
                assert "".join(heading.text.split()) in "".join(words.split())
            passages += sum(1 for _ in chunker.add(page))
        passages += sum(1 for _ in chunker.finish())
        extraction.close()
        return "text" if passages else "no_text"

    cap_memory(2048)
    for path in map(Path, sys.argv[1:]):
        print(path, flush=True)
        print(json.dumps(read(path)), flush=True)
""")


@pytest.mark.real_files
@pytest.mark.skipif(not REAL_FILES.is_dir(), reason="the folder of real files is not there")
def test_every_real_file_gives_text_or_a_reason() -> None:
    files = sorted(REAL_FILES.rglob("*.*"))
    run = subprocess.run(
        [sys.executable, "-c", READ_ALL, *files],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    lines = run.stdout.splitlines()
    assert run.returncode == 0, f"{lines[-1:]} {run.stderr[-2000:]}"
    outcomes = Counter(json.loads(line) for line in lines[1::2])
    assert outcomes.total() == len(files)
    assert set(outcomes) <= {
        "text",
        "no_text",
        "document_encrypted",
        "document_unreadable",
        "unsupported_media_type",
    }
    assert outcomes["text"] > len(files) / 2
