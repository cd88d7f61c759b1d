"""Writes one answer: passages, prompt, stream, citations, end."""

import logging
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Final

from backend.chat.citations import Embed, cite
from backend.chat.events import AnswerEnded, AnswerFailed, Publish
from backend.chat.evidence import WEAK_EVIDENCE, evidence, is_task
from backend.chat.followups import depends_on_earlier, expand
from backend.chat.memory import MemoryRecall, memory_block
from backend.chat.models import BUILTIN_MODEL, ModelCatalog
from backend.chat.prompts import all_fit, build_turns
from backend.chat.retrieval import (
    Chosen,
    Search,
    Source,
    chosen_documents,
    find_everything,
    find_sources,
)
from backend.chat.rewriting import rewrite
from backend.chat.running import RunningAnswer
from backend.config import Config
from backend.db.repositories import documents, memory, messages
from backend.db.repositories.messages import MessageRecord
from backend.db.session import Database
from backend.errors import DocChatError, InternalError, ProviderError
from backend.llm.base import ChatRequest, Event, TextDelta, Usage
from backend.log_context import current_fields

logger = logging.getLogger(__name__)

NOTHING_CHOSEN: Final = (
    "The documents and collections chosen for this conversation are empty or deleted, so there "
    "was nothing to search. Choose others, or all documents, and ask again."
)

# More passages than this are not looked at as a whole, whatever the prompt would take.
MOST_WHOLE: Final = 48


class AnswerWriter:
    """Carries an answer from its question to its end. No database session outlives a step."""

    def __init__(
        self,
        database: Database,
        config: Config,
        catalog: ModelCatalog,
        search: Search,
        embed: Embed,
        recall: MemoryRecall,
        publish: Publish,
    ) -> None:
        self._database = database
        self._history_messages = config.chat_history_messages
        self._max_characters = config.prompt_max_characters
        self._min_evidence = config.answer_min_evidence
        self._rewrite_timeout_s = config.question_rewrite_timeout_s
        self._catalog = catalog
        self._search = search
        self._embed = embed
        self._recall = recall
        self._publish = publish

    def write(
        self,
        answer: RunningAnswer,
        question: MessageRecord,
        model: str,
        chosen: Chosen,
    ) -> None:
        """Fill `answer` until its text is complete or somebody else has ended it.

        Raises:
            ProviderError: the model's provider failed.
            Unavailable: the search index cannot be reached.
        """
        user_id = question.user_id
        with self._database.db_session() as session:
            history = messages.history(session, user_id, question.parent_id, self._history_messages)
            has_documents = bool(documents.list_page(session, user_id, 1)[0])
            document_ids = chosen_documents(session, user_id, chosen)
            passages = documents.passage_count(session, user_id, document_ids)
        if document_ids == ():
            answer.no_answer = True
            answer.append(NOTHING_CHOSEN)
            return
        query = self._resolve(question, model, history)
        recalled = self._recall.recall(question, query)
        remembered, answer.memories = memory_block(recalled.memories)
        answer.memories_state = recalled.state
        sources = []
        if has_documents:
            sources = self._find(question, query, bool(history), document_ids, passages or 0)
        # The built-in quotes cannot do tasks: their answer to one is none.
        is_judged = has_documents and (model == BUILTIN_MODEL or not is_task(question.content))
        told = max((memory.relevance for memory in answer.memories), default=0.0)
        is_told = told >= self._min_evidence
        is_weak = is_judged and not is_told and evidence(sources) < self._min_evidence
        turns, answer.sources = build_turns(
            question.content,
            sources,
            history,
            has_documents=has_documents,
            is_evidence_weak=is_weak,
            max_characters=self._max_characters,
            remembered=remembered,
        )
        is_weak = has_documents and (is_weak or not (answer.sources or is_told))
        provider, name = self._catalog.open(user_id, model)
        request = ChatRequest(
            model=name,
            turns=turns,
            question=question.content,
            passages=[source.to_passage() for source in answer.sources],
            memories=[each.to_turn() for each in answer.memories],
            has_documents=has_documents,
            is_evidence_weak=is_weak,
        )
        if is_weak:
            answer.no_answer = True
            answer.append(f"{WEAK_EVIDENCE}\n\n")
        if answer.ended:
            return
        with closing(provider.stream(request)) as events:
            _copy(events, answer)

    def _resolve(
        self, question: MessageRecord, model: str, history: Sequence[MessageRecord]
    ) -> str:
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

    def _find(
        self,
        question: MessageRecord,
        query: str,
        has_history: bool,
        document_ids: Sequence[str] | None,
        passages: int,
    ) -> list[Source]:
        """Return everything there is to read if the model can take it, else the best of it."""
        if 0 < passages <= MOST_WHOLE:
            whole = find_everything(
                self._search, question.user_id, query, document_ids, passages=passages
            )
            if whole is not None and all_fit(
                question.content,
                whole,
                has_history=has_history,
                max_characters=self._max_characters,
            ):
                return whole
        return find_sources(self._search, question.user_id, query, document_ids)

    def finish(
        self,
        answer: RunningAnswer,
        status: str,
        problem: Exception | None,
        *,
        thoroughly: bool,
    ) -> None:
        """Check the ended answer's citations, save it, publish its end.

        What is published is an `AnswerFailed` if there is a problem or it cannot be saved.
        """
        if problem is not None:
            self._fail(answer, problem)
            return
        try:
            message = self._save(answer, status, thoroughly=thoroughly)
        except Exception as error:  # noqa: BLE001 - `_fail` logs it
            self._fail(answer, error)
            return
        logger.info("answer ended", extra={"status": status, "model": message.model})
        self._publish(message.user_id, AnswerEnded(message))

    def _save(self, answer: RunningAnswer, status: str, *, thoroughly: bool) -> MessageRecord:
        embed = self._embed if thoroughly else None
        content, citations = cite(answer.read(), answer.sources, embed)
        user_id = answer.message.user_id
        with self._database.db_transaction() as session:
            # What was forgotten while the answer was written does not come back with it.
            recalled_ids = {each.message_id for each in answer.memories}
            kept = memory.still_remembered(session, user_id, recalled_ids)
            return messages.finish(
                session,
                user_id,
                answer.message.id,
                content=content,
                status=status,
                citations=[citation.to_wire() for citation in citations],
                memories=[each.to_wire() for each in answer.memories if each.message_id in kept],
                memories_state=answer.memories_state,
                no_answer=answer.no_answer,
                metering=answer.metering,
            )

    def _fail(self, answer: RunningAnswer, problem: Exception) -> None:
        message = answer.message
        error = problem if isinstance(problem, DocChatError) else InternalError()
        level = logging.WARNING if isinstance(problem, DocChatError) else logging.ERROR
        logger.log(level, "answer failed", extra={"code": error.code}, exc_info=problem)
        request_id = current_fields().get("request_id")
        try:
            with self._database.db_transaction() as session:
                messages.finish(
                    session,
                    message.user_id,
                    message.id,
                    content=answer.read(),
                    status="failed",
                    error=error.to_wire(request_id),
                    memories_state=answer.memories_state,
                    no_answer=answer.no_answer,
                    metering=answer.metering,
                )
        except Exception:
            # The row stays `streaming` until the engine next meets it and finds it abandoned.
            logger.exception("the end of an answer could not be saved")
        self._publish(
            message.user_id,
            AnswerFailed(message.conversation_id, message.id, error, request_id),
        )


def _copy(events: Iterable[Event], answer: RunningAnswer) -> None:
    """Append the stream's text to the answer; return early if somebody else has ended it."""
    empty = True
    for event in events:
        if isinstance(event, TextDelta):
            if not answer.append(event.text):
                return
            empty = False
        elif isinstance(event, Usage):
            answer.metering = replace(
                answer.metering,
                input_tokens=event.input_tokens,
                output_tokens=event.output_tokens,
            )
        else:
            answer.metering = replace(answer.metering, stop_reason=event.reason)
    if empty:
        raise ProviderError("The model answered with nothing. Try again or choose another model.")
