"""What the tests of a change of the embedding model ask."""

from backend.config import Config
from backend.db.session import Database
from backend.files import FileStore
from backend.maintenance.doctor import Doctor
from backend.maintenance.index_access import OpenedIndex
from backend.search_stack import SearchStack
from backend.secret_box import open_secret_box
from backend.store.search import SearchResult

# In other words than the text's: only a model that knows both finds it.
QUESTION, ANSWER = "Wo liegt der fünfte Turm?", "Tower 5 stands on cape 35."


class House:
    """A server's search, without its threads, on the rows of the test."""

    def __init__(self, config: Config, database: Database, user_id: str) -> None:
        self.config = config
        self.database = database
        self.files = FileStore(config.files_dir)
        self.stack = SearchStack(config, database, self.files, grace_s=0)
        self.user_id = user_id
        self.stack.drain()

    def find(self, query: str = QUESTION, limit: int | None = None) -> list[SearchResult]:
        return self.stack.search(user_id=self.user_id, query=query, limit=limit)

    def is_found_by_meaning(self, query: str = QUESTION, answer: str = ANSWER) -> bool:
        """Return whether the best hit is the answer, found without any word of it."""
        best = self.find(query)[0]
        return (
            answer in best.chunk.text
            and best.keyword_score == 0
            and best.sentence_cosine is not None
            and best.sentence_cosine > 0.98
        )

    def advance(self) -> None:
        """Let pass what a server does in a second: its indexer's work, and a step of a change."""
        self.stack.drain()
        self.stack.advance_change()
        self.stack.drain()

    def findings(self) -> list[str]:
        secrets = open_secret_box(self.config.secret_key_path)
        doctor = Doctor(self.database, self.files, OpenedIndex(self.stack), secrets, is_alone=True)
        return [finding.sentence for finding in doctor.examine().findings]

    def indexed_models(self) -> float:
        """Return how many models have indexes: one of documents and one of messages each."""
        return len(list(self.config.index_dir.iterdir())) / 2
