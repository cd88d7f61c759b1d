"""Names a conversation after its first question, and better once a model has answered it."""

import logging
import re
import threading
from contextvars import copy_context
from typing import Final

from backend.chat.brief import ask_briefly
from backend.chat.events import ConversationChanged, Publish
from backend.chat.models import BUILTIN_MODEL, ModelCatalog
from backend.chat.wording import one_line
from backend.db.repositories import conversations, messages
from backend.db.repositories.messages import MessageRecord
from backend.db.session import Database
from backend.errors import DocChatError
from backend.llm.base import ChatRequest, Turn

logger = logging.getLogger(__name__)

MAX_CHARACTERS: Final = 60

_INSTRUCTIONS: Final = """\
Write a title for the conversation that begins with this question and answer: two to six words, \
in the language of the question, without quotation marks and without a full stop at its end. \
Write nothing but the title."""
_MOST_AT_A_TIME: Final = 8
_MAX_READ_CHARACTERS: Final = 1_000  # of the question and of the answer
_MAX_WRITTEN_CHARACTERS: Final = 300
_MAX_TOKENS: Final = 1_000  # some models think before they write
# One exchange, and nothing asked again.
_FIRST_ANSWER: Final = 2

_LABEL: Final = re.compile(r"^\s*(?:title|titel|titre|título|titolo)\s*:", re.IGNORECASE)
# Controls, directions of writing, and marks of citations.
_UNWANTED: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]|\[\d+\]"
)
_MARKUP: Final = re.compile(r"^[#>*\-\s]+|[`*_]{1,3}(?=\S)|(?<=\S)[`*_]{1,3}")


class TitleWriter:
    """Asks for a conversation's title once, behind its first answer. Safe from any thread."""

    def __init__(
        self, database: Database, catalog: ModelCatalog, publish: Publish, timeout_s: float
    ) -> None:
        """`timeout_s`: how long the model may take; 0: it is not asked."""
        self._database = database
        self._catalog = catalog
        self._publish = publish
        self._timeout_s = timeout_s
        self._places = threading.BoundedSemaphore(_MOST_AT_A_TIME)

    def consider(self, answer: MessageRecord) -> None:
        """Begin to look for a better title if `answer` is the first one; returns at once."""
        is_of_a_model = answer.model is not None and answer.model != BUILTIN_MODEL
        if not (self._timeout_s and is_of_a_model and answer.status == "complete"):
            return
        if not self._places.acquire(blocking=False):
            logger.info("no title asked for: too many at a time")
            return
        thread = threading.Thread(
            target=copy_context().run, args=(self._run, answer), name="title", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:  # the system gives no more threads
            self._places.release()

    def _run(self, answer: MessageRecord) -> None:
        """Write one title: the outermost frame of its thread."""
        try:
            self._write(answer)
        except DocChatError as error:
            logger.info("no better title", extra={"code": error.code})
        except Exception:
            logger.exception("no better title")
        finally:
            self._places.release()

    def _write(self, answer: MessageRecord) -> None:
        user_id, conversation_id = answer.user_id, answer.conversation_id
        with self._database.db_session() as session:
            conversation = conversations.get(session, user_id, conversation_id)
            if conversation.title_source != "question" or answer.parent_id is None:
                return
            if conversation.message_count != _FIRST_ANSWER:
                return
            question = messages.get(session, user_id, answer.parent_id)
        provider, name = self._catalog.open(user_id, answer.model or "")
        said = "\n\n".join(
            text[:_MAX_READ_CHARACTERS] for text in (question.content, answer.content)
        )
        request = ChatRequest(
            model=name,
            turns=[Turn("system", _INSTRUCTIONS), Turn("user", said)],
            question=question.content,
            has_documents=False,
            max_output_tokens=_MAX_TOKENS,
        )
        written = ask_briefly(
            provider, request, timeout_s=self._timeout_s, max_characters=_MAX_WRITTEN_CHARACTERS
        )
        title = title_from_model(written or "")
        if title is None:
            logger.info("no better title", extra={"model": answer.model})
            return
        with self._database.db_transaction() as session:
            conversation = conversations.lock(session, user_id, conversation_id)
            if conversation.title_source != "question":
                return  # somebody has named it meanwhile
            conversation = conversations.change(
                session, user_id, conversation_id, title=title, title_source="model"
            )
        self._publish(user_id, ConversationChanged(conversation))


def title_from_model(text: str) -> str | None:
    """Return what a model wrote as a title, on one line without markup; None: it is none."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) != 1:
        return None
    title = _UNWANTED.sub("", _MARKUP.sub("", lines[0]))
    title = one_line(_LABEL.sub("", title)).strip(" \"'“”„«»‘’`*_#").rstrip(" .:;,")
    # No database stores NUL or half a surrogate pair.
    title = title.encode(errors="ignore").decode()
    if not any(map(str.isalnum, title)) or len(title) > MAX_CHARACTERS:
        return None
    return title


def title_from_question(question: str) -> str:
    """Return the question's beginning on one line, cut between words."""
    title = one_line(_MARKUP.sub("", question)) or one_line(question)
    if len(title) <= MAX_CHARACTERS:
        return title
    cut = title[: MAX_CHARACTERS - 1]
    words, _, _ = cut.rpartition(" ")
    return f"{(words or cut).rstrip(' ,;:.-')}…"
