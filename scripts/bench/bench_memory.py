"""What recall adds to an answer: from the question to the memories, with their rows.

Fills a SQLite database and an embedded index with synthetic turns of one user, each remembered,
then asks questions one after the other as an answer does before it is written, and searches
messages as a person does who types. The turns' vectors are random (embedding 100,000 would take
an hour); the questions are embedded for real.

    .venv/bin/python scripts/bench/bench_memory.py [--turns 100000] [--folder FOLDER]
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from bench_retrieval import Writing, find_or_add_user, measure, print_row
from sqlalchemy import insert
from sqlalchemy.orm import Session

from backend.chat.memory import MemoryRecall
from backend.chat.message_search import MessageFilter, MessageSearch
from backend.clock import utc_now
from backend.config import Config, load_config
from backend.db.message_models import MessagePassage, MessageVector
from backend.db.migrate import upgrade
from backend.db.models import Message
from backend.db.repositories import conversations, message_passages, messages
from backend.db.repositories.messages import MessageRecord
from backend.db.session import Database, create_database
from backend.db.types import new_id
from backend.files import FileStore
from backend.search_stack import SearchStack
from backend.store.base import FloatVector
from backend.store.embeddings import BUILT_IN_MODEL
from backend.store.vectors import pack_vector, unit

TURNS_PER_CONVERSATION = 50
DIMENSION = 384


def fill(database: Database, user_id: str, count: int) -> None:
    """Store `count` turns of two sentences, in conversations that began one an hour."""
    writing = Writing(random.Random(0))
    numbers = np.random.default_rng(0)
    conversation_count = -(-count // TURNS_PER_CONVERSATION)
    for n in range(conversation_count):
        began = utc_now() - timedelta(hours=conversation_count - n)
        vectors = unit(numbers.standard_normal((TURNS_PER_CONVERSATION, DIMENSION), np.float32))
        with database.db_transaction() as session:
            conversation = conversations.create(
                session, user_id=user_id, memory_enabled=True, title=f"Conversation {n}"
            )
            store(session, writing, conversation.id, user_id, began, vectors)
            message_passages.index_again(session, user_id, [conversation.id])


def store(
    session: Session,
    writing: Writing,
    conversation_id: str,
    user_id: str,
    began: datetime,
    vectors: FloatVector,
) -> None:
    """Store a conversation's turns with their passages and vectors."""
    said: list[dict[str, object]] = []
    passages: list[dict[str, object]] = []
    stored: list[dict[str, object]] = []
    parent_id = None
    for ordinal, vector in enumerate(vectors):
        first, second = writing.sentence(), writing.sentence()
        text = f"{first} {second}"
        message_id, passage_id = new_id(), new_id()
        at = began + timedelta(minutes=ordinal)
        said.append(
            {
                "id": message_id,
                "conversation_id": conversation_id,
                "user_id": user_id,
                "parent_id": parent_id,
                "role": "assistant" if ordinal % 2 else "user",
                "content": text,
                "status": "complete",
                "citations": [],
                "memories": [],
                "is_remembered": True,
                "split_at": at,
                "created_at": at,
                "updated_at": at,
            }
        )
        passages.append(
            {
                "id": passage_id,
                "message_id": message_id,
                "conversation_id": conversation_id,
                "user_id": user_id,
                "ordinal": ordinal,
                "start": 0,
                "end": len(text),
                "sentences": [[0, len(first)], [len(first) + 1, len(text)]],
            }
        )
        stored.append(
            {
                "passage_id": passage_id,
                "embedding_model": BUILT_IN_MODEL,
                "vector": pack_vector(vector),
            }
        )
        parent_id = message_id
    session.execute(insert(Message), said)
    session.execute(insert(MessagePassage), passages)
    session.execute(insert(MessageVector), stored)


def question_in(database: Database, user_id: str) -> MessageRecord:
    """Store an empty conversation and return the question that begins it."""
    with database.db_transaction() as session:
        conversation = conversations.create(session, user_id=user_id, memory_enabled=True)
        return messages.add(
            session,
            user_id=user_id,
            conversation_id=conversation.id,
            parent_id=None,
            role="user",
            content="What did we say about it?",
            memory_enabled=True,
        )


def report(name: str, questions: Sequence[str], step: Callable[[str], object]) -> None:
    measure(list(questions[:20]), step)
    print_row(name, *(f"{value:.1f}" for value in measure(list(questions), step)))


def run(config: Config, turns: int, question_count: int) -> None:
    config.data_dir.mkdir(parents=True, exist_ok=True)
    database = create_database(config)
    upgrade(database)
    user_id, is_new = find_or_add_user(database)
    if is_new:
        fill(database, user_id, turns)
    stack = SearchStack(config, database, FileStore(config.files_dir))
    began = time.perf_counter()
    stack.drain()
    indexing_s = time.perf_counter() - began
    recall = MemoryRecall(database, config, stack.search_messages)
    search = MessageSearch(
        database, stack.search_messages, stack.embed, config.search_min_relevance
    )
    question = question_in(database, user_id)
    writing = Writing(random.Random(1))
    questions = [" ".join(writing.words(9)) for _ in range(question_count)]
    typed = [text[: random.Random(n).randint(4, 30)] for n, text in enumerate(questions)]
    anything = MessageFilter()
    print_row(f"{turns:,} remembered turns of one user", "p50 ms", "p99 ms", "max ms")
    print_row("---", "---", "---", "---")
    report("recall before an answer", questions, lambda text: recall.recall(question, text))
    report("- of this, embedding the question", questions, lambda text: stack.embed([text]))
    report(
        "recall within last week",
        questions,
        lambda text: recall.recall(question, f"What did I say last week about {text}?"),
    )
    report(
        "search in messages while typing",
        typed,
        lambda text: search.find(user_id, text, anything, 20),
    )
    sys.stdout.write(f"\nIndexing took {indexing_s:.1f} s.\n")
    stack.stop()
    database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--turns", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--folder", type=Path, help="keep the data here for the next time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(load_config(data_dir=options.folder or folder), options.turns, options.questions)


if __name__ == "__main__":
    main()
