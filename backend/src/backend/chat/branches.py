"""A conversation is a tree: edits and repeated answers are siblings, nothing is overwritten."""

from sqlalchemy.orm import Session

from backend.db.repositories import messages
from backend.db.repositories.messages import MessageRecord
from backend.errors import NotFound, ValidationFailed


def parent_of_next(
    session: Session, user_id: str, conversation_id: str, parent_id: str | None
) -> str | None:
    """Return the message a new question follows: the answer `parent_id`, else the newest one.

    None if the conversation is empty.

    Raises:
        NotFound: `parent_id` is not in the conversation.
        ValidationFailed: `parent_id` is no answer.
    """
    if parent_id is None:
        return messages.newest_id(session, user_id, conversation_id)
    parent = messages.get(session, user_id, parent_id)
    if parent.conversation_id != conversation_id:
        raise NotFound
    if parent.role != "assistant":
        problem = "A question can only follow an answer."
        raise ValidationFailed(problem, details={"parent_id": problem})
    return parent.id


def find_sent(
    session: Session, user_id: str, client_id: str | None
) -> tuple[MessageRecord, MessageRecord] | None:
    """Return what the client sent before under this id: a question, and its answer.

    A question's id leads to its first answer; a repeated answer has an id of its own.
    """
    if client_id is None:
        return None
    sent = messages.find_by_client_id(session, user_id, client_id)
    if sent is None:
        return None
    if sent.role == "assistant" and sent.parent_id is not None:
        return messages.get(session, user_id, sent.parent_id), sent
    answer = messages.first_answer(session, user_id, sent.id)
    return None if answer is None else (sent, answer)
