"""A change of the embedding model, as far as it concerns the search index.

The worker embeds every document by the next model (`ingest/reembedding.py`) while the serving
one answers. Then, here: an index of the new vectors is filled beside the serving one, the
models' roles are exchanged in one transaction, and what is left of the former model is
removed. Each step begins anew after a crash, and the roles alone say which steps are to come.
"""

import logging
import threading
import time
from dataclasses import dataclass
from typing import Final

from backend.clock import utc_now
from backend.db.repositories import chunks, embedding_models, message_passages, reembedding
from backend.db.repositories.embedding_models import ModelRecord
from backend.db.repositories.index_tasks import UPSERT_NEXT
from backend.search_parts import Foundation, SearchParts
from backend.store.registry import DOCUMENTS, MESSAGES, remove_index

logger = logging.getLogger(__name__)

# Every server process looks for a switch each second, and answers that it has begun go on
# with the former model: what belongs to it may go only after this time.
GRACE_S: Final = 60.0
_DOCUMENTS_PER_READ: Final = 100
_VECTORS_PER_TRANSACTION: Final = 500
_PAUSE_BETWEEN_REMOVALS_S: Final = 0.01  # others may write
_PAUSE_BETWEEN_EMBEDDINGS_S: Final = 0.05  # questions are embedded, too
_LAST: Final = "~"  # behind every id


@dataclass(slots=True)
class _Stage:
    """The next model's parts while their index is being filled, up to which document."""

    parts: SearchParts
    after_document_id: str = ""
    after_conversation_id: str = ""
    is_filled: bool = False


class EmbeddingChange:
    """Takes the steps of a change; called by one thread at a time."""

    def __init__(
        self, foundation: Foundation, stopping: threading.Event, grace_s: float = GRACE_S
    ) -> None:
        self._foundation = foundation
        self._stopping = stopping
        self._grace_s = grace_s
        self._stage: _Stage | None = None
        self._former: list[tuple[float, SearchParts]] = []

    def advance(self, serving: SearchParts) -> SearchParts | None:
        """Take the steps that are due; return the parts that serve from now on, if others do.

        The caller then hands those that served to `retire`.

        Raises:
            DocChatError: an index or a model cannot be reached; call again later.
        """
        self._close_former(self._grace_s)
        models = self._foundation.models.load()
        if models.serving.name != serving.embedder.name:  # another process has switched
            for indexer in (serving.indexer, serving.messages.indexer):
                with indexer.paused():
                    indexer.finish()
            self._drop_stage(serving)
            return SearchParts.open(self._foundation, models.serving)
        if not _leads(serving):
            self._drop_stage(serving)
            return None
        self._remove_retired(models.retired)
        if models.next is None or not self._is_embedded(models.next):
            return None
        stage = self._stage_for(serving, models.next)
        if self._stopping.is_set() or not self._fill(serving, stage):
            return None
        return self._switch(serving, stage)

    def retire(self, parts: SearchParts) -> None:
        """Close these parts when the searches that use them are over."""
        parts.end_indexing()
        self._former.append((time.monotonic(), parts))

    def close(self, serving: SearchParts | None) -> None:
        """Release everything but the serving parts."""
        self._drop_stage(serving)
        self._close_former(0.0)

    def _is_embedded(self, model: ModelRecord) -> bool:
        with self._foundation.database.db_session() as session:
            return reembedding.is_complete(session, model.name)

    def _stage_for(self, serving: SearchParts, model: ModelRecord) -> _Stage:
        """Return the index to be filled, which takes part in every further task."""
        if self._stage is not None and self._stage.parts.embedder.name == model.name:
            return self._stage
        self._drop_stage(serving)
        # Tasks passed by an index that an earlier process has filled: it begins anew.
        parts = SearchParts.open(self._foundation, model, anew=True)
        serving.indexer.add_second(parts.index, parts.rows)
        serving.messages.indexer.add_second(parts.messages.index, parts.messages.rows)
        self._stage = _Stage(parts)
        logger.info("filling the index of the next model", extra={"model": model.name})
        return self._stage

    def _fill(self, serving: SearchParts, stage: _Stage) -> bool:
        """Bring all committed passages into the stage's indexes; return whether that is done.

        What was said is embedded here by the next model: that takes a model that is loaded, not
        a worker that may be busy with documents.
        """
        while stage.parts.messages.embedding.embed_some(UPSERT_NEXT):
            if self._stopping.wait(_PAUSE_BETWEEN_EMBEDDINGS_S):
                return False
        while not stage.is_filled:
            with self._foundation.database.db_session() as session:
                extents = chunks.extents(session, stage.after_document_id, _DOCUMENTS_PER_READ)
            for document_id, last_ordinal in extents:
                serving.indexer.fill(document_id, last_ordinal)
                if self._stopping.is_set():
                    return False
                stage.after_document_id = document_id
            with self._foundation.database.db_session() as session:
                said = message_passages.extents(
                    session, stage.after_conversation_id, _DOCUMENTS_PER_READ
                )
            for conversation_id, last_ordinal in said:
                serving.messages.indexer.fill(conversation_id, last_ordinal)
                if self._stopping.is_set():
                    return False
                stage.after_conversation_id = conversation_id
            stage.is_filled = not extents and not said
        return True

    def _switch(self, serving: SearchParts, stage: _Stage) -> SearchParts | None:
        """Let the stage's model serve, unless something is still to be embedded or indexed."""
        with serving.indexer.paused(), serving.messages.indexer.paused():
            if not serving.rows.leads() or not serving.messages.rows.leads():
                return None
            for index in (stage.parts.index, stage.parts.messages.index):
                index.flush()
                index.rebuild_enqueued()
            with self._foundation.database.db_transaction() as session:
                if not reembedding.switch(session, stage.parts.embedder.name):
                    return None
            serving.indexer.finish()
            serving.messages.indexer.finish()
        self._stage = None
        logger.info("the next embedding model serves", extra={"model": stage.parts.embedder.name})
        return stage.parts

    def _drop_stage(self, serving: SearchParts | None) -> None:
        if self._stage is None:
            return
        if serving is not None:
            serving.indexer.remove_second()
            serving.messages.indexer.remove_second()
        self._stage.parts.close()
        self._stage = None

    def _close_former(self, after_s: float) -> None:
        now = time.monotonic()
        for since, parts in list(self._former):
            if now - since >= after_s:
                self._former.remove((since, parts))
                parts.close()

    def _remove_retired(self, retired: tuple[ModelRecord, ...]) -> None:
        in_use = {parts.embedder.name for _, parts in self._former}
        for model in retired:
            age_s = (utc_now() - model.changed_at).total_seconds()
            if age_s >= self._grace_s and model.name not in in_use:
                for subject in (DOCUMENTS, MESSAGES):
                    remove_index(self._foundation.config, model.name, subject)
                self._remove_vectors(model.name)

    def _remove_vectors(self, name: str) -> None:
        """Remove a retired model's vectors, few at a time, and at last its row."""
        after: str | None = ""
        while after is not None and not self._stopping.wait(_PAUSE_BETWEEN_REMOVALS_S):
            with self._foundation.database.db_transaction() as session:
                if not embedding_models.is_retired(session, name):
                    return  # it is the next one again
                after = embedding_models.remove_vectors(
                    session, name, after, _VECTORS_PER_TRANSACTION
                )
                if after is None and message_passages.remove_vectors(
                    session, name, _VECTORS_PER_TRANSACTION
                ):
                    after = _LAST
                if after is None:
                    embedding_models.forget(session, name)
        if after is None:
            logger.info("vectors of a former model removed", extra={"model": name})


def _leads(parts: SearchParts) -> bool:
    """Tell whether this process carries out the tasks of both indexes."""
    with parts.indexer.paused(), parts.messages.indexer.paused():
        return parts.rows.leads() and parts.messages.rows.leads()
