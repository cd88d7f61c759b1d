"""Whatever fails, at whatever step: one end, a final row with the text that was sent, and on."""

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from backend.chat.engine import AnswerEngine, Started
from backend.chat.events import AnswerEnded, AnswerFailed
from backend.chat.models import ModelCatalog
from backend.config import Config
from backend.db.repositories import conversations, messages
from backend.db.session import Database
from backend.errors import (
    DocChatError,
    NotFound,
    ProviderError,
    ProviderTimeout,
    StorageUnavailable,
    Unavailable,
)
from backend.llm.base import ChatRequest, Event, Finish, Model, Provider, TextDelta, Usage
from backend.store.base import FloatVector
from backend.store.search import SearchResult
from chat_house import (
    DEADLINE_S,
    QUOTES,
    CannedSearch,
    Recorder,
    add_conversation,
    add_document,
    add_user,
    decrypt_plain,
    embed_nothing,
    search_no_messages,
)

OUTSIDE_TROUBLES: list[Exception] = [
    ProviderError(), ProviderTimeout(), Unavailable(), RuntimeError("bug"), OSError(28, "full"),
]  # fmt: skip


class ScriptedProvider(Provider):
    """Yields what it was told to; an exception is raised, a callable called."""

    name = "scripted"

    def __init__(self, script: Sequence[object]) -> None:
        self._script = script

    def stream(self, request: ChatRequest) -> Generator[Event, None, None]:
        for step in self._script:
            if isinstance(step, Exception):
                raise step
            if callable(step):
                step()
            else:
                yield step  # type: ignore[misc] # some are no events at all

    def list_models(self) -> list[Model]:
        return []


class ScriptedCatalog(ModelCatalog):
    """Opens a scripted provider for every model but the built-in one."""

    script: Sequence[object] = ()

    def open(self, user_id: str, model: str) -> tuple[Provider, str]:
        if model == QUOTES:
            return super().open(user_id, model)
        return ScriptedProvider(self.script), "m"


class TroubledDatabase(Database):
    """Refuses some transactions, as one that is locked or full does."""

    def __init__(self, database: Database) -> None:
        super().__init__(database.engine)
        self._begun = 0
        self._refused: frozenset[int] = frozenset()
        self._plan_lock = threading.Lock()

    def refuse(self, numbers: frozenset[int]) -> None:
        """Refuse these of the coming transactions, counted from 0."""
        with self._plan_lock:
            self._begun, self._refused = 0, numbers

    @contextmanager
    def db_transaction(self) -> Iterator[Session]:
        with self._plan_lock:
            is_refused = self._begun in self._refused
            self._begun += 1
        with super().db_transaction() as session:
            yield session
            if is_refused:
                raise StorageUnavailable


class TroubledSearch(CannedSearch):
    """Raises instead of finding, if told so."""

    trouble: Exception | None = None

    def __call__(self, **options: Any) -> Sequence[SearchResult]:
        if self.trouble is not None:
            raise self.trouble
        return super().__call__(**options)


@dataclass
class Plan:
    """What goes wrong in one answer."""

    search: Exception | None
    script: list[object]
    refused: frozenset[int]
    embedding_fails: bool
    intervention: str  # none, stop, delete
    after: int  # so many steps of the provider


@dataclass
class FaultyHouse:
    database: TroubledDatabase
    engine: AnswerEngine
    catalog: ScriptedCatalog
    search: TroubledSearch
    recorder: Recorder
    user_id: str
    embedding_fails: bool = field(default=False)

    def run(self, plan: Plan) -> None:
        """Ask with everything that is planned going wrong, then check what is left."""
        conversation_id = add_conversation(self.database, self.user_id)
        started: list[Started] = []
        may_intervene = threading.Event()

        def intervene() -> None:
            assert may_intervene.wait(DEADLINE_S)
            if plan.intervention == "stop":
                self.engine.stop_answer(self.user_id, started[0].assistant_message_id)
            elif plan.intervention == "delete":
                with Database(self.database.engine).db_transaction() as session:
                    conversations.remove(session, self.user_id, conversation_id)

        script = list(plan.script)
        script.insert(min(plan.after, len(script)), intervene)
        self.catalog.script = script
        self.search.trouble = plan.search
        self.embedding_fails = plan.embedding_fails
        self.database.refuse(plan.refused)
        try:
            started.append(
                self.engine.ask(
                    self.user_id, conversation_id=conversation_id, text="?", model="custom:m"
                )
            )
        except StorageUnavailable:
            self.database.refuse(frozenset())
            assert self._load_all(conversation_id) == []
        else:
            may_intervene.set()
            self._check_end(started[0].assistant_message_id, plan)
        self.search.trouble, self.embedding_fails = None, False
        self._check_that_it_goes_on(conversation_id)

    def _check_end(self, message_id: str, plan: Plan) -> None:
        end = self.recorder.end(message_id)
        self.database.refuse(frozenset())
        sent = "".join(piece.text for piece in self.recorder.pieces(message_id))
        try:
            row = self._wait_until_final(message_id)
        except NotFound:
            assert plan.intervention == "delete"
        else:
            assert row.content == sent
            if isinstance(end, AnswerEnded):
                assert row == end.message
            else:
                assert row.status == "failed"
                assert row.error == end.error.to_wire(end.request_id)
        if isinstance(end, AnswerFailed):
            assert isinstance(end.error, DocChatError)
        assert len(self.recorder.ends(message_id)) == 1

    def _wait_until_final(self, message_id: str) -> messages.MessageRecord:
        pause = threading.Event()
        for _ in range(400):
            with self.database.db_session() as session:
                row = messages.get(session, self.user_id, message_id)
            if row.status != messages.STREAMING:
                return row
            pause.wait(DEADLINE_S / 400)
        raise AssertionError(f"the row still says {row.status}")

    def _check_that_it_goes_on(self, conversation_id: str) -> None:
        try:
            started = self.engine.ask(
                self.user_id, conversation_id=conversation_id, text="How high?", model=QUOTES
            )
        except NotFound:
            return  # it was deleted
        end = self.recorder.end(started.assistant_message_id)
        assert isinstance(end, AnswerEnded)
        assert end.message.status == "complete"
        assert not [m for m in self._load_all(conversation_id) if m.status == messages.STREAMING]

    def _load_all(self, conversation_id: str) -> list[messages.MessageRecord]:
        with self.database.db_session() as session:
            return messages.list_for_conversation(session, self.user_id, conversation_id)


@pytest.fixture
def faulty_house(database: Database, make_config: Callable[..., Config]) -> Iterator[FaultyHouse]:
    config = make_config(chat_save_interval_ms=50)
    troubled, recorder, search = TroubledDatabase(database), Recorder(), TroubledSearch()
    catalog = ScriptedCatalog(troubled, config, decrypt_plain)

    def embed(texts: Sequence[str]) -> FloatVector:
        if house.embedding_fails:
            raise RuntimeError("no embedding")
        return embed_nothing(texts)

    engine = AnswerEngine(troubled, config, catalog, search, embed, recorder, search_no_messages)
    user_id = add_user(troubled, "ann")
    add_document(troubled, user_id)
    house = FaultyHouse(troubled, engine, catalog, search, recorder, user_id)
    engine.start()
    yield house
    engine.stop()


_TEXTS = st.builds(TextDelta, st.text("abcdef ", min_size=1, max_size=8))
_STEPS = st.one_of(
    _TEXTS,
    _TEXTS,
    _TEXTS,
    st.builds(Usage, st.just(1), st.just(2)),
    st.just(Finish("stop")),
    st.just(Finish("length")),
    st.sampled_from(OUTSIDE_TROUBLES),
    st.sampled_from([None, 5, "text", TextDelta(None), TextDelta("\ud800\0")]),  # type: ignore[arg-type]
)
_PLANS = st.builds(
    Plan,
    search=st.one_of(st.none(), st.none(), st.none(), st.sampled_from(OUTSIDE_TROUBLES)),
    script=st.lists(_STEPS, max_size=6).flatmap(
        lambda steps: st.sampled_from([steps, [*steps, Finish("stop")]])
    ),
    refused=st.frozensets(st.integers(0, 4), max_size=3),
    embedding_fails=st.booleans(),
    intervention=st.sampled_from(["none", "none", "stop", "delete"]),
    after=st.integers(0, 6),
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(plan=_PLANS)
def test_whatever_fails_every_answer_has_one_end_and_its_text(
    faulty_house: FaultyHouse, plan: Plan
) -> None:
    faulty_house.run(plan)
