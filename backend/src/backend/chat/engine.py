"""The answer engine: every answer is a job of the server, independent of any connection."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.chat.answering import AnswerWriter
from backend.chat.branches import find_sent, parent_of_next
from backend.chat.citations import Embed
from backend.chat.elsewhere import OtherWriters, settle
from backend.chat.events import AnswerEnded, AnswerStarted, ConversationChanged, Publish
from backend.chat.jobs import AnswerJobs, Task
from backend.chat.memory import (
    MemoryRecall,
    SearchMessages,
    is_allowed,
    is_to_be_remembered,
)
from backend.chat.models import BUILTIN_MODEL, ModelCatalog
from backend.chat.publisher import HEARTBEAT_S
from backend.chat.retrieval import Search
from backend.chat.running import RunningAnswer
from backend.chat.titles import title_from_question
from backend.clock import utc_now
from backend.config import Config
from backend.db.repositories import conversations, messages, users
from backend.db.repositories.conversations import ConversationRecord
from backend.db.repositories.messages import STREAMING, MessageRecord
from backend.db.session import Database
from backend.errors import Busy, TooManyAnswers, ValidationFailed
from backend.periodic import Periodic

logger = logging.getLogger(__name__)

_ABANDONED_AFTER: Final = timedelta(seconds=4 * HEARTBEAT_S)
# How long a stop waits for an end that is just being saved.
_CLOSING_DEADLINE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Started:
    """The messages of an answer that has begun."""

    user_message_id: str
    assistant_message_id: str


# Whether a message with this switch of its own may be recalled later.
_MayRemember = Callable[[bool | None], bool]
# Adds or finds the user's message inside the transaction that begins its answer.
_FindQuestion = Callable[[Session, ConversationRecord, _MayRemember], MessageRecord]


class AnswerEngine:
    """Begins, stops and resumes answers. Safe to use from any thread."""

    def __init__(
        self,
        database: Database,
        config: Config,
        catalog: ModelCatalog,
        search: Search,
        embed: Embed,
        publish: Publish,
        search_messages: SearchMessages,
    ) -> None:
        """Build the engine; `start` begins its background work."""
        self._database = database
        self._config = config
        self._publish = publish
        recall = MemoryRecall(database, config, search_messages)
        self._check_model = catalog.check_model
        writer = AnswerWriter(database, config, catalog, search, embed, recall, publish)
        self._jobs = AnswerJobs(database, config, writer, publish)
        self._others = OtherWriters(database, publish)
        self._settling = Periodic("abandoned-answers", HEARTBEAT_S, self.settle_abandoned)

    def start(self) -> None:
        """Settle what an earlier process left unfinished and begin background work."""
        if self._config.is_shared:
            self.settle_abandoned()
            self._settling.start()
        else:
            with self._database.db_transaction() as session:
                count = messages.interrupt_streaming(session)
            if count:
                logger.warning("answers were interrupted by the last stop", extra={"count": count})
        self._jobs.start()

    def stop(self) -> None:
        """End all answers as `interrupted`, their text kept, and all background work."""
        self._others.close()
        self._settling.stop(timeout_s=1)
        self._jobs.stop()

    def is_answering(self) -> bool:
        """Tell whether answers are being written in this process."""
        return bool(self._jobs.running())

    def settle_abandoned(self) -> None:
        """Interrupt what other server processes left behind when they died, and tell of it."""
        with self._database.db_session() as session:
            found = messages.list_untouched(session, utc_now() - _ABANDONED_AFTER)
        for message in found:
            if self._is_abandoned(message):
                logger.warning("an answer was abandoned", extra={"message_id": message.id})
                self._settle(message)

    def ask(
        self,
        user_id: str,
        *,
        conversation_id: str,
        text: str,
        model: str,
        parent_id: str | None = None,
        client_id: str | None = None,
        memory_enabled: bool | None = None,
        document_ids: Sequence[str] | None = None,
        collection_ids: Sequence[str] | None = None,
    ) -> Started:
        """Store a question and begin its answer.

        Args:
            parent_id: the answer it follows; None: the conversation's newest.
            client_id: the client's own id of this question; sent again, nothing happens
                and the first result is returned.
            memory_enabled: for this message alone; False: nothing is recalled for it, and
                neither it nor its answer is remembered. None: as the conversation has it.
            document_ids, collection_ids: change the conversation, unless None.

        Raises:
            ValidationFailed: the text is empty or too long, or `parent_id` is no answer.
            UnknownModel: no provider offers such a model.
            NotFound: the conversation, the parent, a document or a collection is not the user's.
            Busy: an answer is being written in this conversation.
            TooManyAnswers: the user has as many running answers as one may have.
            Unavailable: too many answers are being written in all, or the database cannot be
                written to.
        """
        text = self._checked_text(text)
        self._check_model(model)

        def add_question(
            session: Session, conversation: ConversationRecord, may_remember: _MayRemember
        ) -> MessageRecord:
            is_unnamed = conversation.title_source == "default"
            if is_unnamed or document_ids is not None or collection_ids is not None:
                conversations.change(
                    session,
                    user_id,
                    conversation_id,
                    title=title_from_question(text) if is_unnamed else None,
                    title_source="question",
                    document_ids=document_ids,
                    collection_ids=collection_ids,
                )
            return messages.add(
                session,
                user_id=user_id,
                conversation_id=conversation_id,
                parent_id=parent_of_next(session, user_id, conversation_id, parent_id),
                role="user",
                content=text,
                client_id=client_id,
                memory_enabled=memory_enabled,
                is_remembered=may_remember(memory_enabled),
            )

        return self._begin(user_id, conversation_id, model, add_question, client_id)

    def edit(
        self,
        user_id: str,
        *,
        message_id: str,
        text: str,
        model: str | None = None,
        client_id: str | None = None,
    ) -> Started:
        """Ask an earlier question in other words, as a new branch beside it.

        Raises as `ask`; ValidationFailed also when the message is no question.
        """
        text = self._checked_text(text)
        with self._database.db_session() as session:
            edited = messages.get(session, user_id, message_id)
            answer = messages.first_answer(session, user_id, message_id)
        if edited.role != "user":
            raise _invalid(message_id="Only your own messages can be edited.")
        model = model or (answer and answer.model) or BUILTIN_MODEL
        self._check_model(model)

        def add_question(
            session: Session, _conversation: ConversationRecord, may_remember: _MayRemember
        ) -> MessageRecord:
            own_switch = edited.memory_enabled
            return messages.add(
                session,
                user_id=user_id,
                conversation_id=edited.conversation_id,
                parent_id=edited.parent_id,
                role="user",
                content=text,
                client_id=client_id,
                memory_enabled=own_switch,
                is_remembered=may_remember(own_switch),
            )

        return self._begin(user_id, edited.conversation_id, model, add_question, client_id)

    def regenerate(
        self,
        user_id: str,
        *,
        message_id: str,
        model: str | None = None,
        client_id: str | None = None,
    ) -> Started:
        """Answer again, beside the answer `message_id`; `model` defaults to the same.

        Raises as `ask`; ValidationFailed also when the message is no answer.
        """
        with self._database.db_session() as session:
            old = messages.get(session, user_id, message_id)
        if old.role != "assistant" or old.parent_id is None:
            raise _invalid(message_id="Only answers can be written again.")
        parent_id = old.parent_id
        model = model or old.model or BUILTIN_MODEL
        self._check_model(model)
        return self._begin(
            user_id,
            old.conversation_id,
            model,
            lambda session, *_: messages.get(session, user_id, parent_id),
            client_id,
            answer_client_id=client_id,
        )

    def stop_answer(self, user_id: str, message_id: str) -> None:
        """End a running answer as `stopped`; nothing happens if it has ended.

        Raises:
            NotFound: there is no such message of this user.
        """
        answer = self._jobs.find(message_id)
        with self._database.db_session() as session:
            message = messages.get(session, user_id, message_id)
        if answer is not None:
            self._jobs.close(answer, "stopped")
            answer.closed.wait(_CLOSING_DEADLINE_S)
        elif message.status != STREAMING or self._jobs.unsaved.find(message_id):
            return
        elif self._is_abandoned(message):
            self._settle(message)
        else:
            self._others.stop(message)

    def stop_answers(self, user_id: str, conversation_id: str) -> None:
        """End whatever is being written in the conversation."""
        for answer in self._jobs.running():
            message = answer.message
            if (message.user_id, message.conversation_id) == (user_id, conversation_id):
                self._jobs.close(answer, "stopped")

    def resume(self, user_id: str, message_id: str) -> MessageRecord:
        """Return the message with all its text so far; what is published later follows it.

        Raises:
            NotFound: there is no such message of this user.
        """
        answer = self._jobs.find(message_id)
        with self._database.db_session() as session:
            message = messages.get(session, user_id, message_id)
        if message.status != STREAMING:
            return message
        if answer is not None:
            return replace(message, content=answer.read())
        if (unsaved := self._jobs.unsaved.find(message_id)) is not None:
            return unsaved.shown_on(message)
        if self._is_abandoned(message):
            return self._settle(message)
        return self._others.text_so_far(message)

    def _begin(
        self,
        user_id: str,
        conversation_id: str,
        model: str,
        find_question: _FindQuestion,
        client_id: str | None = None,
        answer_client_id: str | None = None,
    ) -> Started:
        try:
            begun = self._store(
                user_id, conversation_id, model, find_question, client_id, answer_client_id
            )
        except IntegrityError:
            # Another connection stored the same client_id at the same moment.
            with self._database.db_session() as session:
                sent = find_sent(session, user_id, client_id)
            if sent is None:
                raise
            return Started(sent[0].id, sent[1].id)
        if isinstance(begun, Started):
            return begun
        message = begun.answer.message
        for ended in begun.settled:
            self._publish(user_id, AnswerEnded(ended))
        self._publish(user_id, ConversationChanged(begun.conversation))
        self._publish(user_id, AnswerStarted(conversation_id, message.id, model))
        self._jobs.launch(begun.answer, Task(begun.question, model, begun.conversation))
        return Started(begun.question.id, message.id)

    def _store(
        self,
        user_id: str,
        conversation_id: str,
        model: str,
        find_question: _FindQuestion,
        client_id: str | None,
        answer_client_id: str | None,
    ) -> "_Begun | Started":
        """Commit the question and its empty answer together; what was sent before is returned."""
        answer: RunningAnswer | None = None
        try:
            with self._database.db_transaction() as session:
                users.lock(session, user_id)
                conversation = conversations.lock(session, user_id, conversation_id)
                sent = find_sent(session, user_id, client_id)
                if sent is not None:
                    return Started(sent[0].id, sent[1].id)
                settled = self._require_idle(session, user_id, conversation_id)
                may_remember = partial(
                    is_to_be_remembered,
                    conversation,
                    is_allowed=is_allowed(session, user_id, self._config.memory_enabled),
                )
                question = find_question(session, conversation, may_remember)
                message = messages.add(
                    session,
                    user_id=user_id,
                    conversation_id=conversation_id,
                    parent_id=question.id,
                    role="assistant",
                    status=STREAMING,
                    model=model,
                    memory_enabled=question.memory_enabled,
                    # The built-in quotes only repeat documents and what was said.
                    is_remembered=model != BUILTIN_MODEL and may_remember(question.memory_enabled),
                    client_id=answer_client_id,
                )
                conversation = conversations.touch(session, user_id, conversation_id)
                # Registered before the commit: a committed row that is not is abandoned.
                answer = self._jobs.register(message)
                return _Begun(conversation, question, answer, settled)
        except BaseException:
            if answer is not None:
                self._jobs.discard(answer)
            raise

    def _require_idle(
        self, session: Session, user_id: str, conversation_id: str
    ) -> list[MessageRecord]:
        """Make sure that another answer may be begun.

        Settles what nobody writes any more and returns that of which nobody has been told.
        """
        running = 0
        settled = []
        for streaming in messages.list_streaming(session, user_id):
            is_here = streaming.conversation_id == conversation_id
            unsaved = self._jobs.unsaved.find(streaming.id)
            if unsaved is not None:
                if is_here:
                    unsaved.save(session)
            elif self._is_abandoned(streaming):
                if is_here:
                    settled.append(_interrupt(session, streaming))
            elif is_here:
                raise Busy(details={"message_id": streaming.id})
            else:
                running += 1
        limit = self._config.chat_max_running_per_user
        if running >= limit:
            raise TooManyAnswers(
                f"{running} of your answers are being written, as many as one may have. Wait for "
                "one or stop one.",
                retry_after_s=5,
                details={"limit": limit},
            )
        return settled

    def _is_abandoned(self, message: MessageRecord) -> bool:
        """Tell whether nobody writes an answer any more that its row says is being written.

        Happens when the server process writing it died while others live on.
        """
        if message.status != STREAMING or self._jobs.knows(message.id):
            return False
        return not self._config.is_shared or message.updated_at < utc_now() - _ABANDONED_AFTER

    def _settle(self, message: MessageRecord) -> MessageRecord:
        return settle(self._database, self._publish, message, "interrupted")

    def _checked_text(self, text: str) -> str:
        # No database stores NUL or half a surrogate pair; an emoji cut in two leaves the latter.
        text = text.replace("\x00", "").encode(errors="replace").decode().strip()
        if not text:
            raise _invalid(message="Write a message first.")
        if len(text) > self._config.message_max_characters:
            limit = self._config.message_max_characters
            raise _invalid(message=f"The message is too long: at most {limit} characters.")
        return text


@dataclass(frozen=True, slots=True)
class _Begun:
    """A stored question whose answer waits for its thread."""

    conversation: ConversationRecord
    question: MessageRecord
    answer: RunningAnswer
    settled: Sequence[MessageRecord]


def _interrupt(session: Session, message: MessageRecord) -> MessageRecord:
    return messages.finish(
        session, message.user_id, message.id, content=message.content, status="interrupted"
    )


def _invalid(**details: str) -> ValidationFailed:
    return ValidationFailed(" ".join(details.values()), details=details)
