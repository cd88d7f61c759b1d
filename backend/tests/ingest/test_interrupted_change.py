"""A change of the embedding model that is killed between any two of its steps is completed."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from backend.config import Config
from backend.db.models import PassageVectors
from backend.db.repositories import deletions
from backend.db.repositories.documents import DocumentRecord
from backend.db.session import Database
from backend.files import FileStore
from backend.ingest.worker import drain
from backend.maintenance.doctor import Doctor
from backend.maintenance.index_access import OpenedIndex
from backend.search_stack import SearchStack
from embedding_server import EmbeddingServer, run_embedding_server
from ingest.search_house import ANSWER, QUESTION

TEXT = "\n\n".join(f"Tower {n} stands on cape {n * 7}. " * 10 for n in range(80))

# Kills itself with SIGKILL at the step named by the last argument.
CHANGER = """
import os
import signal
import sys
from pathlib import Path

from backend import embedding_change
from backend.config import load_config
from backend.db.repositories import embedding_models, reembedding
from backend.db.session import create_database
from backend.files import FileStore
from backend.search_stack import SearchStack
from backend.store.indexer import Indexer

STEP = sys.argv[3]


def dying(name, function, *, before=False):
    def call(*arguments):
        if STEP == name and before:
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*arguments)
        if STEP == name:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return call


embedding_change._VECTORS_PER_TRANSACTION = 20
Indexer.fill = dying("index filled", Indexer.fill)
reembedding.switch = dying("roles not committed", reembedding.switch)
embedding_change.EmbeddingChange._switch = dying(
    "roles exchanged", embedding_change.EmbeddingChange._switch
)
embedding_change.remove_index = dying("index removed", embedding_change.remove_index)
embedding_change.embedding_models.forget = dying(
    "vectors removed, their model not forgotten", embedding_models.forget
)
removals = []


def remove_some(*arguments):
    removals.append(arguments)
    if STEP == "some vectors removed" and len(removals) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return remove_vectors(*arguments)


remove_vectors = embedding_models.remove_vectors
embedding_models.remove_vectors = remove_some

config = load_config(
    data_dir=Path(sys.argv[1]), embedding_url=sys.argv[2], embedding_model="large-32"
)
stack = SearchStack(config, create_database(config), FileStore(config.files_dir), grace_s=0)
for _ in range(3):
    stack.drain()
    stack.advance_change()
sys.exit("nothing has killed me")
"""


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with run_embedding_server() as server:
        server.synonyms = {QUESTION: ANSWER}
        yield server


@pytest.mark.parametrize(
    "step",
    [
        "index filled",
        "roles not committed",
        "roles exchanged",
        "index removed",
        "some vectors removed",
        "vectors removed, their model not forgotten",
    ],
)
def test_a_killed_change_resumes_and_both_models_answer_in_their_time(
    make_config: Callable[..., Config],
    database: Database,
    upload: Callable[..., DocumentRecord],
    user_id: str,
    server: EmbeddingServer,
    tmp_path: Path,
    step: str,
) -> None:
    old, new = (
        make_config(embedding_url=server.base_url, embedding_model=model)
        for model in ("small-16", "large-32")
    )
    files = FileStore(old.files_dir)
    upload(TEXT.encode(), "towers.txt")
    gone = upload(b"Agnes keeps the light. She lives alone.", "gone.txt")
    drain(old, database)
    first = SearchStack(old, database, files)
    first.drain()
    first.stop()
    drain(new, database)
    embedded = len(server.asked["large-32"])

    script = tmp_path / "changer.py"
    script.write_text(CHANGER)
    died = subprocess.run(
        [sys.executable, str(script), str(old.data_dir), server.base_url, step],
        env=dict(os.environ),
        timeout=60,
        check=False,
    )
    assert died.returncode == -9
    with database.db_transaction() as session:  # a second index that was filled does not know
        deletions.mark_deleted(session, user_id, gone.id)

    stack = SearchStack(new, database, files, grace_s=0)
    doctor = Doctor(database, files, OpenedIndex(stack), is_alone=True)

    def is_found_by_meaning() -> bool:
        best = stack.search(user_id=user_id, query=QUESTION)[0]
        cosine = best.sentence_cosine
        return ANSWER in best.chunk.text and cosine is not None and cosine > 0.98

    try:
        stack.drain()
        assert is_found_by_meaning()
        assert doctor.examine().findings == ()
        for _ in range(3):
            stack.advance_change()
            assert is_found_by_meaning()
        assert doctor.examine().findings == ()
    finally:
        stack.stop()
    assert len([text for text in server.asked["large-32"] if text != QUESTION]) == embedded
    with database.db_session() as session:
        model = PassageVectors.embedding_model
        names = session.scalars(select(model).group_by(model)).all()
        assert names == ["openai:large-32"]
        assert session.scalar(select(func.count()).select_from(PassageVectors))
    assert len(list(new.index_dir.iterdir())) == 2  # of documents and of messages
