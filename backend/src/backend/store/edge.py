"""The search index embedded in the server process: Qdrant Edge in the data folder.

Vectors, float16 to halve the memory that is read, are compared one by one (5 ms for 100,000
of them); no HNSW graph is built. Queries release Python's global lock; an update of 64 points
holds it for 3 ms. What was written is moved from the heap into files by `compact`.
"""

import json
import logging
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import qdrant_edge

from backend.errors import ConfigurationError, Unavailable
from backend.process_memory import page_out, return_free_memory
from backend.store.base import FloatVector, Hit, IndexPoint, SearchFilter, SearchIndex
from backend.store.compaction import Compactor, compacted_points
from backend.store.edge_shard import DENSE, KEYWORDS, index_fields, shard_config
from backend.store.gate import Gate
from backend.store.keywords import PARAGRAPH_WORDS, KeywordEncoder

logger = logging.getLogger(__name__)

_SCHEMA: Final = 3  # raise it when points of older versions no longer serve
_COMPLETE: Final = "complete.json"
_FEWEST_WRITTEN: Final = 512  # take 2 MB at most
_ALL_DOCUMENTS: Final = 10_000_000


class EdgeIndex(SearchIndex):
    """One shard in `directory`, which a single process may open at a time.

    The shard has locks of its own, so that any method may run in any thread. A folder that
    is missing, damaged, or of another dimension or version is replaced by an empty index;
    `needs_rebuild` then says so, and keeps saying so after restarts until `rebuild_enqueued`.
    """

    def __init__(self, directory: Path, dimension: int, usual_words: int = PARAGRAPH_WORDS) -> None:
        """Open the index in `directory`, or make it; `usual_words` as for `KeywordEncoder`.

        Raises:
            ConfigurationError: another process has it open, or the folder is not writable.
        """
        self._directory = directory
        self._wal = directory / "wal"
        self._dimension = dimension
        self._description = {"schema": _SCHEMA, "dimension": dimension}
        self._encoder = KeywordEncoder(usual_words)
        self._has_several_users = False
        self._writing = threading.Lock()
        self._gate = Gate()
        self._former = directory.with_name(f"{directory.name}.former")
        self._compactor = Compactor(directory, dimension)
        self._written = 0  # points since the last compaction, or since it was opened
        shard = self._load()
        self._needs_rebuild = shard is None
        self._shard = shard or self._create()
        self._compacted = compacted_points(directory)

    @property
    def needs_rebuild(self) -> bool:
        return self._needs_rebuild

    def rebuild_enqueued(self) -> None:
        with self._writing:
            path = self._directory / _COMPLETE
            partial = path.with_suffix(".partial")
            partial.write_text(json.dumps(self._description), encoding="utf-8")
            partial.replace(path)
        self._needs_rebuild = False

    def upsert(self, points: Sequence[IndexPoint]) -> None:
        if not points:
            return
        self._update(qdrant_edge.UpdateOperation.upsert_points([self._point(p) for p in points]))
        self._written += len(points)

    def delete_document(self, document_id: str) -> None:
        condition = qdrant_edge.FieldCondition(
            "document_id", match=qdrant_edge.MatchValue(document_id)
        )
        self._update(
            qdrant_edge.UpdateOperation.delete_points_by_filter(
                qdrant_edge.Filter(must=[condition])
            )
        )

    def search_keywords(self, query: str, where: SearchFilter, limit: int) -> list[Hit]:
        words = self._encoder.query(query)
        if not words.indices:
            return []
        # How rare a word is, is counted among the asking user's own passages; without a filter
        # deleted and replaced ones would count, too.
        corpus = qdrant_edge.IdfParams(corpus=_filter(SearchFilter(where.user_id)))
        return self._nearest(
            qdrant_edge.Query.Nearest(words, using=KEYWORDS),
            where,
            limit,
            qdrant_edge.SearchParams(idf=corpus),
        )

    def search_dense(self, vector: FloatVector, where: SearchFilter, limit: int) -> list[Hit]:
        return self._nearest(
            qdrant_edge.Query.Nearest(vector.tolist(), using=DENSE),
            where,
            limit,
            qdrant_edge.SearchParams(exact=True),
        )

    def count(self, where: SearchFilter | None = None) -> int:
        if where is not None and () in (where.document_ids, where.chunk_ids):
            return 0
        request = qdrant_edge.CountRequest(filter=None if where is None else _filter(where))
        with self._reading():
            return self._shard.count(request)

    def count_by_document(self, *, with_vector: bool = False) -> dict[str, int]:
        embedded = qdrant_edge.Filter(must=[qdrant_edge.HasVectorCondition(DENSE)])
        request = qdrant_edge.FacetRequest(
            "document_id",
            limit=_ALL_DOCUMENTS,
            exact=True,
            filter=embedded if with_vector else None,
        )
        with self._reading():
            hits = self._shard.facet(request).hits
        return {str(hit.value): hit.count for hit in hits if hit.count}  # it lists deleted ones

    def reset(self) -> None:
        with self._writing:
            self._shard.close()
            self._needs_rebuild = True
            self._shard = self._create()
            self._compacted = self._written = 0

    def flush(self) -> None:
        with self._writing:
            self._shard.flush()

    def compact(self, share: float) -> None:
        with self._writing:
            count = self._shard.count(qdrant_edge.CountRequest(exact=False))
            written = max(self._written, abs(count - self._compacted))
            if written < max(_FEWEST_WRITTEN, share * count):
                return
            self._shard.flush()
            copy = self._compactor.run()
            # After a failure, too: what failed now would fail in a second.
            self._compacted, self._written = count, 0
            if copy is not None:
                self._replace_by(copy)
                logger.info("search index compacted", extra={"points": count})
        return_free_memory()

    def close(self) -> None:
        self._compactor.stop()
        with self._writing:
            self._shard.close()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Turn what the shard raises, plain `Exception`s, into ours; a closed shard does, too."""
        with self._gate.passed():
            try:
                yield
            except Exception as error:
                raise Unavailable("The search index cannot be read.") from error

    def _nearest(
        self,
        query: qdrant_edge.Query,
        where: SearchFilter,
        limit: int,
        params: qdrant_edge.SearchParams,
    ) -> list[Hit]:
        if () in (where.document_ids, where.chunk_ids):
            return []
        request = qdrant_edge.QueryRequest(
            limit=limit, query=query, filter=self._scope(where), params=params
        )
        with self._reading():
            found = self._shard.query(request)
        return [Hit(str(point.id), point.score) for point in found]

    def _scope(self, where: SearchFilter) -> qdrant_edge.Filter | None:
        """Return the filter of `where`, without its user if nobody else has points.

        Checking whose each of 100,000 points is takes 1 ms. The estimate is exact for one
        indexed field; a point that another user adds meanwhile is dropped where hits are
        resolved against rows. Counting holds Python's lock, also while it waits for an update,
        so it is not done again once there were points of several users.
        """
        if not self._has_several_users:
            others = qdrant_edge.Filter(must_not=[_is_of(where.user_id)])
            with self._reading():
                count = self._shard.count(qdrant_edge.CountRequest(filter=others, exact=False))
            self._has_several_users = count > 0
        return _filter(where, with_user=self._has_several_users)

    def _point(self, point: IndexPoint) -> qdrant_edge.Point:
        vectors: dict[str, Any] = {
            KEYWORDS: self._encoder.passage(point.keyword_text, point.context)
        }
        if point.vector is not None:
            vectors[DENSE] = point.vector.tolist()
        payload: dict[str, Any] = {"user_id": point.user_id, "document_id": point.document_id}
        if point.labels:
            payload["labels"] = list(point.labels)
        if point.time is not None:
            payload["time"] = point.time
        return qdrant_edge.Point(point.id, vectors, payload)

    def _update(self, operation: qdrant_edge.UpdateOperation) -> None:
        with self._writing:
            self._shard.update(operation)
            # The write-ahead log is a memory map: it outlives the process as it is, a power
            # failure only after fsync.
            for path in self._wal.iterdir():
                with suppress(FileNotFoundError), path.open("rb+") as log:
                    os.fsync(log.fileno())

    def _replace_by(self, copy: Path) -> None:
        """Go on with a compacted copy, or without it if it cannot be opened; searches wait."""
        with self._gate.closed():
            self._shard.close()
            self._directory.rename(self._former)
            try:
                copy.rename(self._directory)
                self._shard = self._open()
            except BaseException as error:
                if not _is_damage(error):
                    raise
                logger.warning("compacted search index unreadable", exc_info=True)
                remove_folder(self._directory)
                self._former.rename(self._directory)
                self._shard = self._open()
        self._remove_leftovers()

    def _remove_leftovers(self) -> None:
        self._compactor.clean()
        shutil.rmtree(self._former, ignore_errors=True)

    def _open(self) -> qdrant_edge.EdgeShard:
        shard = qdrant_edge.EdgeShard.load(str(self._directory), shard_config(self._dimension))
        page_out(self._directory)  # loading reads 50 MB, most of it parts of files still unused
        return shard

    def _load(self) -> qdrant_edge.EdgeShard | None:
        """Return the shard of `directory`, or None if there is none that can be used."""
        if not self._directory.exists() and self._former.is_dir():  # it ended while replacing it
            self._former.rename(self._directory)
        if not self._directory.is_dir():
            return None
        try:
            if self._is_complete():
                shard = self._open()
                self._remove_leftovers()
                return shard
            qdrant_edge.EdgeShard.load(str(self._directory)).close()
        except BaseException as error:
            if not _is_damage(error):
                raise
            if "WouldBlock" in str(error):
                raise ConfigurationError(
                    f"The search index {self._directory} is in use by another process. "
                    "Stop it or choose another DATA_DIR."
                ) from error
            logger.warning("search index unreadable", exc_info=True)
        return None

    def _is_complete(self) -> bool:
        try:
            text = (self._directory / _COMPLETE).read_text(encoding="utf-8")
            return bool(json.loads(text) == self._description)
        except (OSError, ValueError):
            return False

    def _create(self) -> qdrant_edge.EdgeShard:
        logger.info("search index created", extra={"index_dir": str(self._directory)})
        remove_folder(self._directory)
        try:
            self._directory.mkdir(parents=True)
        except OSError as error:
            raise ConfigurationError(f"The search index cannot be written: {error}.") from error
        shard = qdrant_edge.EdgeShard.create(str(self._directory), shard_config(self._dimension))
        index_fields(shard)
        return shard


def remove_folder(directory: Path) -> None:
    """Remove an index that nobody has open; nothing happens if it is not there.

    Raises:
        ConfigurationError: the folder is not writable.
    """
    try:
        if directory.exists():
            shutil.rmtree(directory)
    except OSError as error:
        raise ConfigurationError(f"The search index cannot be written: {error}.") from error


def _filter(where: SearchFilter, *, with_user: bool = True) -> qdrant_edge.Filter | None:
    conditions: list[Any] = [_is_of(where.user_id)] if with_user else []
    if where.document_ids is not None:
        match = qdrant_edge.MatchAny(list(where.document_ids))
        conditions.append(qdrant_edge.FieldCondition("document_id", match=match))
    if where.chunk_ids is not None:
        conditions.append(qdrant_edge.HasIdCondition(set(where.chunk_ids)))
    conditions += [
        qdrant_edge.FieldCondition("labels", match=qdrant_edge.MatchValue(label))
        for label in where.labels
    ]
    if where.since is not None or where.until is not None:
        span = qdrant_edge.RangeFloat(gte=where.since, lt=where.until)
        conditions.append(qdrant_edge.FieldCondition("time", range=span))
    if not where.except_document_ids:
        return qdrant_edge.Filter(must=conditions) if conditions else None
    others = qdrant_edge.MatchAny(list(where.except_document_ids))
    unwanted = qdrant_edge.FieldCondition("document_id", match=others)
    return qdrant_edge.Filter(must=conditions, must_not=[unwanted])


def _is_of(user_id: str) -> qdrant_edge.FieldCondition:
    return qdrant_edge.FieldCondition("user_id", match=qdrant_edge.MatchValue(user_id))


def _is_damage(error: BaseException) -> bool:
    """Tell errors of the shard, which are plain `Exception`s and, from a Rust panic,
    `PanicException`s outside that class, from an interrupt of the process."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"
