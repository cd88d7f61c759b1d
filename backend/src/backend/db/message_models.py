"""The tables of what was said, cut for search; as in `db.models`."""

from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.models import ID, Base
from backend.db.types import new_id


class MessagePassage(Base):
    """A message or, of a long one, a part: the unit of search in what was said."""

    __tablename__ = "message_passages"
    __table_args__ = (
        Index(
            "uq_message_passages_conversation_id_ordinal", "conversation_id", "ordinal", unique=True
        ),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    message_id: Mapped[str] = mapped_column(
        ID, ForeignKey("messages.id", ondelete="CASCADE"), index=True
    )
    conversation_id: Mapped[str] = mapped_column(
        ID, ForeignKey("conversations.id", ondelete="CASCADE")
    )
    user_id: Mapped[str] = mapped_column(ID, ForeignKey("users.id", ondelete="CASCADE"))
    ordinal: Mapped[int]  # from 0, in the order in which the conversation's messages ended
    start: Mapped[int]  # of this passage in the message's text
    end: Mapped[int]
    sentences: Mapped[list[Any]]  # [[start, end], …] in the passage's text


class MessageVector(Base):
    """What one embedding model made of a message's passage."""

    __tablename__ = "message_vectors"

    passage_id: Mapped[str] = mapped_column(
        ID, ForeignKey("message_passages.id", ondelete="CASCADE"), primary_key=True
    )
    embedding_model: Mapped[str] = mapped_column(primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)  # float32, unit length
