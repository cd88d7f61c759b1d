"""Messages' rows as `store` wants them, and the way they become passages with vectors.

The rows are the outbox: an ended message without passages is split when the indexer looks for
tasks, a passage without a vector is embedded soon after. So whatever stores messages need not
know of all this, and an older installation's messages are taken up after an upgrade.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from typing import Final

from backend.chat.answering import NOTHING_CHOSEN
from backend.chat.evidence import WEAK_EVIDENCE
from backend.config import Config
from backend.db.leadership import Leadership
from backend.db.repositories import embedding_models, index_tasks, message_passages
from backend.db.repositories.index_tasks import MESSAGES, UPSERT_CHUNKS
from backend.db.repositories.message_passages import NewPassage, PassageRecord
from backend.db.session import Database
from backend.errors import EmbeddingRefused, EmbeddingUnavailable
from backend.index_outbox import IndexOutbox
from backend.ingest.chunking import Chunker
from backend.ingest.extract.base import ExtractedPage
from backend.message_context import text_to_embed, words_around
from backend.store.base import IndexPoint
from backend.store.embeddings import Embedder
from backend.store.memory import RECALLABLE, RecalledPassage, model_label, role_label
from backend.store.vectors import pack_vector, unpack_vector

logger = logging.getLogger(__name__)

_INDEXING_KEY: Final = 0x646F63636861_0003
_EMBEDDING_KEY: Final = 0x646F63636861_0004
_SPLIT_AT_A_TIME: Final = 64
_EMBEDDED_AT_A_TIME: Final = 16  # a question that is asked meanwhile waits for this at most
_LOOK_AGAIN_S: Final = 30.0
_LONGEST_WAY_GIVEN_S: Final = 4.0  # then a few are embedded although answers are written
_EMBEDDED_MEANWHILE: Final = 2
_LOOK_FOR_ANSWERS_S: Final = 0.2
_PAUSE_AFTER_ERROR_S: Final = 5.0
_STOP_TIMEOUT_S: Final = 2.0

_OURS: Final = (NOTHING_CHOSEN, WEAK_EVIDENCE)


def split_message(content: str, config: Config) -> list[NewPassage]:
    """Cut a message as documents are cut, without the sentences that we put into answers.

    Nothing is left of one without letters and digits.
    """
    start = next((len(ours) for ours in _OURS if content.startswith(ours)), 0)
    content = content[start:]
    if not any(map(str.isalnum, content)):
        return []
    chunker = Chunker(config.chunk_max_characters, config.chunk_overlap_characters)
    chunks = [*chunker.add(ExtractedPage(1, content)), *chunker.finish()]
    return [NewPassage(start + c.start, start + c.end, c.sentences) for c in chunks]


class MessageRows(IndexOutbox):
    """Passages of messages with the vectors of one model: an `IndexSource`.

    What `store.indexer` calls a document is a conversation here.
    """

    def __init__(self, config: Config, database: Database, embedding_model: str) -> None:
        super().__init__(database, embedding_model, subject=MESSAGES, leadership_key=_INDEXING_KEY)
        self._config = config
        self.was_split = threading.Event()
        """Set whenever there are passages to be embedded."""

    def load_points(
        self, document_id: str, first_ordinal: int, last_ordinal: int
    ) -> list[IndexPoint]:
        with self._database.db_session() as session:
            rows = message_passages.load_points(
                session, document_id, first_ordinal, last_ordinal, self._embedding_model
            )
        return [self._point(passage, vector) for passage, vector in rows]

    def mark_searchable(self, document_ids: Collection[str]) -> None:
        """Nobody waits for it."""

    def remove_document(self, document_id: str) -> None:
        """The rows went with their conversation."""

    def enqueue_all(self) -> int:
        with self._database.db_transaction() as session:
            return message_passages.enqueue_all(session)

    def points_expected(self) -> tuple[dict[str, tuple[int, int]], set[str]]:
        """Return of each conversation how many points the index should hold and how many of
        them with a vector, and of which conversations it may hold anything: tasks wait."""
        with self._database.db_session() as session:
            # In this order: what changes in between has left a task.
            expected = message_passages.indexed(session, self._embedding_model)
            undecided = index_tasks.waiting_for(session, subject=MESSAGES)
        return expected, undecided

    def probes(self, limit: int) -> list[IndexPoint]:
        """Return the first passages of up to `limit` conversations."""
        with self._database.db_session() as session:
            extents = message_passages.extents(session, "", limit)
        return [point for id_, _last in extents for point in self.load_points(id_, 0, 0)]

    def _add_tasks(self) -> None:
        """Make passages of ended messages that have none, until there are some or none is left."""
        while True:
            with self._database.db_session() as session:
                unsplit = message_passages.load_unsplit(session, _SPLIT_AT_A_TIME)
            if not unsplit:
                return
            split = [(message, split_message(message.content, self._config)) for message in unsplit]
            with self._database.db_transaction() as session:
                message_passages.save_split(session, split[::-1])
            if any(passages for _message, passages in split):
                self.was_split.set()
                return

    def _point(self, passage: PassageRecord, vector: bytes | None) -> IndexPoint:
        labels = [role_label(passage.role)]
        if passage.model:
            labels.append(model_label(passage.model))
        if passage.is_recallable:
            labels.append(RECALLABLE)
        return IndexPoint(
            id=passage.id,
            user_id=passage.user_id,
            document_id=passage.conversation_id,
            keyword_text=passage.text,
            vector=None if vector is None else unpack_vector(vector),
            context=words_around(passage, self._config),
            labels=tuple(labels),
            time=int(passage.said_at.timestamp()),
        )


class MessageEmbedding:
    """Embeds passages of messages by one model, the newest first, a few at a time."""

    def __init__(
        self,
        config: Config,
        database: Database,
        embedder: Embedder,
        at_a_time: int = _EMBEDDED_AT_A_TIME,
    ) -> None:
        self._at_a_time = at_a_time
        self._config = config
        self._database = database
        self._embedder = embedder

    def embed_some(self, operation: str = UPSERT_CHUNKS, *, at_most: int | None = None) -> int:
        """Embed the next passages that lack a vector; return how many these were.

        Raises:
            EmbeddingUnavailable, EmbeddingRefused: the model embeds nothing just now.
        """
        name = self._embedder.name
        with self._database.db_session() as session:
            batch = message_passages.load_unembedded(session, name, at_most or self._at_a_time)
        if not batch:
            return 0
        vectors = self._embedder.embed([text_to_embed(passage, self._config) for passage in batch])
        packed = [pack_vector(vector) for vector in vectors]
        with self._database.db_transaction() as session:
            models = embedding_models.load(session)
            if name not in models.names():
                return 0
            message_passages.save_vectors(
                session, name, list(zip(batch, packed, strict=True)), operation
            )
        return len(batch)


class MessageEmbedder:
    """The thread that embeds what was said; one server process of several does it."""

    def __init__(
        self,
        database: Database,
        embedding: MessageEmbedding,
        rows: MessageRows,
        is_answering: Callable[[], bool],
    ) -> None:
        self._is_answering = is_answering
        self._embedding = embedding
        self._rows = rows
        self._leadership = Leadership(database, _EMBEDDING_KEY)
        self._is_embedding = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="message-embedder", daemon=True)

    @property
    def is_embedding(self) -> bool:
        """Whether it is in the middle of what there is to embed."""
        return self._is_embedding

    def start(self) -> None:
        """Start the thread; it starts once."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the batch in hand."""
        self._stopping.set()
        self._rows.was_split.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_TIMEOUT_S)
        self._leadership.release()

    def drain(self) -> int:
        """Embed everything there is to embed, in the caller's thread; return how much it was."""
        embedded = 0
        while count := self._embedding.embed_some():
            embedded += count
        return embedded

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._rows.was_split.clear()
            pause_s = _LOOK_AGAIN_S
            try:
                while self._leadership.holds():
                    is_in_the_way = self._give_way()
                    if self._stopping.is_set():
                        return
                    at_most = _EMBEDDED_MEANWHILE if is_in_the_way else None
                    if not self._embedding.embed_some(at_most=at_most):
                        break
                    self._is_embedding = True
            except (EmbeddingUnavailable, EmbeddingRefused) as error:
                logger.warning("messages cannot be embedded now", extra={"code": error.code})
            except Exception:
                logger.exception("messages could not be embedded")
                pause_s = _PAUSE_AFTER_ERROR_S
            self._is_embedding = False
            self._rows.was_split.wait(pause_s)

    def _give_way(self) -> bool:
        """Wait while answers are being written, for a short time; return whether some still are.

        Until it has a vector a passage is found by its words.
        """
        until_s = time.monotonic() + _LONGEST_WAY_GIVEN_S
        while self._is_answering() and time.monotonic() < until_s:
            if self._stopping.wait(_LOOK_FOR_ANSWERS_S):
                break
        return self._is_answering()


class RecallRows:
    """Passages of messages as the search reads them: a `RecallSource`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, user_id: str, passage_ids: Sequence[str]) -> list[RecalledPassage]:
        with self._database.db_session() as session:
            records = message_passages.load(session, user_id, passage_ids)
        return [
            RecalledPassage(
                id=record.id,
                message_id=record.message_id,
                conversation_id=record.conversation_id,
                conversation_title=record.conversation_title,
                ordinal=record.ordinal,
                role=record.role,
                model=record.model,
                start=record.start,
                end=record.end,
                text=record.text,
                sentences=record.sentences,
                said_at=record.said_at,
                is_recallable=record.is_recallable,
            )
            for record in records
        ]
