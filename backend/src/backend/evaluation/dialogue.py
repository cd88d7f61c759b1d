"""Sets of dated turns: taken in as conversations, and asked as memory is.

Everything goes through the product: messages' rows, their passages, the embedding with the turn
before, the index of messages and its search. Only the switch "other conversations" is turned
round, since such sets name the conversation to look in.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from statistics import fmean
from typing import Final

from sqlalchemy import insert

from backend.chat.followups import expand
from backend.chat.memory import SearchMessages
from backend.config import Config
from backend.db.migrate import upgrade
from backend.db.models import Message
from backend.db.repositories import conversations
from backend.db.session import Database
from backend.db.types import new_id
from backend.embedding_models import EmbeddingModels
from backend.evaluation.corpus import add_user
from backend.evaluation.dataset import Dataset, Entry, Query
from backend.evaluation.embedding_cache import CachedEmbedder
from backend.message_rows import MessageEmbedding, MessageRows
from backend.store.indexer import Indexer
from backend.store.memory import SaidWhere
from backend.store.registry import MESSAGES, open_index

_COMPLETE: Final = "dialogue.json"
_EMBEDDED_AT_A_TIME: Final = 512
# A turn is shorter than a paragraph, and a conversation has several.
_MAX_MEAN_CHARACTERS: Final = 600
_MIN_MEAN_TURNS: Final = 4
# How sets name the side that is a model.
_MODELS: Final = frozenset({"assistant", "model", "bot", "ai", "system"})
_BEGIN: Final = datetime(2000, 1, 1, tzinfo=UTC)
_BETWEEN_TURNS: Final = timedelta(minutes=1)

_MONTHS: Final = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
_ISO: Final = re.compile(r"\b(\d{4})[-/](\d{1,2})[-/](\d{1,2})\b")
_DAY_FIRST: Final = re.compile(
    r"\b(\d{1,2})(?:st|nd|rd|th)?\s+([A-Za-z]{3})[a-z]*\.?,?\s+(\d{4})\b"
)
_MONTH_FIRST: Final = re.compile(
    r"\b([A-Za-z]{3})[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b"
)

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DialogueLibrary:
    """A set that was taken in: whose it is, which entry each message is, and the conversations
    by their names in the set. `newest` is the last date that the set names, if any."""

    user_id: str
    entry_ids: dict[str, str]  # by message id
    conversation_ids: dict[str, str]
    passages: int
    newest: str | None


def is_dialogue(dataset: Dataset) -> bool:
    """Return whether the entries are turns: each of a conversation, one after the other, and
    short or told who said it."""
    names = [entry.conversation for entry in dataset.entries]
    if None in names:
        return False
    runs = sum(1 for _name, _turns in groupby(names))
    return (
        runs == len(set(names))
        and len(names) >= _MIN_MEAN_TURNS * runs
        and (
            all(entry.role or entry.speaker for entry in dataset.entries)
            or fmean(len(entry.text) for entry in dataset.entries) <= _MAX_MEAN_CHARACTERS
        )
    )


def load(data_dir: Path) -> DialogueLibrary | None:
    """Return what lies in the folder since an earlier `take_in`, or None."""
    try:
        text = (data_dir / _COMPLETE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return DialogueLibrary(**json.loads(text))


def take_in(
    config: Config, database: Database, dataset: Dataset, cache: Path, tell: Tell
) -> DialogueLibrary:
    """Fill the empty data folder of `config`; `cache` is the file of vectors to use."""
    upgrade(database)
    user_id = add_user(database)
    entry_ids: dict[str, str] = {}
    conversation_ids: dict[str, str] = {}
    newest: datetime | None = None
    for name, turns in groupby(dataset.entries, key=lambda entry: entry.conversation or ""):
        conversation_id, said = _store(database, user_id, name, list(turns))
        conversation_ids[name] = conversation_id
        entry_ids |= {message_id: entry.id for message_id, entry, _date in said}
        dates = [date for _id, _entry, date in said if date is not None]
        newest = max([*dates, *([newest] if newest else [])], default=None)
    models = EmbeddingModels(config, database)
    model = models.adopt().serving
    embedder = CachedEmbedder(models.open(model), cache)
    models.note_dimension(model, embedder)
    index = open_index(config, model.name, embedder.dimension, MESSAGES)
    rows = MessageRows(config, database, model.name)
    indexer = Indexer(index, rows, config.index_poll_ms)
    try:
        indexer.drain()
        embedding = MessageEmbedding(config, database, embedder, _EMBEDDED_AT_A_TIME)
        done = 0
        while count := embedding.embed_some():
            done += count
            tell(f"{dataset.name}: {done:,} passages of {len(dataset.entries):,} turns embedded")
        indexer.drain()
        passages = index.count()
    finally:
        rows.close()
        index.close()
        embedder.close()
    wire = newest.isoformat() if newest else None
    library = DialogueLibrary(user_id, entry_ids, conversation_ids, passages, wire)
    fields = {name: getattr(library, name) for name in library.__slots__}
    (config.data_dir / _COMPLETE).write_text(json.dumps(fields), encoding="utf-8")
    return library


def asker(
    library: DialogueLibrary, search: SearchMessages, depth: int
) -> Callable[[Query], list[str]]:
    """Return what asks a query and gives the ids of the entries found, best first."""
    now = None if library.newest is None else datetime.fromisoformat(library.newest)

    def ask(query: Query) -> list[str]:
        conversation_ids = None
        if query.conversation is not None:
            if query.conversation not in library.conversation_ids:
                return []
            conversation_ids = (library.conversation_ids[query.conversation],)
        found = search(
            user_id=library.user_id,
            query=expand(query.text, query.previous),
            where=SaidWhere(is_recall=True, conversation_ids=conversation_ids),
            limit=depth,
            now=now,
        )
        return [library.entry_ids[item.passage.message_id] for item in found]

    return ask


def half_weights() -> Mapping[str, Mapping[str, float]]:
    """Return the overrides with which one half of the search decides alone."""
    return {
        "keywords alone": {"memory_dense_weight": 0.0},
        "embeddings alone": {"memory_dense_weight": 1.0},
    }


def _store(
    database: Database, user_id: str, name: str, turns: Sequence[Entry]
) -> tuple[str, list[tuple[str, Entry, datetime | None]]]:
    """Store a conversation; return its id, and each turn with its message's id and date."""
    said = []
    rows: list[dict[str, object]] = []
    parent_id: str | None = None
    clock = _BEGIN
    with database.db_transaction() as session:
        conversation = conversations.create(
            session, user_id=user_id, memory_enabled=True, title=name[:100] or "Dialogue"
        )
        for turn in turns:
            message_id = new_id()
            date = turn_date(turn.date) or turn_date(turn.title)
            clock = clock + _BETWEEN_TURNS if date is None else date
            rows.append(
                {
                    "id": message_id,
                    "conversation_id": conversation.id,
                    "user_id": user_id,
                    "parent_id": parent_id,
                    "role": "assistant" if turn.role.lower() in _MODELS else "user",
                    "content": _words(turn),
                    "status": "complete",
                    "citations": [],
                    "memories": [],
                    "is_remembered": True,
                    "created_at": clock,
                    "updated_at": clock,
                }
            )
            said.append((message_id, turn, date))
            parent_id = message_id
        session.execute(insert(Message), rows)
    return conversation.id, said


def _words(turn: Entry) -> str:
    """Return what was said; who said it and a title that is no date stand in front of it."""
    text = turn.text
    if turn.speaker and turn.speaker.casefold() not in text[: len(turn.speaker) + 20].casefold():
        text = f"{turn.speaker}: {text}"
    if turn.title and turn_date(turn.title) is None:
        text = f"{turn.title}\n{text}"
    return text


def turn_date(text: str) -> datetime | None:
    """Return the day that a text names, as people and programs write it; None without one."""
    found = _ISO.search(text)
    if found:
        year, month, day = (int(part) for part in found.groups())
    elif found := _DAY_FIRST.search(text):
        day, month, year = int(found[1]), _month(found[2]), int(found[3])
    elif found := _MONTH_FIRST.search(text):
        month, day, year = _month(found[1]), int(found[2]), int(found[3])
    else:
        return None
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None


def _month(name: str) -> int:
    return _MONTHS.index(name.lower()) + 1 if name.lower() in _MONTHS else 0
