"""Embedding a document: by the serving model when it is new, by the next one afterwards."""

import logging
from collections.abc import Callable

from backend.config import Config
from backend.db.repositories import (
    chunks,
    document_embeddings,
    documents,
    embedding_models,
    index_tasks,
    ingest_jobs,
)
from backend.db.repositories.documents import READY, SETTLED, DocumentRecord
from backend.db.repositories.embedding_models import ModelRecord, ModelsInUse
from backend.db.repositories.index_tasks import UPSERT_CHUNKS, UPSERT_NEXT
from backend.db.repositories.ingest_jobs import JobRecord
from backend.db.session import Database
from backend.embedding_models import EmbeddingModels
from backend.errors import EmbeddingRefused, EmbeddingUnavailable
from backend.ingest.budget import Budget
from backend.ingest.embedding import PassageEmbedder
from backend.ingest.queue import IngestQueue, TurnOver
from backend.store.embeddings import Embedder

logger = logging.getLogger(__name__)

_PROBE = "lighthouse"  # a text that every model takes


class EmbeddingStage:
    """Computes missing vectors, each batch committed as soon as it is there.

    Both methods raise TurnOver to let others go first, or because the models have changed
    meanwhile, and LeaseLost when the job was canceled, deleted or taken over.
    """

    def __init__(
        self,
        config: Config,
        database: Database,
        models: EmbeddingModels,
        queue: IngestQueue,
        budget: Budget,
    ) -> None:
        self._batch_chunks = config.embedding_batch_chunks
        self._max_attempts = config.ingest_max_attempts
        self._database = database
        self._models = models
        self._queue = queue
        self._budget = budget
        self._embedders: dict[ModelRecord, Embedder] = {}

    def close(self) -> None:
        """Release the embedding models."""
        self._keep_only(())

    def embed(self, job: JobRecord) -> None:
        """Embed what a new document still lacks; afterwards it is `ready`.

        By the serving model, so that it is found by meaning at once. If that does not embed
        after all attempts, which may be why it is being replaced, by the next one.

        Raises:
            EmbeddingUnavailable, EmbeddingRefused: no model embeds it.
        """
        models = self._models.load()
        if models.next is None:
            self._embed_first(job, models.serving)
            return
        try:
            self._embed_first(job, models.serving)
        except (EmbeddingUnavailable, EmbeddingRefused) as error:
            may_retry = isinstance(error, EmbeddingUnavailable)
            if may_retry and job.attempts < self._max_attempts:
                raise
            logger.warning("the serving model does not embed, the next one does")
            self._embed_first(job, models.next)

    def embed_again(self, job: JobRecord) -> None:
        """Embed a settled document by the model that every document is to be embedded by.

        The document stays as it is meanwhile.

        Raises:
            EmbeddingUnavailable: that model embeds nothing just now.
            EmbeddingRefused: its server takes everything but this document.
        """
        models = self._models.load()
        document = self._load(job)
        if document is None or document.status not in SETTLED:
            return
        model = models.target
        try:
            self._embed_passages(
                job,
                document,
                model,
                operation=UPSERT_NEXT if models.next else UPSERT_CHUNKS,
                # Of one that failed or was canceled only these are found by meaning now.
                of_other_models=document.status != READY,
                is_anybody_waiting=self._queue.has_anybody,
            )
        except EmbeddingRefused:
            self._check_that_it_embeds(model)
            raise
        with self._queue.transaction(job) as session:
            if embedding_models.load(session).target.name != model.name:
                raise TurnOver
            ingest_jobs.finish(session, document.id, self._queue.owner)
            document_embeddings.complete(session, document.id, model.name)
        logger.info("document embedded anew", extra={"model": model.name})

    def _embed_first(self, job: JobRecord, model: ModelRecord) -> None:
        document = self._load(job)
        if document is None:
            return
        if self._queue.has_newcomer():
            raise TurnOver
        with self._queue.transaction(job) as session:
            done = chunks.count(session, document.id, embedded_by=model.name)
            documents.resume_stage(session, document.id, done, document.chunk_count or 0)
        self._embed_passages(
            job, document, model, done=done, is_anybody_waiting=self._queue.has_newcomer
        )
        with self._queue.transaction(job) as session:
            models = embedding_models.load(session)
            if model.name not in models.names():
                raise TurnOver
            ingest_jobs.finish(session, document.id, self._queue.owner)
            documents.finish(session, document.id, model.name)
            if models.target.name != model.name:
                self._queue.enqueue_again(session, job, document.size_bytes)
        logger.info("document ready", extra={"chunks": document.chunk_count})

    def _embed_passages(
        self,
        job: JobRecord,
        document: DocumentRecord,
        model: ModelRecord,
        *,
        is_anybody_waiting: Callable[[], bool],
        operation: str = UPSERT_CHUNKS,
        of_other_models: bool = False,
        done: int | None = None,
    ) -> None:
        """Embed the passages that lack vectors of `model`.

        `done` of them had vectors before; None shows no progress on the document's row.
        """
        self._budget.begin_embedding()
        embedder = self._embedder_of(model)
        passages = PassageEmbedder(embedder, document.filename)
        first_ordinal = 0
        while True:
            if is_anybody_waiting():
                raise TurnOver
            with self._database.db_session() as session:
                batch = chunks.load_unembedded(
                    session,
                    document.id,
                    model.name,
                    first_ordinal,
                    self._batch_chunks,
                    of_other_models=of_other_models,
                )
                digests = {chunk.text_sha256 for chunk in batch if chunk.text_sha256}
                known = chunks.load_known(session, document.user_id, model.name, digests)
            if not batch:
                return
            self._budget.tick()
            passages.learn(known)
            embedded = passages.embed(batch, self._budget.tick)
            first_ordinal = batch[-1].ordinal + 1
            with self._queue.transaction(job) as session:
                if model.name not in embedding_models.load(session).names():
                    raise TurnOver
                chunks.save_vectors(session, model.name, embedded)
                index_tasks.add_upsert(
                    session,
                    document.user_id,
                    document.id,
                    batch[0].ordinal,
                    batch[-1].ordinal,
                    operation,
                )
                if done is not None:
                    done += len(batch)
                    documents.set_progress(session, document.id, done)
                ingest_jobs.note_progress(session, document.id, self._queue.owner)

    def _check_that_it_embeds(self, model: ModelRecord) -> None:
        """Tell a server that refuses one document from one that refuses everything.

        Raises:
            EmbeddingUnavailable: it embeds nothing, for example because the key is wrong.
        """
        try:
            self._embedder_of(model).embed([_PROBE])
        except EmbeddingRefused as error:
            raise EmbeddingUnavailable(error.message) from error

    def _embedder_of(self, model: ModelRecord) -> Embedder:
        embedder = self._embedders.get(model)
        if embedder is None:
            self._keep_only(self._models.load())
            embedder = self._embedders[model] = self._models.open(model)
        return embedder

    def _keep_only(self, models: ModelsInUse | tuple[()]) -> None:
        """Release the models that are no longer in use."""
        wanted = () if isinstance(models, tuple) else (models.serving, models.target)
        for model in [model for model in self._embedders if model not in wanted]:
            self._embedders.pop(model).close()

    def _load(self, job: JobRecord) -> DocumentRecord | None:
        with self._database.db_session() as session:
            return documents.load_for_ingest(session, job.document_id)
