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
        newest = messages.newest(session, user_id, conversation_id)
        return None if newest is None else newest.id
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
    """Return the question the client sent before under this id, and its first answer."""
    if client_id is None:
        return None
    question = messages.find_by_client_id(session, user_id, client_id)
    if question is None:
        return None
    answer = messages.first_answer(session, user_id, question.id)
    return None if answer is None else (question, answer)
