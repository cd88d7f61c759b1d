"""The embedding model, the search index and the indexer, loaded while the server starts."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from backend.config import Config
from backend.db.session import Database
from backend.errors import DocChatError, Unavailable
from backend.files import FileStore
from backend.index_rows import IndexRows, PassageRows
from backend.store.base import FloatVector, SearchIndex
from backend.store.embeddings import Embedder, create_embedder
from backend.store.indexer import Indexer
from backend.store.inspection import Inspection, inspect
from backend.store.registry import open_index
from backend.store.search import Searcher, SearchResult

logger = logging.getLogger(__name__)

_RETRY_S = 2.0
_PROBES = 64  # documents that an inspection searches for


@dataclass(frozen=True, slots=True)
class _Parts:
    embedder: Embedder
    index: SearchIndex
    rows: IndexRows
    indexer: Indexer
    searcher: Searcher


class SearchStack:
    """Opened by whoever needs it first, which is the thread that `start` begins.

    Loading takes about a second, in which the server already answers other requests.
    """

    def __init__(self, config: Config, database: Database, file_store: FileStore) -> None:
        self._config = config
        self._database = database
        self._file_store = file_store
        self._lock = threading.Lock()
        self._parts: _Parts | None = None
        self._stopping = threading.Event()
        self._problem: str | None = "starting"
        self._thread = threading.Thread(target=self._run, name="search-start", daemon=True)

    def start(self) -> None:
        """Load everything in the background, then carry committed passages into the index."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the indexer and close the index; searching raises Unavailable from now on."""
        self._stopping.set()
        with self._lock:
            parts, self._parts = self._parts, None
        if parts is not None:
            parts.indexer.stop()
            parts.rows.close()
            parts.index.close()
            parts.embedder.close()

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

    def embed(self, texts: Sequence[str]) -> FloatVector:
        """As `Embedder.embed`.

        Raises:
            Unavailable: the index cannot be opened.
        """
        return self._open().embedder.embed(texts)

    def drain(self) -> int:
        """Carry everything committed into the index now; return how many tasks that were."""
        return self._open().indexer.drain()

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

    def rebuild(self) -> int:
        """Empty the index and enqueue all passages; return how many documents that are.

        Raises:
            Unavailable: the index cannot be opened.
        """
        return self._open().indexer.rebuild()

    def _open(self) -> _Parts:
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

    def _load(self) -> _Parts:
        config = self._config
        embedder = create_embedder(config, config.embedding_threads)
        try:
            index = open_index(config, embedder.dimension)
        except BaseException:
            embedder.close()
            raise
        rows = IndexRows(self._database, self._file_store, embedder.name)
        return _Parts(
            embedder=embedder,
            index=index,
            rows=rows,
            indexer=Indexer(index, rows, config.index_poll_ms),
            searcher=Searcher(index, embedder, PassageRows(self._database), config),
        )

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._open().indexer.start()
            except Unavailable:
                self._stopping.wait(_RETRY_S)
            else:
                return
