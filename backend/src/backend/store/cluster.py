"""The search index on a Qdrant server or cluster, shared by several server processes.

The same points as in `store.edge`; keyword weights are computed here, by the same encoder.
The contract suite runs against qdrant-client's local mode, which answers the same calls
in this process. It has not run against a real server.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from qdrant_client import QdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException

from backend.config import Config
from backend.errors import Unavailable
from backend.store.base import FloatVector, Hit, IndexPoint, SearchFilter, SearchIndex
from backend.store.keywords import PARAGRAPH_WORDS, KeywordEncoder

_SCHEMA: Final = 2  # raise it when points of older versions no longer serve
_DENSE: Final = "dense"
_KEYWORDS: Final = "bm25"
_TIMEOUT_S: Final = 10
_ALL_DOCUMENTS: Final = 10_000_000


def connect(config: Config) -> QdrantClient:
    """Return a client for QDRANT_URL; connects only when first used."""
    return QdrantClient(
        url=config.qdrant_url,
        api_key=config.qdrant_api_key.get_secret_value() or None,
        timeout=_TIMEOUT_S,
        check_compatibility=False,  # it would connect now, and only warn
    )


class ClusterIndex(SearchIndex):
    """One collection for each embedding model, dimension and schema version.

    Whether it is complete stands in the collection's metadata (Qdrant 1.16 or newer).
    """

    def __init__(
        self, client: QdrantClient, key: str, dimension: int, usual_words: int = PARAGRAPH_WORDS
    ) -> None:
        """Open the collection of the model that `key` stands for, or make it.

        `usual_words` as for `KeywordEncoder`.

        Raises:
            Unavailable: the cluster cannot be reached or refuses the key.
        """
        self._client = client
        self._collection = f"{_prefix(key)}{dimension}"
        self._dimension = dimension
        self._encoder = KeywordEncoder(usual_words)
        with _reaching_the_cluster():
            if not client.collection_exists(self._collection):
                self._create()
            metadata = client.get_collection(self._collection).config.metadata or {}
        self._needs_rebuild = metadata.get("complete") is not True

    @property
    def needs_rebuild(self) -> bool:
        return self._needs_rebuild

    def rebuild_enqueued(self) -> None:
        with _reaching_the_cluster():
            self._client.update_collection(self._collection, metadata={"complete": True})
        self._needs_rebuild = False

    def upsert(self, points: Sequence[IndexPoint]) -> None:
        if not points:
            return
        with _reaching_the_cluster():
            self._client.upsert(self._collection, [self._point(p) for p in points], wait=True)

    def delete_document(self, document_id: str) -> None:
        selector = models.FilterSelector(
            filter=models.Filter(must=[_equals("document_id", document_id)])
        )
        with _reaching_the_cluster():
            self._client.delete(self._collection, selector, wait=True)

    def search_keywords(self, query: str, where: SearchFilter, limit: int) -> list[Hit]:
        words = self._encoder.query(query)
        if not words.indices:
            return []
        # How rare a word is, is counted among the asking user's own passages.
        corpus = models.IdfCorpusParams(corpus=_filter(SearchFilter(where.user_id)))
        vector = models.SparseVector(indices=words.indices, values=words.values)
        return self._nearest(vector, _KEYWORDS, where, limit, models.SearchParams(idf=corpus))

    def search_dense(self, vector: FloatVector, where: SearchFilter, limit: int) -> list[Hit]:
        return self._nearest(vector.tolist(), _DENSE, where, limit, None)

    def count(self, where: SearchFilter | None = None) -> int:
        if where is not None and () in (where.document_ids, where.chunk_ids):
            return 0
        with _reaching_the_cluster():
            return self._client.count(
                self._collection, count_filter=None if where is None else _filter(where)
            ).count

    def count_by_document(self, *, with_vector: bool = False) -> dict[str, int]:
        embedded = models.Filter(must=[models.HasVectorCondition(has_vector=_DENSE)])
        with _reaching_the_cluster():
            found = self._client.facet(
                self._collection,
                "document_id",
                facet_filter=embedded if with_vector else None,
                limit=_ALL_DOCUMENTS,
                exact=True,
            )
        return {str(hit.value): hit.count for hit in found.hits}

    def reset(self) -> None:
        self._needs_rebuild = True
        with _reaching_the_cluster():
            self._client.delete_collection(self._collection)
            self._create()

    def flush(self) -> None:
        """Do nothing: a server keeps its own house."""

    def compact(self, share: float) -> None:
        """Do nothing, as in `flush`."""

    def close(self) -> None:
        self._client.close()

    def _nearest(
        self,
        query: list[float] | models.SparseVector,
        using: str,
        where: SearchFilter,
        limit: int,
        params: models.SearchParams | None,
    ) -> list[Hit]:
        if () in (where.document_ids, where.chunk_ids):
            return []
        with _reaching_the_cluster():
            found = self._client.query_points(
                self._collection,
                query=query,
                using=using,
                query_filter=_filter(where),
                search_params=params,
                limit=limit,
                with_payload=False,
            )
        return [Hit(str(point.id), point.score) for point in found.points]

    def _point(self, point: IndexPoint) -> models.PointStruct:
        words = self._encoder.passage(point.keyword_text, point.context)
        vectors: dict[str, models.Vector] = {
            _KEYWORDS: models.SparseVector(indices=words.indices, values=words.values)
        }
        if point.vector is not None:
            vectors[_DENSE] = point.vector.tolist()
        payload: dict[str, Any] = {"user_id": point.user_id, "document_id": point.document_id}
        if point.labels:
            payload["labels"] = list(point.labels)
        if point.time is not None:
            payload["time"] = point.time
        return models.PointStruct(id=point.id, vector=vectors, payload=payload)

    def _create(self) -> None:
        self._client.create_collection(
            self._collection,
            vectors_config={
                _DENSE: models.VectorParams(size=self._dimension, distance=models.Distance.COSINE)
            },
            sparse_vectors_config={
                _KEYWORDS: models.SparseVectorParams(modifier=models.Modifier.IDF)
            },
        )
        tenant = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
        keyword = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD)
        self._client.create_payload_index(self._collection, "user_id", tenant)
        self._client.create_payload_index(self._collection, "document_id", keyword)
        self._client.create_payload_index(self._collection, "labels", keyword)
        integer = models.IntegerIndexParams(type=models.IntegerIndexType.INTEGER)
        self._client.create_payload_index(self._collection, "time", integer)


def remove_collections(client: QdrantClient, key: str) -> None:
    """Remove the collections of the model that `key` stands for.

    Raises:
        Unavailable: the cluster cannot be reached or refuses the key.
    """
    with _reaching_the_cluster():
        for collection in client.get_collections().collections:
            if collection.name.startswith(_prefix(key)):
                client.delete_collection(collection.name)


def _prefix(key: str) -> str:
    return f"docchat_v{_SCHEMA}_{key}_"


@contextmanager
def _reaching_the_cluster() -> Iterator[None]:
    try:
        yield
    except (ApiException, QdrantException) as error:
        raise Unavailable(
            "The search index cannot be reached. Check QDRANT_URL, QDRANT_API_KEY and the "
            "network, then try again."
        ) from error


def _filter(where: SearchFilter) -> models.Filter:
    conditions: list[models.Condition] = [_equals("user_id", where.user_id)]
    if where.document_ids is not None:
        conditions.append(
            models.FieldCondition(
                key="document_id", match=models.MatchAny(any=list(where.document_ids))
            )
        )
    if where.chunk_ids is not None:
        conditions.append(models.HasIdCondition(has_id=list(where.chunk_ids)))
    conditions += [_equals("labels", label) for label in where.labels]
    if where.since is not None or where.until is not None:
        span = models.Range(gte=where.since, lt=where.until)
        conditions.append(models.FieldCondition(key="time", range=span))
    if not where.except_document_ids:
        return models.Filter(must=conditions)
    others = models.MatchAny(any=list(where.except_document_ids))
    unwanted = models.FieldCondition(key="document_id", match=others)
    return models.Filter(must=conditions, must_not=[unwanted])


def _equals(key: str, value: str) -> models.FieldCondition:
    return models.FieldCondition(key=key, match=models.MatchValue(value=value))
