"""The tables. Repositories turn rows into plain records; nobody else sees these classes.

Every row that belongs to somebody carries `user_id`. Offsets count Unicode code points.
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
    func,
    select,
    text,
    true,
    type_coerce,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, deferred, mapped_column

from backend.db.types import JoinedIds, JsonColumn, UTCDateTime, new_id

ID = String(36)
SHA256 = String(64)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UTCDateTime(),
        dict[str, Any]: JsonColumn,
        list[Any]: JsonColumn,
        str: Text(),
    }


def table_of(model: type[Base]) -> Table:
    """Return a model's table. Statements on it go without the ORM's bookkeeping, which takes
    longer than SQLite takes for the statement itself."""
    return Base.metadata.tables[model.__tablename__]


def _owner() -> Mapped[str]:
    return mapped_column(ID, ForeignKey("users.id", ondelete="CASCADE"), index=True)


class User(Base):
    __tablename__ = "users"

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    username: Mapped[str]
    username_key: Mapped[str] = mapped_column(unique=True)  # NFKC and case-folded
    password_hash: Mapped[str]
    role: Mapped[str]  # admin, user
    created_at: Mapped[datetime]


class AuthSession(Base):
    __tablename__ = "auth_sessions"

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    user_id: Mapped[str] = _owner()
    token_sha256: Mapped[str] = mapped_column(SHA256, unique=True)
    user_agent: Mapped[str]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Invite(Base):
    __tablename__ = "invites"

    code_sha256: Mapped[str] = mapped_column(SHA256, primary_key=True)
    user_id: Mapped[str] = _owner()  # who invited
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiKey(Base):
    __tablename__ = "api_keys"

    user_id: Mapped[str] = mapped_column(
        ID, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    provider: Mapped[str] = mapped_column(String(32), primary_key=True)
    key_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    hint: Mapped[str | None]  # the key's last four characters
    base_url: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class UserPreferences(Base):
    __tablename__ = "user_preferences"

    user_id: Mapped[str] = mapped_column(
        ID, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    system_prompt: Mapped[str | None]
    memory_enabled: Mapped[bool | None]  # None: MEMORY_ENABLED
    updated_at: Mapped[datetime]


class PromptTemplate(Base):
    __tablename__ = "prompt_templates"
    __table_args__ = (
        Index("uq_prompt_templates_user_id_name_key", "user_id", "name_key", unique=True),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ID, ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]
    name_key: Mapped[str]  # NFKC and case-folded
    text: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Collection(Base):
    __tablename__ = "collections"
    __table_args__ = (Index("uq_collections_user_id_name_key", "user_id", "name_key", unique=True),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ID, ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]
    name_key: Mapped[str]  # NFKC and case-folded
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CollectionDocument(Base):
    """A document in a collection."""

    __tablename__ = "collection_documents"

    collection_id: Mapped[str] = mapped_column(
        ID, ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True
    )
    document_id: Mapped[str] = mapped_column(
        ID, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class WatchedFile(Base):
    """A file in a watched folder, as it was when it was last looked at.

    One with a digest and without a document: somebody deleted the document, so it stays away
    until the content changes. Paths are bytes, as the system has them.
    """

    __tablename__ = "watched_files"
    __table_args__ = (
        Index("uq_watched_files_user_id_folder_path", "user_id", "folder", "path", unique=True),
        Index("ix_watched_files_user_id_sha256", "user_id", "sha256"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ID, ForeignKey("users.id", ondelete="CASCADE"))
    folder: Mapped[bytes] = mapped_column(LargeBinary)  # absolute, without symbolic links
    path: Mapped[bytes] = mapped_column(LargeBinary)  # below the folder
    shown_path: Mapped[str]  # the folder's name and the path, fit to be shown
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int | None] = mapped_column(BigInteger)  # None: look at it anew
    sha256: Mapped[str | None] = mapped_column(SHA256)  # of what was last taken in
    document_id: Mapped[str | None] = mapped_column(
        ID, ForeignKey("documents.id", ondelete="SET NULL"), index=True
    )
    # the version before, which answers until the new one can
    replaced_document_id: Mapped[str | None] = mapped_column(
        ID, ForeignKey("documents.id", ondelete="SET NULL"), index=True
    )
    error_code: Mapped[str | None]  # why the present content was not taken in
    error_message: Mapped[str | None]


class Document(Base):
    __tablename__ = "documents"
    __table_args__ = (
        Index(
            "uq_documents_user_id_sha256_live",
            "user_id",
            "sha256",
            unique=True,
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("ix_documents_user_id_created_at", "user_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    user_id: Mapped[str] = _owner()
    filename: Mapped[str]  # as shown; never used as a path
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(SHA256, index=True)
    status: Mapped[str] = mapped_column(String(16))
    searchable: Mapped[bool] = mapped_column(default=False)
    progress_done: Mapped[int | None]
    progress_total: Mapped[int | None]
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    page_count: Mapped[int | None]
    chunk_count: Mapped[int | None]
    # when the present stage began, and how much of it was done then: gives its speed
    stage_started_at: Mapped[datetime | None]
    stage_started_done: Mapped[int | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(index=True)
    ready_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    # the archive it was unpacked from and is deleted with; None: somebody added it by itself
    archive_id: Mapped[str | None] = mapped_column(ID, index=True)
    # whether it stays when no watched file has it: somebody uploaded it
    is_kept: Mapped[bool] = mapped_column(default=True, server_default=true())
    collection_ids: Mapped[tuple[str, ...]] = column_property(
        select(
            type_coerce(func.aggregate_strings(CollectionDocument.collection_id, ","), JoinedIds())
        )
        .where(CollectionDocument.document_id == id)  # noqa: A003 - the column above
        .correlate_except(CollectionDocument)
        .scalar_subquery(),
        deferred=True,
    )
    source_path: Mapped[str | None] = column_property(
        select(func.min(WatchedFile.shown_path))
        .where(WatchedFile.document_id == id)  # noqa: A003 - the column above
        .correlate_except(WatchedFile)
        .scalar_subquery(),
        deferred=True,
    )


class ArchiveEntry(Base):
    """A file in an archive and what became of it; several may be the same document."""

    __tablename__ = "archive_entries"

    archive_id: Mapped[str] = mapped_column(
        ID, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)  # from 1, in the archive's order
    name: Mapped[str]  # as shown
    size_bytes: Mapped[int] = mapped_column(BigInteger)  # unpacked
    outcome: Mapped[str] = mapped_column(String(16))  # taken_in, already_there, not_read
    reason: Mapped[str | None]  # why it was not read
    document_id: Mapped[str | None] = mapped_column(
        ID, ForeignKey("documents.id", ondelete="SET NULL"), index=True
    )


class Page(Base):
    """One page's text as extracted. The document's text is all pages joined by one newline."""

    __tablename__ = "pages"

    document_id: Mapped[str] = mapped_column(
        ID, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)  # from 1
    text: Mapped[str]
    start: Mapped[int]  # of this page in the document's text
    width: Mapped[float | None]  # points, as displayed (after rotation)
    height: Mapped[float | None]
    # one box for each character of `text`, packed by ingest.extract.layout
    layout: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    # whether the text was recognised in a picture
    is_ocr: Mapped[bool] = mapped_column(default=False, server_default=false())


class Chunk(Base):
    """A passage: a slice of the document's text, the unit of search."""

    __tablename__ = "chunks"
    __table_args__ = (
        Index("uq_chunks_document_id_ordinal", "document_id", "ordinal", unique=True),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    document_id: Mapped[str] = mapped_column(ID, ForeignKey("documents.id", ondelete="CASCADE"))
    # Without an index: SQLite would take it and read all passages of a user instead of a few.
    user_id: Mapped[str] = mapped_column(ID, ForeignKey("users.id", ondelete="CASCADE"))
    ordinal: Mapped[int]  # from 0
    text: Mapped[str]
    text_sha256: Mapped[str | None] = mapped_column(SHA256, index=True)
    heading: Mapped[str]  # nearest heading above, "" if none
    start: Mapped[int]  # of this chunk in the document's text
    end: Mapped[int]
    # [[page, start, end], …]: where the text lies; consecutive spans are joined by one newline
    page_spans: Mapped[list[Any]]
    sentences: Mapped[list[Any]]  # [[start, end], …] in `text`


class PassageVectors(Base):
    """What one embedding model made of a passage; several models' may stand side by side."""

    __tablename__ = "passage_vectors"

    chunk_id: Mapped[str] = mapped_column(
        ID, ForeignKey("chunks.id", ondelete="CASCADE"), primary_key=True
    )
    embedding_model: Mapped[str] = mapped_column(primary_key=True)
    # the passage's, so that a search need not read the passage for its owner
    document_id: Mapped[str] = mapped_column(ID)
    vector: Mapped[bytes] = mapped_column(LargeBinary)  # float32, unit length
    # int8, one row a sentence, each row scaled by 127
    sentence_vectors: Mapped[bytes] = mapped_column(LargeBinary)


class DocumentEmbedding(Base):
    """A model has done with a document: it embedded what there was to embed, or gave up."""

    __tablename__ = "document_embeddings"

    document_id: Mapped[str] = mapped_column(
        ID, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True
    )
    embedding_model: Mapped[str] = mapped_column(primary_key=True)
    error_code: Mapped[str | None]  # why it gave up
    error_message: Mapped[str | None]


class EmbeddingModel(Base):
    """An embedding model that vectors are stored of, and how to reach it."""

    __tablename__ = "embedding_models"

    name: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(String(16))  # serving, next, retired
    base_url: Mapped[str | None]  # None: it needs no server, or its server is not known
    server_model: Mapped[str | None]  # its name on that server
    key_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    dimension: Mapped[int | None]
    changed_at: Mapped[datetime]  # when it got its role


class IngestJob(Base):
    """The queue: one row a document, leased by workers."""

    __tablename__ = "ingest_jobs"
    __table_args__ = (Index("ix_ingest_jobs_state_run_after", "state", "run_after"),)

    document_id: Mapped[str] = mapped_column(
        ID, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str] = _owner()
    state: Mapped[str] = mapped_column(String(16))  # waiting, leased, done
    attempts: Mapped[int] = mapped_column(default=0)
    size_bytes: Mapped[int]
    run_after: Mapped[datetime]
    lease_owner: Mapped[str | None]
    lease_expires_at: Mapped[datetime | None]
    checkpoint: Mapped[dict[str, Any] | None]  # where an interrupted reading goes on
    created_at: Mapped[datetime]


class IndexTask(Base):
    """Outbox: committed changes that the search index has yet to carry out."""

    __tablename__ = "index_tasks"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    # upsert_chunks, upsert_next, delete_document
    operation: Mapped[str] = mapped_column(String(16))
    document_id: Mapped[str] = mapped_column(ID, index=True)  # no foreign key: outlives the row
    user_id: Mapped[str] = mapped_column(ID)
    first_ordinal: Mapped[int | None]
    last_ordinal: Mapped[int | None]  # inclusive
    created_at: Mapped[datetime]
    # documents, messages (there `document_id` is a conversation's)
    subject: Mapped[str] = mapped_column(
        String(16), default="documents", server_default="documents"
    )


class MaintenanceRequest(Base):
    """Something that only the process which has the index open can do for a command."""

    __tablename__ = "maintenance_requests"

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(16))  # inspect, rebuild, search_memory
    arguments: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    answer: Mapped[dict[str, Any] | None]


class Conversation(Base):
    __tablename__ = "conversations"
    __table_args__ = (Index("ix_conversations_user_id_updated_at", "user_id", "updated_at"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    user_id: Mapped[str] = _owner()
    title: Mapped[str]
    title_source: Mapped[str] = mapped_column(String(16))  # default, question, model, user
    memory_enabled: Mapped[bool]
    document_ids: Mapped[list[Any]]
    collection_ids: Mapped[list[Any]]  # this and `document_ids` empty: all documents
    system_prompt: Mapped[str | None]  # None: the user's own; "": none
    temperature: Mapped[float | None]  # None: the provider's default, as below
    max_answer_tokens: Mapped[int | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Message(Base):
    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_conversation_id_created_at", "conversation_id", "created_at"),
        Index(
            "uq_messages_user_id_client_id",
            "user_id",
            "client_id",
            unique=True,
            sqlite_where=text("client_id IS NOT NULL"),
            postgresql_where=text("client_id IS NOT NULL"),
        ),
        Index("ix_messages_user_id_id", "user_id", "id"),
        Index("ix_messages_user_id_model", "user_id", "model"),
        Index(
            "ix_messages_unsplit",
            "id",
            sqlite_where=text("split_at IS NULL"),
            postgresql_where=text("split_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(
        ID, ForeignKey("conversations.id", ondelete="CASCADE")
    )
    user_id: Mapped[str] = _owner()
    parent_id: Mapped[str | None] = mapped_column(ID, index=True)
    role: Mapped[str] = mapped_column(String(16))  # user, assistant
    content: Mapped[str]
    status: Mapped[str] = mapped_column(String(16), index=True)
    model: Mapped[str | None]
    client_id: Mapped[str | None] = mapped_column(String(128))
    error: Mapped[dict[str, Any] | None]
    citations: Mapped[list[Any]]
    memories: Mapped[list[Any]]
    # whether the documents did not clearly answer the question
    no_answer: Mapped[bool] = mapped_column(default=False, server_default=false())
    memories_state: Mapped[str | None] = mapped_column(String(16))  # ok, off, unavailable
    # the message's own switch; None: the conversation's decides
    memory_enabled: Mapped[bool | None]
    # whether other conversations may be told of it, as long as its conversation has memory on
    is_remembered: Mapped[bool] = mapped_column(default=True, server_default=false())
    split_at: Mapped[datetime | None]  # when its passages were made; None: not yet
    # tokens as the provider counted them; None: it did not say
    input_tokens: Mapped[int | None]
    output_tokens: Mapped[int | None]
    estimated_input_tokens: Mapped[int | None]  # as we took the same prompt to be
    stop_reason: Mapped[str | None] = mapped_column(String(16))  # stop, length, content_filter
    left_out: Mapped[dict[str, Any] | None]  # what did not fit the model's window
    # what another server process asks of the one that writes the answer: stop, save
    writer_request: Mapped[str | None] = mapped_column(String(16))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
