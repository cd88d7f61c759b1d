"""The embedding model, the search index and the indexer, loaded while the server starts."""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from backend.config import Config
from backend.db.session import Database
from backend.embedding_change import GRACE_S, EmbeddingChange
from backend.embedding_models import EmbeddingModels
from backend.errors import DocChatError, Unavailable
from backend.files import FileStore
from backend.search_parts import Foundation, SearchParts
from backend.store.base import FloatVector
from backend.store.inspection import Inspection, inspect
from backend.store.memory import Recalled, SaidWhere
from backend.store.search import SearchResult

logger = logging.getLogger(__name__)

_RETRY_S = 2.0
_CHANGE_TIMEOUT_S = 2.0
_PROBES = 64  # documents that an inspection searches for


class SearchStack:
    """Opened by whoever needs it first, which is the thread that `start` begins.

    Loading takes about a second, in which the server already answers other requests.
    """

    def __init__(
        self,
        config: Config,
        database: Database,
        file_store: FileStore,
        *,
        is_answering: Callable[[], bool] = lambda: False,
        grace_s: float = GRACE_S,
    ) -> None:
        """Make it; nothing is opened yet.

        Args:
            is_answering: whether answers are being written, to which embedding gives way.
            grace_s: how long a former embedding model's parts stay after a switch.
        """
        models = EmbeddingModels(config, database)
        self._foundation = Foundation(config, database, file_store, models, is_answering)
        self._lock = threading.Lock()
        self._parts: SearchParts | None = None
        self._stopping = threading.Event()
        self._change = EmbeddingChange(self._foundation, self._stopping, grace_s)
        self._changing = threading.Lock()
        self._is_indexing = False
        self._problem: str | None = "starting"
        self._thread = threading.Thread(target=self._run, name="search-start", daemon=True)

    def start(self) -> None:
        """Load everything in the background, then carry committed passages into the index."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the indexer and close the index; searching raises Unavailable from now on."""
        self._stopping.set()
        # What a change does heeds `_stopping`, but it may be waiting for a server.
        is_change_over = self._changing.acquire(timeout=_CHANGE_TIMEOUT_S)
        with self._lock:
            parts, self._parts = self._parts, None
        if is_change_over:
            self._change.close(parts)
            self._changing.release()
        if parts is not None:
            parts.close()

    def problem(self) -> str | None:
        """Return None when searching works, else `starting` or `failed`."""
        return self._problem

    def search(
        self,
        *,
        user_id: str,
        query: str,
        document_ids: Sequence[str] | None = None,
        limit: int | None = None,
    ) -> list[SearchResult]:
        """As `Searcher.search`.

        Raises:
            Unavailable: the index cannot be opened or reached.
        """
        return self._open().searcher.search(
            user_id=user_id, query=query, document_ids=document_ids, limit=limit
        )

    def search_messages(
        self,
        *,
        user_id: str,
        query: str,
        where: SaidWhere,
        limit: int,
        now: datetime | None = None,
    ) -> list[Recalled]:
        """As `MemorySearcher.search`.

        Raises:
            Unavailable: the index cannot be opened or reached.
        """
        return self._open().messages.searcher.search(
            user_id=user_id, query=query, where=where, limit=limit, now=now
        )

    def wake(self) -> None:
        """Look for what was said now instead of at the next poll."""
        parts = self._parts
        if parts is not None:
            parts.messages.indexer.wake()

    def is_embedding_messages(self) -> bool:
        """Tell whether what was said is being embedded in this process."""
        parts = self._parts
        return parts is not None and parts.messages.embedder.is_embedding

    def embed(self, texts: Sequence[str]) -> FloatVector:
        """As `Embedder.embed`.

        Raises:
            Unavailable: the index cannot be opened.
        """
        return self._open().embedder.embed(texts)

    def drain(self) -> int:
        """Carry everything committed into the index now; return how many tasks that were."""
        parts = self._open()
        return parts.indexer.drain() + parts.messages.drain()

    def inspect(self) -> Inspection:
        """Compare the index with the rows while the indexer pauses.

        Raises:
            Unavailable: the index cannot be opened or read.
        """
        parts = self._open()
        with parts.indexer.paused():
            expected, undecided = parts.rows.points_expected()
            return inspect(
                parts.index,
                {id_: (rows.passages, rows.embedded) for id_, rows in expected.items()},
                undecided,
                parts.rows.probes(_PROBES),
            )

    def inspect_messages(self) -> Inspection:
        """As `inspect`, of the index of messages: its documents are conversations.

        Raises:
            Unavailable: the index cannot be opened or read.
        """
        messages = self._open().messages
        with messages.indexer.paused():
            expected, undecided = messages.rows.points_expected()
            return inspect(messages.index, expected, undecided, messages.rows.probes(_PROBES))

    def rebuild(self) -> int:
        """Empty both indexes and enqueue all passages; return how many documents and
        conversations these are of.

        Raises:
            Unavailable: the index cannot be opened.
        """
        parts = self._open()
        return parts.indexer.rebuild() + parts.messages.indexer.rebuild()

    def advance_change(self) -> None:
        """Take the steps of a change of the embedding model that are due, if one is on.

        A server calls this every second; without calls the serving model stays.
        """
        with self._changing:
            parts = self._parts
            if parts is None or self._stopping.is_set():
                return
            try:
                now_serving = self._change.advance(parts)
            except DocChatError as error:
                logger.warning("the embedding model cannot be changed now", exc_info=error)
                return
            if now_serving is None:
                return
            with self._lock:
                self._parts = now_serving
            self._change.retire(parts)
            if self._is_indexing:
                now_serving.start()

    def _open(self) -> SearchParts:
        with self._lock:
            if self._stopping.is_set():
                raise Unavailable("The server is being stopped.")
            if self._parts is None:
                try:
                    self._parts = self._load()
                except DocChatError:
                    self._problem = "failed"
                    logger.exception("the search index cannot be opened")
                    raise Unavailable("The search index cannot be opened.") from None
            self._problem = None
            return self._parts

    def _load(self) -> SearchParts:
        return SearchParts.open(self._foundation, self._foundation.models.adopt().serving)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                parts = self._open()
            except Unavailable:
                self._stopping.wait(_RETRY_S)
                continue
            with self._changing:
                if self._parts is parts:
                    parts.start()
                    self._is_indexing = True
                    return
