"""Writes one answer: passages, prompt, stream, citations, end."""

import logging
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from typing import Final

from backend.chat.asking import load_asking
from backend.chat.budget import Budget, PromptLimits, in_characters
from backend.chat.citations import Embed, cite
from backend.chat.events import AnswerEnded, AnswerFailed, Publish
from backend.chat.evidence import WEAK_EVIDENCE, evidence, is_task
from backend.chat.finding import Job, SourceFinder
from backend.chat.memory import MemoryRecall
from backend.chat.models import BUILTIN_MODEL, ModelCatalog
from backend.chat.prompts import Prompt, build_prompt
from backend.chat.retrieval import Search, chosen_documents
from backend.chat.running import RunningAnswer
from backend.chat.titles import TitleWriter
from backend.chat.unsaved import FailedEnd
from backend.config import Config
from backend.db.repositories import documents, memory, messages
from backend.db.repositories.conversations import ConversationRecord
from backend.db.repositories.messages import MessageRecord
from backend.db.session import Database
from backend.errors import (
    AlreadyEnded,
    ContextTooLong,
    DocChatError,
    InternalError,
    NotFound,
    ProviderError,
)
from backend.llm.base import ChatRequest, Event, Provider, TextDelta, Usage
from backend.log_context import current_fields

logger = logging.getLogger(__name__)

NOTHING_CHOSEN: Final = (
    "The documents and collections chosen for this conversation are empty or deleted, so there "
    "was nothing to search. Choose others, or all documents, and ask again."
)

_WEAK_OPENING: Final = f"{WEAK_EVIDENCE}\n\n"


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
        self._limits = PromptLimits(config.prompt_max_characters, config.prompt_max_tokens)
        self._min_evidence = config.answer_min_evidence
        self._catalog = catalog
        self._finder = SourceFinder(config, catalog, search)
        self._embed = embed
        self._recall = recall
        self._publish = publish
        self._titles = TitleWriter(database, catalog, publish, config.conversation_title_timeout_s)

    def write(
        self,
        answer: RunningAnswer,
        question: MessageRecord,
        model: str,
        conversation: ConversationRecord,
    ) -> None:
        """Fill `answer` until its text is complete or somebody else has ended it.

        Raises:
            ContextTooLong: the question alone is more than the model takes.
            ProviderError: the model's provider failed.
            Unavailable: the search index cannot be reached.
        """
        user_id = question.user_id
        with self._database.db_session() as session:
            asking = load_asking(session, conversation, model)
            history = messages.history(session, user_id, question.parent_id, self._history_messages)
            has_documents = documents.any_exists(session, user_id)
            document_ids = chosen_documents(session, conversation)
            passages = documents.passage_count(session, user_id, document_ids)
        if document_ids == ():
            answer.no_answer = True
            answer.append(NOTHING_CHOSEN)
            return
        query = self._finder.resolve(question, model, history)
        recalled = self._recall.recall(question, query)
        answer.memories_state = recalled.state
        job = Job(
            question,
            model,
            history,
            asking,
            query,
            has_documents,
            document_ids,
            passages or 0,
            recalled.memories,
        )
        provider, name, window = self._catalog.open_with_window(user_id, model)
        budget = self._budget(job, window)
        prompt = self._build(job, budget)
        try:
            self._stream(answer, job, prompt, provider, name)
        except ContextTooLong:
            # Our estimate was too low, or the window is smaller than its provider says.
            shorter = self._build(job, budget.smaller_than(prompt.used))
            lacks_all = bool(prompt.sources) and not shorter.sources
            if answer.read() not in ("", _WEAK_OPENING) or lacks_all or shorter.used >= prompt.used:
                raise
            logger.warning("prompt too long, trying a shorter one", extra={"model": model})
            self._stream(answer, job, shorter, provider, name, is_retry=True)

    def _budget(self, job: Job, window: int | None) -> Budget:
        limits, asking = self._limits, job.asking
        if job.model == BUILTIN_MODEL:  # quotes whatever is found, however long the question
            return in_characters(limits.characters + len(job.question.content))
        return limits.of_window(window, asking.max_answer_tokens, asking.token_ratio)

    def _build(self, job: Job, budget: Budget) -> Prompt:
        """Find passages and build the prompt."""
        sources = self._finder.find(job, budget) if job.has_documents else []
        told = max((each.relevance for each in job.memories), default=0.0)
        is_told = told >= self._min_evidence
        is_weak = evidence(sources) < self._min_evidence
        if job.model == BUILTIN_MODEL and is_told and is_weak:
            sources = []  # quotes that do not answer must not stand before the one that does
        # The built-in quotes cannot do tasks: their answer to one is none.
        is_judged = job.model == BUILTIN_MODEL or not is_task(job.question.content)
        return build_prompt(
            job.question.content,
            sources,
            job.history,
            has_documents=job.has_documents,
            budget=budget,
            instructions=job.instructions,
            memories=job.memories,
            is_told=is_told,
            is_evidence_weak=job.has_documents and is_judged and not is_told and is_weak,
        )

    def _stream(
        self,
        answer: RunningAnswer,
        job: Job,
        prompt: Prompt,
        provider: Provider,
        name: str,
        *,
        is_retry: bool = False,
    ) -> None:
        answer.sources, answer.memories = prompt.sources, prompt.memories
        if job.model != BUILTIN_MODEL:
            answer.metering = prompt.metering(is_retry=is_retry)
        if prompt.is_evidence_weak and not answer.no_answer:
            answer.no_answer = True
            answer.append(_WEAK_OPENING)
        request = ChatRequest(
            model=name,
            turns=prompt.turns,
            question=job.question.content,
            passages=[source.to_passage() for source in prompt.sources],
            memories=[each.to_turn() for each in prompt.memories],
            has_documents=job.has_documents,
            is_evidence_weak=prompt.is_evidence_weak,
            temperature=job.asking.temperature,
            max_output_tokens=job.asking.max_answer_tokens,
        )
        if answer.ended:
            return
        with closing(provider.stream(request)) as events:
            _copy(events, answer)

    def finish(
        self,
        answer: RunningAnswer,
        status: str,
        problem: Exception | None,
        *,
        thoroughly: bool,
    ) -> FailedEnd | None:
        """Check the ended answer's citations, save it, publish its end.

        What is published is an `AnswerFailed` if there is a problem or it cannot be saved, and
        nothing if another process has ended it. Returns what is still to be saved.
        """
        if problem is not None:
            return self._fail(answer, problem)
        try:
            message = self._save(answer, status, thoroughly=thoroughly)
        except AlreadyEnded:
            logger.warning("answer was ended elsewhere")
            return None
        except Exception as error:  # noqa: BLE001 - `_fail` logs it
            return self._fail(answer, error)
        logger.info("answer ended", extra={"status": status, "model": message.model})
        self._publish(message.user_id, AnswerEnded(message))
        self._titles.consider(message)
        return None

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

    def _fail(self, answer: RunningAnswer, problem: Exception) -> FailedEnd | None:
        message = answer.message
        error = problem if isinstance(problem, DocChatError) else InternalError()
        if isinstance(problem, DocChatError):
            # Without the trace: a provider's own words in it may repeat the key it was sent.
            cause = type(problem.__cause__ or problem).__name__
            logger.warning("answer failed", extra={"code": error.code, "cause": cause})
        else:
            logger.error("answer failed", extra={"code": error.code}, exc_info=problem)
        request_id = current_fields().get("request_id")
        end = FailedEnd(
            message.user_id,
            message.id,
            answer.read(),
            error.to_wire(request_id),
            answer.no_answer,
            answer.metering,
            answer.memories_state,
        )
        try:
            with self._database.db_transaction() as session:
                end.save(session)
            is_saved = True
        except AlreadyEnded:
            return None
        except NotFound:
            is_saved = True  # there is nothing left to be saved
        except Exception:
            logger.exception("the end of an answer could not be saved; trying again")
            is_saved = False
        self._publish(
            message.user_id,
            AnswerFailed(message.conversation_id, message.id, error, request_id),
        )
        return None if is_saved else end


def _copy(events: Iterable[Event], answer: RunningAnswer) -> None:
    """Append the stream's text to the answer; return early if somebody else has ended it."""
    empty = True
    finished = False
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
            finished = True
            answer.metering = replace(answer.metering, stop_reason=event.reason)
    if not finished:
        raise ProviderError("The provider broke off in mid-answer. Try again.")
    if empty:
        raise ProviderError("The model answered with nothing. Try again or choose another model.")
