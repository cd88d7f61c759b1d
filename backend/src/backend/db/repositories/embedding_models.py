"""Which embedding model answers questions, which is being prepared, which are to be cleared.

One model is `serving`. One may be `next`: it serves as soon as every document is embedded by
it, too. `retired` ones served before or were given up; their vectors are being removed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from backend.clock import utc_now
from backend.db.locks import lock_embedding_models
from backend.db.message_models import MessageVector
from backend.db.models import DocumentEmbedding, EmbeddingModel, PassageVectors, table_of

SERVING = "serving"
NEXT = "next"
RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A model and how to reach it.

    `base_url` is None for one that needs no server, and for one of which an older version
    did not note where its server is. `dimension` is None until it is known.
    """

    name: str
    role: str
    base_url: str | None
    server_model: str | None
    key_encrypted: bytes | None
    dimension: int | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ModelsInUse:
    """The models by their roles."""

    serving: ModelRecord
    next: ModelRecord | None
    retired: tuple[ModelRecord, ...]

    @property
    def target(self) -> ModelRecord:
        """The model by which every document is to be embedded."""
        return self.next or self.serving

    def names(self) -> set[str]:
        """Return those whose vectors are of use."""
        return {self.serving.name, self.target.name}


_MODELS: Final = table_of(EmbeddingModel)
# Asked several times a second: put together once, on the table.
_ROLE: Final = select(_MODELS.c.role).where(_MODELS.c.name == bindparam("name"))
_COLUMNS = [getattr(EmbeddingModel, name) for name in ModelRecord.__dataclass_fields__]


def load(session: Session) -> ModelsInUse:
    """Return the models. `adopt` has been called before, by whichever process."""
    models = load_if_any(session)
    assert models is not None
    return models


def load_if_any(session: Session) -> ModelsInUse | None:
    """Return the models, or None if neither server nor worker has ever begun its work."""
    records = [ModelRecord(*row) for row in session.execute(select(*_COLUMNS))]
    serving = next((record for record in records if record.role == SERVING), None)
    if serving is None:
        return None
    return ModelsInUse(
        serving,
        next((record for record in records if record.role == NEXT), None),
        tuple(record for record in records if record.role == RETIRED),
    )


def find(session: Session, name: str) -> ModelRecord | None:
    """Return a model by its name, whatever its role."""
    row = session.execute(select(*_COLUMNS).where(EmbeddingModel.name == name)).first()
    return ModelRecord(*row) if row else None


def adopt(
    session: Session,
    name: str,
    *,
    base_url: str | None,
    server_model: str | None,
    key_encrypted: bytes | None,
) -> None:
    """Let the configured model serve, or become the next one if another is serving.

    Any other model that was being prepared is given up.
    """
    lock_embedding_models(session)
    rows = session.execute(select(EmbeddingModel.name, EmbeddingModel.role))
    roles: dict[str, str] = {row.name: row.role for row in rows}
    serving = next((other for other, role in roles.items() if role == SERVING), name)
    for other, role in roles.items():
        if role == NEXT and other != name:
            _retire(session, other)
    role = SERVING if serving == name else NEXT
    reached = {
        "base_url": base_url,
        "server_model": server_model,
        "key_encrypted": key_encrypted,
    }
    if name not in roles:
        session.add(EmbeddingModel(name=name, role=role, changed_at=utc_now(), **reached))
    elif roles[name] == role:
        session.execute(update(EmbeddingModel).where(EmbeddingModel.name == name).values(reached))
    else:
        session.execute(
            update(EmbeddingModel)
            .where(EmbeddingModel.name == name)
            .values(role=role, changed_at=utc_now(), **reached)
        )
    session.flush()


def note_dimension(session: Session, name: str, dimension: int) -> None:
    """Keep the length of a model's vectors."""
    session.execute(
        update(EmbeddingModel).where(EmbeddingModel.name == name).values(dimension=dimension)
    )


def let_next_serve(session: Session) -> None:
    """Exchange the roles: the next model serves from now on, the one before is retired."""
    models = load(session)
    assert models.next is not None
    _retire(session, models.serving.name)
    session.execute(
        update(EmbeddingModel)
        .where(EmbeddingModel.name == models.next.name)
        .values(role=SERVING, changed_at=utc_now())
    )


def remove_vectors(session: Session, name: str, after_chunk_id: str, limit: int) -> str | None:
    """Remove up to `limit` passages' vectors of a model, in the order of the passages' ids.

    Returns the last id, to go on after; None when none was left.
    """
    ids = session.scalars(
        select(PassageVectors.chunk_id)
        .where(
            PassageVectors.chunk_id > after_chunk_id,
            PassageVectors.embedding_model == name,
        )
        .order_by(PassageVectors.chunk_id)
        .limit(limit)
    ).all()
    if not ids:
        return None
    session.execute(
        delete(PassageVectors).where(
            PassageVectors.chunk_id.in_(ids), PassageVectors.embedding_model == name
        )
    )
    return ids[-1]


def forget(session: Session, name: str) -> None:
    """Remove a retired model of which nothing is left."""
    session.execute(
        delete(EmbeddingModel).where(EmbeddingModel.name == name, EmbeddingModel.role == RETIRED)
    )


def is_retired(session: Session, name: str) -> bool:
    """Return whether the model is to be cleared away."""
    return session.scalar(_ROLE, {"name": name}) == RETIRED


def unknown_names(session: Session) -> list[str]:
    """Return models that vectors are stored of, but that have no role."""
    stored = set(session.scalars(select(PassageVectors.embedding_model).distinct()))
    stored |= set(session.scalars(select(MessageVector.embedding_model).distinct()))
    known = set(session.scalars(select(EmbeddingModel.name)))
    return sorted(stored - known)


def _retire(session: Session, name: str) -> None:
    session.execute(
        update(EmbeddingModel)
        .where(EmbeddingModel.name == name)
        .values(role=RETIRED, changed_at=utc_now())
    )
    # From now on its vectors may go: no document is completely embedded by it any more.
    session.execute(delete(DocumentEmbedding).where(DocumentEmbedding.embedding_model == name))
