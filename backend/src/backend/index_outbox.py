"""The tasks of a search index that wait in the database, for the one process that leads."""

from collections.abc import Sequence

from backend.db.leadership import Leadership
from backend.db.repositories import embedding_models, index_tasks
from backend.db.session import Database
from backend.store.indexer import IndexTask


class IndexOutbox:
    """The half of an `IndexSource` that is the same whatever the index holds."""

    def __init__(
        self, database: Database, embedding_model: str, *, subject: str, leadership_key: int
    ) -> None:
        """Look after the tasks of `subject`.

        Args:
            leadership_key: any number, the same in every server process, another for each subject.
        """
        self._database = database
        self._embedding_model = embedding_model
        self._subject = subject
        self._leadership = Leadership(database, leadership_key)

    def leads(self) -> bool:
        """Return whether this process carries out the tasks; only while the indexer pauses."""
        return self._leadership.holds()

    def next_tasks(self, limit: int) -> list[IndexTask]:
        """Return the oldest tasks; none unless this process leads and its model serves."""
        if not self.leads():
            return []
        with self._database.db_session() as session:
            if embedding_models.is_retired(session, self._embedding_model):
                return []  # another process has switched; this one is about to follow
        self._add_tasks()
        with self._database.db_session() as session:
            records = index_tasks.waiting(session, limit, subject=self._subject)
        return [
            IndexTask(
                id=record.id,
                operation=record.operation,
                document_id=record.document_id,
                user_id=record.user_id,
                first_ordinal=record.first_ordinal,
                last_ordinal=record.last_ordinal,
            )
            for record in records
        ]

    def finish(self, tasks: Sequence[IndexTask]) -> None:
        """Forget tasks that have been carried out."""
        with self._database.db_transaction() as session:
            index_tasks.remove(session, [task.id for task in tasks])

    def close(self) -> None:
        """Let another server process carry out the tasks."""
        self._leadership.release()

    def _add_tasks(self) -> None:
        """Add tasks that whoever wrote the rows left to be added."""
