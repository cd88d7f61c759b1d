"""Rows of `prompt_templates`, as records: texts a user keeps to ask with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.clock import utc_now
from backend.db.models import PromptTemplate
from backend.db.repositories.collections import name_key
from backend.errors import Conflict, InvalidRequest, NotFound

MAX_TEMPLATES: Final = 200


@dataclass(frozen=True, slots=True)
class PromptTemplateRecord:
    """A template; `{{name}}` in its text is asked for when it is used."""

    id: str
    user_id: str
    name: str
    text: str
    created_at: datetime
    updated_at: datetime


def create(session: Session, user_id: str, name: str, text: str) -> PromptTemplateRecord:
    """Add a template.

    Raises:
        Conflict: the user has one of this name, or MAX_TEMPLATES.
    """
    count = session.scalar(
        select(func.count()).select_from(PromptTemplate).where(PromptTemplate.user_id == user_id)
    )
    if (count or 0) >= MAX_TEMPLATES:
        raise Conflict(f"There are {MAX_TEMPLATES} templates already. Delete one first.")
    now = utc_now()
    row = PromptTemplate(
        user_id=user_id,
        name=name,
        name_key=name_key(name),
        text=text,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    _flush_name(session)
    return _record(row)


def list_page(
    session: Session, user_id: str, limit: int, cursor: str | None = None
) -> tuple[list[PromptTemplateRecord], str | None]:
    """Return up to `limit` templates by name, and the next cursor if there are more.

    The cursor is the id of the last template returned.

    Raises:
        InvalidRequest: there is no such template any more.
    """
    query = select(PromptTemplate).where(PromptTemplate.user_id == user_id)
    if cursor is not None:
        query = query.where(PromptTemplate.name_key > _key_of(session, user_id, cursor))
    rows = session.scalars(query.order_by(PromptTemplate.name_key).limit(limit + 1)).all()
    records = [_record(row) for row in rows[:limit]]
    return records, records[-1].id if len(rows) > limit else None


def change(
    session: Session,
    user_id: str,
    template_id: str,
    *,
    name: str | None = None,
    text: str | None = None,
) -> PromptTemplateRecord:
    """Set what is not None and return the result.

    Raises:
        NotFound: there is no such template of this user.
        Conflict: another one of the user has this name.
    """
    row = _row(session, user_id, template_id)
    if name is not None:
        row.name, row.name_key = name, name_key(name)
    if text is not None:
        row.text = text
    row.updated_at = utc_now()
    _flush_name(session)
    return _record(row)


def remove(session: Session, user_id: str, template_id: str) -> None:
    """Delete a template.

    Raises:
        NotFound: there is no such template of this user.
    """
    session.delete(_row(session, user_id, template_id))
    session.flush()


def _row(session: Session, user_id: str, template_id: str) -> PromptTemplate:
    row = session.scalars(
        select(PromptTemplate).where(
            PromptTemplate.id == template_id, PromptTemplate.user_id == user_id
        )
    ).one_or_none()
    if row is None:
        raise NotFound("This template does not exist, or it is not yours.")
    return row


def _key_of(session: Session, user_id: str, template_id: str) -> str:
    try:
        return _row(session, user_id, template_id).name_key
    except NotFound:
        raise InvalidRequest("This cursor is not valid. Start again without it.") from None


def _flush_name(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError:
        sentence = "You have a template of this name. Choose another name."
        raise Conflict(sentence, details={"name": sentence}) from None


def _record(row: PromptTemplate) -> PromptTemplateRecord:
    return PromptTemplateRecord(
        id=row.id,
        user_id=row.user_id,
        name=row.name,
        text=row.text,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
