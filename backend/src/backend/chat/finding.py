"""What to search for, and how much of what is found an answer is given."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.chat.asking import Asking
from backend.chat.budget import Budget
from backend.chat.followups import depends_on_earlier, expand
from backend.chat.memory import Memory
from backend.chat.models import BUILTIN_MODEL, ModelCatalog
from backend.chat.prompts import all_fit
from backend.chat.retrieval import Search, Source, find_everything, find_sources
from backend.chat.rewriting import rewrite
from backend.config import Config
from backend.db.repositories.messages import MessageRecord


@dataclass(frozen=True, slots=True)
class Job:
    """One question with all that is known before anything is searched."""

    question: MessageRecord
    model: str
    history: Sequence[MessageRecord]
    asking: Asking
    query: str  # what to search for
    has_documents: bool
    document_ids: Sequence[str] | None
    passages: int  # how many there are to read
    memories: Sequence[Memory]  # what other conversations hold of it

    @property
    def instructions(self) -> str:
        """The standing instructions; the built-in quotes take none, also no room for them."""
        return "" if self.model == BUILTIN_MODEL else self.asking.instructions


class SourceFinder:
    """Finds an answer's passages. No database session is open meanwhile."""

    def __init__(self, config: Config, catalog: ModelCatalog, search: Search) -> None:
        self._rewrite_timeout_s = config.question_rewrite_timeout_s
        # A search knows the relevance of so many passages at least.
        self._most_whole = config.rag_candidates
        self._catalog = catalog
        self._search = search

    def resolve(self, question: MessageRecord, model: str, history: Sequence[MessageRecord]) -> str:
        """Return what to search for: a follow-up together with what it refers to."""
        text = question.content
        earlier = [message.content for message in history if message.role == "user"]
        if not earlier or not depends_on_earlier(text):
            return text
        rewritten = None
        if model != BUILTIN_MODEL and self._rewrite_timeout_s:
            provider, name = self._catalog.open(question.user_id, model)
            rewritten = rewrite(provider, name, text, earlier, self._rewrite_timeout_s)
        return rewritten or expand(text, earlier)

    def find(self, job: Job, budget: Budget) -> list[Source]:
        """Return everything there is to read if the model can take it, else the best of it."""
        user_id = job.question.user_id
        if 0 < job.passages <= self._most_whole:
            whole = find_everything(
                self._search, user_id, job.query, job.document_ids, passages=job.passages
            )
            if whole is not None and all_fit(
                job.question.content,
                whole,
                has_history=bool(job.history),
                budget=budget,
                instructions=job.instructions,
                memories=job.memories,
            ):
                return whole
        return find_sources(self._search, user_id, job.query, job.document_ids)
