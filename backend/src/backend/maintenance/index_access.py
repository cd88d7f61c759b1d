"""The search index as a command reaches it: by opening it, or through the server that has."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final

from backend.chat.memory import to_memory
from backend.clock import utc_now
from backend.db.repositories import index_tasks, maintenance_requests
from backend.db.session import Database
from backend.errors import Unavailable
from backend.search_stack import SearchStack
from backend.store.inspection import Inspection
from backend.store.memory import SaidWhere

_ANSWER_TIMEOUT_S: Final = 120.0
_POLL_S: Final = 0.2

INSPECT: Final = "inspect"
INSPECT_MESSAGES: Final = "inspect_messages"
REBUILD: Final = "rebuild"
SEARCH_MEMORY: Final = "search_memory"


class IndexAccess(ABC):
    """What the doctor and `reindex` want of the index."""

    @abstractmethod
    def inspect(self) -> Inspection:
        """Compare the index with the rows.

        Raises:
            Unavailable: the index cannot be opened or read, or the server does not answer.
        """

    @abstractmethod
    def inspect_messages(self) -> Inspection:
        """As `inspect`, of the index of messages: its documents are conversations.

        Raises:
            Unavailable: as `inspect`.
        """

    @abstractmethod
    def rebuild(self) -> int:
        """Empty both indexes and enqueue all passages; return of how many documents and
        conversations they are.

        Raises:
            Unavailable: as `inspect`.
        """

    @abstractmethod
    def search_memory(self, user_id: str, query: str, limit: int) -> list[dict[str, Any]]:
        """Return what would be recalled, as memories of the wire contract.

        Raises:
            Unavailable: as `inspect`.
        """

    @abstractmethod
    def carry(self) -> None:
        """See to it that what is committed reaches the index."""

    @abstractmethod
    def close(self) -> None:
        """Release what was opened."""


class OpenedIndex(IndexAccess):
    """The index opened by this process, which also carries out what waits for it."""

    def __init__(self, search_stack: SearchStack) -> None:
        self._stack = search_stack
        self._is_carrying = False

    def inspect(self) -> Inspection:
        return self._stack.inspect()

    def inspect_messages(self) -> Inspection:
        return self._stack.inspect_messages()

    def rebuild(self) -> int:
        return self._stack.rebuild()

    def search_memory(self, user_id: str, query: str, limit: int) -> list[dict[str, Any]]:
        self._stack.drain()
        return search_memory(self._stack, user_id, query, limit)

    def carry(self) -> None:
        if not self._is_carrying:
            self._stack.start()
            self._is_carrying = True

    def close(self) -> None:
        self._stack.stop()


class RequestedIndex(IndexAccess):
    """The index of a running server, asked through a row of the database."""

    def __init__(self, database: Database, timeout_s: float = _ANSWER_TIMEOUT_S) -> None:
        self._database = database
        self._timeout_s = timeout_s

    def inspect(self) -> Inspection:
        return Inspection.from_wire(self._ask(INSPECT))

    def inspect_messages(self) -> Inspection:
        return Inspection.from_wire(self._ask(INSPECT_MESSAGES))

    def rebuild(self) -> int:
        return int(self._ask(REBUILD)["documents"])

    def search_memory(self, user_id: str, query: str, limit: int) -> list[dict[str, Any]]:
        arguments = {"user_id": user_id, "query": query, "limit": limit}
        found: list[dict[str, Any]] = self._ask(SEARCH_MEMORY, arguments)["items"]
        return found

    def carry(self) -> None:
        """The server does so anyway."""

    def close(self) -> None:
        """There is nothing to release."""

    def _ask(self, kind: str, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
        with self._database.db_transaction() as session:
            request_id = maintenance_requests.add(session, kind, utc_now(), arguments)
        try:
            return self._wait_for_answer(request_id)
        finally:
            with self._database.db_transaction() as session:
                maintenance_requests.remove(session, request_id)

    def _wait_for_answer(self, request_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + self._timeout_s
        while time.monotonic() < deadline:
            with self._database.db_session() as session:
                answer = maintenance_requests.answer(session, request_id)
            if answer is not None:
                if "error" in answer:
                    raise Unavailable(str(answer["error"]))
                return answer
            threading.Event().wait(_POLL_S)
        raise Unavailable(
            "The running server did not answer. Look at its log, or stop it and try again."
        )


class RequestDesk:
    """The server's side: carries out the requests of commands."""

    def __init__(self, database: Database, search_stack: SearchStack) -> None:
        self._database = database
        self._stack = search_stack

    def answer_all(self) -> int:
        """Carry out what was asked for; return how many requests that were."""
        with self._database.db_session() as session:
            requests = maintenance_requests.waiting(session)
        for request in requests:
            answer = self._answer(request.kind, request.arguments or {})
            with self._database.db_transaction() as session:
                maintenance_requests.put_answer(session, request.id, answer)
        return len(requests)

    def _answer(self, kind: str, arguments: dict[str, Any]) -> dict[str, Any]:
        try:
            if kind == INSPECT:
                return self._stack.inspect().to_wire()
            if kind == INSPECT_MESSAGES:
                return self._stack.inspect_messages().to_wire()
            if kind == REBUILD:
                return {"documents": self._stack.rebuild()}
            if kind == SEARCH_MEMORY:
                return {"items": search_memory(self._stack, **arguments)}
        except Unavailable as error:
            return {"error": error.message}
        return {"error": "The running server is of another version. Restart it."}


def search_memory(stack: SearchStack, user_id: str, query: str, limit: int) -> list[dict[str, Any]]:
    """As `IndexAccess.search_memory`, by an index that this process has open."""
    found = stack.search_messages(
        user_id=user_id,
        query=query,
        where=SaidWhere(is_recall=True),
        limit=limit,
        now=utc_now(),
    )
    return [to_memory(item).to_wire() for item in found]


def wait_until_carried(
    database: Database,
    *,
    patience_s: float,
    on_waiting: Callable[[int], None] = lambda _waiting: None,
) -> bool:
    """Wait until the index has what is committed by now; False when it comes to a standstill.

    `on_waiting` is called with the number of changes that still wait.
    """
    with database.db_session() as session:
        last = index_tasks.newest_id(session)
    moved_at, before = time.monotonic(), -1
    while True:
        with database.db_session() as session:
            waiting = index_tasks.count(session, up_to=last)
        on_waiting(waiting)
        if waiting == 0:
            return True
        if waiting != before:
            moved_at, before = time.monotonic(), waiting
        if time.monotonic() - moved_at > patience_s:
            return False
        threading.Event().wait(_POLL_S)
