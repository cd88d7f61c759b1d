"""Random rounds of everything that can interrupt an answer, then a count of what was lost.

    .venv/bin/python scripts/bench/chaos_chat.py [--rounds 500] [--seed 1]

Each round several people ask a provider whose text follows from a seed, and one thing happens:
the server is killed (-9), connections are cut, pages are loaded anew, the provider breaks off,
answers are stopped, a second tab is opened, or nothing. Questions are sent until they are
acknowledged, under one client_id each. A round ends when every answer has. At the end every
page is compared with the rows, and these with what the provider sent.
"""

import argparse
import asyncio
import contextlib
import itertools
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench_stream_delay import run_stream_provider
from raw_socket import RawSocket
from stream_provider import words

from backend.config import load_config

sys.path.insert(0, str(Path(__file__).parents[2] / "backend" / "tests"))

from server_process import ServerProcess
from stream_load import Person, prepare_people

PEOPLE = 6
EVENTS = ("kill", "cut", "reload", "upstream cut", "stop", "second tab", "nothing")
# A server takes seconds to start: it is killed more seldom than other things happen.
WEIGHTS = (1, 2, 2, 2, 2, 2, 1)
TERMINAL = ("complete", "stopped", "interrupted", "failed")
DEADLINE_S = 60.0


class Tab:
    """A page of one person. Keeps texts as the page's reducer does."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.texts: dict[str, str] = {}
        self.final: dict[str, tuple[str, str]] = {}  # status and text, as told
        self.closings: Counter[str] = Counter()
        self.problems: list[str] = []
        self._pending: dict[str, dict[int, str]] = {}
        self._socket: RawSocket | None = None

    async def open(self, url: str) -> None:
        """Connect, trying until the server is there."""
        while True:
            socket = RawSocket(url, self.person.token, self._receive, deflate=True)
            try:
                await socket.connect()
            except OSError:
                await asyncio.sleep(0.05)
            else:
                self._socket = socket
                return

    def cut(self) -> None:
        if self._socket is not None:
            self._socket.cut()

    async def call(self, url: str, event: str, data: dict[str, Any]) -> dict[str, Any]:
        """Send until there is an ack, over new connections where the old one is lost."""
        while True:
            if self._socket is None or self._socket.is_lost:
                await self.open(url)
            assert self._socket is not None
            with contextlib.suppress(ConnectionError):
                return await self._socket.call(event, data)

    async def follow(self, url: str, message_id: str) -> None:
        """Resume until the answer has ended, after every lost connection again."""
        while message_id not in self.final:
            ack = await self.call(url, "chat_resume", {"message_id": message_id})
            if not ack["ok"]:
                self.problems.append(f"resume: {ack['error']['code']}")
                return
            self._take_over(ack["message"])
            while message_id not in self.final and not self._is_lost():
                await asyncio.sleep(0.02)

    def _is_lost(self) -> bool:
        return self._socket is None or self._socket.is_lost

    def _take_over(self, message: dict[str, Any]) -> None:
        message_id, content = message["id"], message["content"]
        if message["status"] != "streaming":
            self.final[message_id] = (message["status"], content)
            return
        mine = self.texts.get(message_id, "")
        if not (mine.startswith(content) or content.startswith(mine)):
            self.problems.append("a resumed text contradicts what came before")
        self.texts[message_id] = max(mine, content, key=len)
        self._take_pending(message_id)

    def _receive(self, name: str, data: dict[str, Any]) -> None:
        if name == "chat_response_chunk":
            self._pending.setdefault(data["message_id"], {})[data["offset"]] = data["text"]
            self._take_pending(data["message_id"])
        elif name == "chat_response_end":
            message = data["message"]
            self.closings[message["id"]] += 1
            self.final[message["id"]] = (message["status"], message["content"])
        elif name == "chat_response_error":
            message_id = data["message_id"]
            self.closings[message_id] += 1
            self.final[message_id] = ("failed", self.texts.get(message_id, ""))

    def _take_pending(self, message_id: str) -> None:
        text, pending = self.texts.setdefault(message_id, ""), self._pending.get(message_id, {})
        for offset in sorted(pending):
            if offset <= len(text):
                piece = pending.pop(offset)
                known = text[offset : offset + len(piece)]
                if not piece.startswith(known):
                    self.problems.append("a piece contradicts the text before")
                text += piece[len(known) :]
        self.texts[message_id] = text


class Chaos:
    """A server, people, and a count of what happened."""

    def __init__(self, folder: Path, provider_url: str, seed: int) -> None:
        self._chance = random.Random(seed)
        self._data_dir = folder / "data"
        people = prepare_people(load_config(data_dir=self._data_dir), PEOPLE, provider_url)
        with self._database() as connection:  # nothing is searched: the text is the provider's
            connection.execute("DELETE FROM documents")
        self._people = people
        self._seeds = itertools.count(1)
        self.happened: Counter[str] = Counter()
        self.tabs: list[Tab] = []
        self.sent: dict[str, tuple[str, int, int]] = {}  # client_id: answer, seed, words
        self.problems: list[str] = []
        self.start_times_s: list[float] = []
        self._start()

    async def run_round(self) -> None:
        """Let one thing happen to several running answers and wait for all of them."""
        event = self._chance.choices(EVENTS, WEIGHTS)[0]
        self.happened[event] += 1
        asking = self._chance.sample(self._people, self._chance.randint(2, PEOPLE))
        opened_before = len(self.tabs)
        tabs = [self._open_tab(person) for person in asking]
        answering = [asyncio.create_task(self._ask(tab, event)) for tab in tabs]
        await asyncio.sleep(self._chance.uniform(0.0, 0.4))
        if event == "kill":
            self._server.kill()
            await asyncio.to_thread(self._start)
        elif event == "cut":
            for tab in self._chance.sample(tabs, self._chance.randint(1, len(tabs))):
                tab.cut()
        done, late = await asyncio.wait(answering, timeout=DEADLINE_S)
        for task in late:
            task.cancel()
            self.problems.append(f"{event}: an answer did not end")
        self.problems += [f"{event}: {e!r}" for t in done if (e := t.exception()) is not None]
        for tab in self.tabs[opened_before:]:
            tab.cut()

    def _open_tab(self, person: Person) -> Tab:
        tab = Tab(person)
        self.tabs.append(tab)
        return tab

    async def _ask(self, tab: Tab, event: str) -> None:
        seed, count = next(self._seeds), self._chance.randint(5, 120)
        name = "cut" if event == "upstream cut" else "prose"
        client_id = f"q{seed}"
        question = {
            "conversation_id": tab.person.conversation_id,
            "message": f"Question {seed}?",
            "model": f"custom:{name} {seed} {count} {self._chance.choice([2, 5, 10])}",
            "client_id": client_id,
        }
        twice = self._chance.random() < 0.2  # as a page does that lost the first ack
        acks = await asyncio.gather(
            *(
                sender.call(self.url, "chat_message", question)
                for sender in ([tab, self._open_tab(tab.person)] if twice else [tab])
            )
        )
        ids = {ack.get("assistant_message_id") for ack in acks}
        if len(ids) != 1 or None in ids:
            self.problems.append(f"{event}: acks {acks}")
            return
        [message_id] = ids
        self.sent[client_id] = (message_id, seed, count)
        follows = [tab.follow(self.url, message_id)]
        if event in ("reload", "second tab"):
            await asyncio.sleep(self._chance.uniform(0, 0.3))
            if event == "reload":
                tab.cut()
            other = self._open_tab(tab.person)
            follows.append(other.follow(self.url, message_id))
        elif event == "stop":
            await asyncio.sleep(self._chance.uniform(0, 0.3))
            follows.append(self._stop(tab, message_id))
        await asyncio.gather(*follows)

    async def _stop(self, tab: Tab, message_id: str) -> None:
        ack = await tab.call(self.url, "chat_stop", {"message_id": message_id})
        if not ack["ok"]:
            self.problems.append(f"stop: {ack['error']['code']}")

    def check(self) -> dict[str, int]:
        """Compare rows, pages and what the provider sent; return counts."""
        with self._database() as connection:
            rows = {
                row[0]: row[1:]
                for row in connection.execute(
                    "SELECT id, role, parent_id, status, content, client_id FROM messages"
                )
            }
        questions = Counter(row[4] for row in rows.values() if row[0] == "user")
        found = Counter({
            "questions sent": len(self.sent),
            "questions lost": sum(questions[client_id] == 0 for client_id in self.sent),
            "questions doubled": sum(count > 1 for count in questions.values()),
        })  # fmt: skip
        answers = [(id_, row) for id_, row in rows.items() if row[0] == "assistant"]
        by_question = Counter(row[1] for _, row in answers)
        found["answers doubled"] = sum(count > 1 for count in by_question.values())
        found["answers lost"] = sum(answer not in rows for answer, _, _ in self.sent.values())
        for message_id, seed, count in self.sent.values():
            _, _, status, content, _ = rows.get(message_id, (None, None, "lost", "", None))
            found[f"answers {status}"] += 1
            found["answers not ended"] += status not in TERMINAL
            text = "".join(words(seed, count))
            found["texts that differ from the provider's"] += not text.startswith(content)
            found["complete answers cut short"] += status == "complete" and content != text
        for tab in self.tabs:
            found["pages' complaints"] += len(tab.problems)
            found["ends told twice to a page"] += sum(n > 1 for n in tab.closings.values())
            for message_id, told in tab.final.items():
                row = rows.get(message_id)
                found["views compared with rows"] += 1
                found["views that differ from the row"] += row is None or row[2:4] != told
        return dict(found)

    @property
    def url(self) -> str:
        return self._server.url

    def stop(self) -> None:
        self._server.stop()
        self._server.close()

    def _start(self) -> None:
        port = {"PORT": str(self._server.port)} if hasattr(self, "_server") else {}
        began_s = time.monotonic()
        self._server = ServerProcess(self._data_dir, INGEST_ENABLED="false", **port)
        self._server.wait_until_ready()
        self.start_times_s.append(time.monotonic() - began_s)

    @contextlib.contextmanager
    def _database(self) -> Any:
        with contextlib.closing(sqlite3.connect(self._data_dir / "docchat.db")) as connection:
            yield connection
            connection.commit()


async def run(chaos: Chaos, rounds: int) -> None:
    for number in range(rounds):
        await chaos.run_round()
        if (number + 1) % 50 == 0:
            sys.stderr.write(f"{number + 1} rounds, {len(chaos.problems)} problems\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, run_stream_provider() as provider_url:
        chaos = Chaos(Path(folder), provider_url, options.seed)
        began_s = time.monotonic()
        asyncio.run(run(chaos, options.rounds))
        took_s = time.monotonic() - began_s
        chaos.stop()
        found = chaos.check()
    sys.stdout.write(
        f"| {options.rounds} rounds, seed {options.seed}, {took_s:.0f} s | |\n|---|---|\n"
    )
    for event, count in sorted(chaos.happened.items()):
        sys.stdout.write(f"| rounds with: {event} | {count} |\n")
    for name, count in found.items():
        sys.stdout.write(f"| {name} | {count} |\n")
    sys.stdout.write(f"| longest start of the server | {max(chaos.start_times_s):.1f} s |\n")
    sys.stdout.write(f"| other problems | {len(chaos.problems)} |\n")
    sys.stdout.writelines(f"  {problem}\n" for problem in chaos.problems[:10])


if __name__ == "__main__":
    main()
