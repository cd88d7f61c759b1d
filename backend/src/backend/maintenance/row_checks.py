"""Looks for rows that cannot be right."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from backend.clock import utc_now
from backend.db.repositories import (
    consistency,
    documents,
    embedding_models,
    index_tasks,
    ingest_jobs,
    message_passages,
    messages,
)
from backend.db.repositories.consistency import Miscounted, Suspect
from backend.db.session import Database
from backend.maintenance.findings import Finding

# Beside a running server these last a moment: only what is older is wrong.
_PATIENCE: Final = timedelta(seconds=60)
_VECTORS_PER_TRANSACTION: Final = 500


class RowChecks:
    """The checks that need the database alone."""

    def __init__(self, database: Database, *, is_alone: bool) -> None:
        """`is_alone`: no server is running that could have work in hand."""
        self._database = database
        self._patience = timedelta() if is_alone else _PATIENCE
        self._is_alone = is_alone

    def find(self) -> list[Finding]:
        """Return what is wrong."""
        now = utc_now()
        with self._database.db_session() as session:
            return [
                *self._jobs(session, now),
                *self._deletions(session, now),
                *self._answers(session, now),
                *self._contents(session),
                *self._vectors(session),
                *self._outbox(session, now),
            ]

    def _jobs(self, session: Session, now: datetime) -> Iterator[Finding]:
        for suspect in consistency.documents_without_job(session):
            yield Finding(
                "document_without_job",
                suspect.document_id,
                f"“{suspect.filename}” is being taken in, but no job does it.",
                self._change(_queue_again, suspect),
            )
        for document_id in consistency.jobs_without_document(session):
            yield Finding(
                "job_without_document",
                document_id,
                f"There is a job for the document {document_id}, which does not exist.",
                self._change(consistency.remove_job, document_id),
            )
        # An expired lease waits its turn like any other job, as long as some worker works.
        if self._is_alone or not consistency.is_any_lease_held(session, now):
            for suspect in consistency.expired_leases(session, now - self._patience):
                yield Finding(
                    "expired_lease",
                    suspect.document_id,
                    f"The worker that read “{suspect.filename}” is gone.",
                    self._change(consistency.end_lease, suspect.document_id, now),
                )

    def _deletions(self, session: Session, now: datetime) -> Iterator[Finding]:
        for document_id, user_id in consistency.unfinished_deletions(session, now - self._patience):
            yield Finding(
                "unfinished_deletion",
                document_id,
                f"The document {document_id} was deleted, but is not gone.",
                self._change(index_tasks.add_delete, user_id, document_id),
            )

    def _answers(self, session: Session, now: datetime) -> Iterator[Finding]:
        since = now - self._patience
        for message_id in consistency.streaming_messages(session, since):
            yield Finding(
                "unfinished_answer",
                message_id,
                f"The answer {message_id} counts as being written, but nobody writes it.",
                self._change(messages.interrupt_streaming, since),
            )

    def _contents(self, session: Session) -> Iterator[Finding]:
        for found in consistency.miscounted(session):
            document = found.document
            yield Finding(
                "wrong_count",
                document.document_id,
                f"“{document.filename}” {_count_sentence(found)}",
                self._change(documents.retry, document.user_id, document.document_id),
            )
        for suspect in consistency.without_vectors(session):
            yield Finding(
                "passage_without_vector",
                suspect.document_id,
                f"“{suspect.filename}” is ready, but some of its passages are not embedded.",
                self._change(documents.embed_again, suspect.user_id, suspect.document_id),
            )

    def _vectors(self, session: Session) -> Iterator[Finding]:
        for model in embedding_models.unknown_names(session):
            yield Finding(
                "leftover_vectors",
                model,
                f"There are vectors of the model {model}, which is not in use.",
                partial(self._remove_vectors, model),
            )

    def _remove_vectors(self, model: str) -> None:
        after: str | None = ""
        while after is not None:
            with self._database.db_transaction() as session:
                after = embedding_models.remove_vectors(
                    session, model, after, _VECTORS_PER_TRANSACTION
                )
        removed = 1
        while removed:
            with self._database.db_transaction() as session:
                removed = message_passages.remove_vectors(session, model, _VECTORS_PER_TRANSACTION)

    def _outbox(self, session: Session, now: datetime) -> Iterator[Finding]:
        oldest = consistency.oldest_task(session)
        if oldest is not None and oldest <= now - self._patience:
            yield Finding(
                "index_behind",
                "outbox",
                f"{index_tasks.count(session)} committed changes have not reached the index.",
                lambda: None,  # the index carries them after all repairs
            )

    def _change(self, action: Callable[..., object], *arguments: object) -> Callable[[], None]:
        return partial(self._apply, action, *arguments)

    def _apply(self, action: Callable[..., object], *arguments: object) -> None:
        with self._database.db_transaction() as session:
            action(session, *arguments)


def _queue_again(session: Session, suspect: Suspect) -> None:
    ingest_jobs.enqueue(
        session, suspect.user_id, suspect.document_id, suspect.size_bytes, utc_now()
    )


def _count_sentence(found: Miscounted) -> str:
    if found.chunks == 0:
        return "is ready, but has no text."
    return (
        f"has {found.pages} pages and {found.chunks} passages; "
        f"its row says {found.page_count} and {found.chunk_count}."
    )
