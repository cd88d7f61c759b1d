"""A deletion that is killed between any two of its steps is completed by the next process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backend.db.repositories import deletions
from maintenance.house import MaintenanceHouse

# Kills itself with SIGKILL at the step named by the second argument.
DELETER = """
import os
import signal
import sys
from pathlib import Path

from backend.config import load_config
from backend.db.session import create_database
from backend.files import FileStore
from backend.index_rows import IndexRows
from backend.store.embeddings import BUILT_IN_MODEL
from backend.store.indexer import Indexer
from backend.store.registry import open_index

STEP = sys.argv[2]


def step(name):
    if name == STEP:
        os.kill(os.getpid(), signal.SIGKILL)


class DyingRows(IndexRows):
    def remove_document(self, document_id):
        step("points gone")
        super().remove_document(document_id)
        step("rows and file gone")

    def _remove_some_parts(self, document_id):
        removed = super()._remove_some_parts(document_id)
        step("some rows gone")
        return removed


class DyingFiles(FileStore):
    def delete(self, sha256):
        super().delete(sha256)
        step("file gone, rows not committed")


config = load_config(data_dir=Path(sys.argv[1]))
rows = DyingRows(create_database(config), DyingFiles(config.files_dir), BUILT_IN_MODEL)
index = open_index(config, BUILT_IN_MODEL, 384)
Indexer(index, rows, 50).drain()
index.close()
"""


@pytest.mark.parametrize(
    "step",
    ["points gone", "some rows gone", "file gone, rows not committed", "rows and file gone"],
)
def test_a_killed_deletion_resumes(house: MaintenanceHouse, tmp_path: Path, step: str) -> None:
    document = house.documents()[0]
    with house.database.db_transaction() as session:
        deletions.mark_deleted(session, house.user_id, document.id)
    assert "lighthouse.txt" not in house.found("lighthouse number 7")  # at once
    house.close_index()
    script = tmp_path / "deleter.py"
    script.write_text(DELETER)
    died = subprocess.run(
        [sys.executable, str(script), str(house.config.data_dir), step],
        env=dict(os.environ),
        timeout=60,
        check=False,
    )
    assert died.returncode == -9
    house.open_index()
    assert house.codes()
    house.stack.drain()  # as the next server's indexer does
    assert house.codes() == []
    assert not house.file_store.path(document.sha256).exists()
    examination = house.doctor.examine()
    assert examination.totals.documents == examination.files == 1
    assert examination.points == examination.totals.passages
