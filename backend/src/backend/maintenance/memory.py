"""The commands `docchat memory …`: what one user's conversations are remembered by."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from backend.auth.accounts import username_key
from backend.clock import to_wire, utc_now
from backend.config import Config
from backend.db.repositories import memory, users
from backend.db.session import Database
from backend.errors import NotFound, ValidationFailed
from backend.maintenance.commands import open_house

Tell = Callable[[str], None]


def run_stats(config: Config, username: str, tell: Tell) -> None:
    """Tell how much is remembered.

    Raises:
        NotFound: there is no such user.
        ConfigurationError: the data folder or the database cannot be used.
    """
    with open_house(config) as house:
        user_id = find_user(house.database, username)
        with house.database.db_session() as session:
            stats = memory.stats(session, user_id)
    if not stats.message_count or stats.oldest is None or stats.newest is None:
        tell("Nothing is remembered.")
        return
    tell(
        f"{stats.message_count} messages of {stats.conversation_count} conversations, "
        f"{stats.oldest.date()} to {stats.newest.date()}."
    )


def run_search(config: Config, username: str, query: str, limit: int, tell: Tell) -> None:
    """Tell what would be recalled for a question, best first.

    Raises:
        NotFound, ConfigurationError: as `run_stats`.
        Unavailable: the index cannot be opened, or the running server does not answer.
    """
    with open_house(config) as house:
        user_id = find_user(house.database, username)
        found = house.index.search_memory(user_id, query, limit)
    for item in found:
        quote = " ".join(item["quote"].split())
        title = item["conversation_title"]
        date = item["created_at"][:10]
        tell(f"{item['score']:.2f}  {date}  {item['role']}  “{title}”  {item['message_id']}")
        tell(f"      {quote}")
    if not found:
        tell("Nothing is found.")


def run_export(config: Config, username: str, tell: Tell) -> None:
    """Tell everything that is remembered, as JSON.

    Raises:
        NotFound, ConfigurationError: as `run_stats`.
    """
    with open_house(config) as house:
        user_id = find_user(house.database, username)
        with house.database.db_session() as session:
            items: list[dict[str, Any]] = [
                {
                    "message_id": record.message_id,
                    "conversation_id": record.conversation_id,
                    "conversation_title": record.conversation_title,
                    "role": record.role,
                    "model": record.model,
                    "content": record.content,
                    "created_at": to_wire(record.created_at),
                }
                for record in memory.export(session, user_id)
            ]
    exported = {"exported_at": to_wire(utc_now()), "items": items}
    tell(json.dumps(exported, ensure_ascii=False, indent=2))


def run_forget(
    config: Config,
    username: str,
    *,
    message: str | None,
    conversation: str | None,
    before: str | None,
    everything: bool,
    tell: Tell,
) -> None:
    """Forget what exactly one of the arguments names; the messages stay.

    Raises:
        ValidationFailed: not exactly one was given, or `before` is no date.
        NotFound: there is no such user, message or conversation.
        ConfigurationError: as `run_stats`.
    """
    if sum((message is not None, conversation is not None, before is not None, everything)) != 1:
        raise ValidationFailed("Say one of --message, --conversation, --before and --all.")
    moment = None if before is None else _moment(before)
    with open_house(config) as house:
        user_id = find_user(house.database, username)
        with house.database.db_transaction() as session:
            if message is not None:
                count = memory.forget_message(session, user_id, message)
            elif conversation is not None:
                count = memory.forget_conversation(session, user_id, conversation)
            else:
                count = memory.forget_all(session, user_id, moment)
        house.index.carry()
    tell(f"{count} messages are forgotten; they stay in their conversations.")


def find_user(database: Database, username: str) -> str:
    """Return the id of a user.

    Raises:
        NotFound: there is none of this name.
    """
    with database.db_session() as session:
        user = users.find(session, username_key(username.strip()))
    if user is None:
        raise NotFound(f"There is no account {username}.")
    return user.id


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValidationFailed(f"“{text}” is no date. Write it as 2026-05-31.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
