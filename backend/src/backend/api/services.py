"""What the routes work with. `create_app` builds it; routes reach it by `services()`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app

from backend.chat.message_search import MessageSearch
from backend.chat.passage_search import PassageSearch
from backend.config import Config
from backend.db.session import Database
from backend.files import FileStore
from backend.secret_box import SecretBox

_KEY = "docchat_api"


@dataclass(frozen=True, slots=True)
class ApiServices:
    """Everything a route may use.

    `checks` are the readiness checks by name; each returns None or what is wrong.
    `emit(event, data, user_id)` sends to that user's open sockets, `disconnect_session`
    closes those of a log-in session. `stop_answers(user_id, conversation_id)` returns when
    no answer is being written there any more. `search_memory(user_id, query, limit)` returns
    memories as on the wire. `providers` names those a user may set up,
    `check_base_url` returns an address in its normal form or raises ValidationFailed,
    `check_access(provider, key, base_url)` raises ProviderError unless that opens it, and
    `list_models(user_id)` returns models as on the wire.
    """

    config: Config
    database: Database
    file_store: FileStore
    secret_box: SecretBox
    checks: Mapping[str, Callable[[], str | None]]
    emit: Callable[[str, dict[str, Any], str], None]
    disconnect_session: Callable[[str], None]
    stop_answers: Callable[[str, str], None]
    passage_search: PassageSearch
    message_search: MessageSearch
    search_memory: Callable[[str, str, int], Sequence[dict[str, Any]]]
    providers: Sequence[str]
    check_base_url: Callable[[str], str]
    check_access: Callable[[str, str | None, str | None], None]
    list_models: Callable[[str], list[dict[str, Any]]]


def install(app: Flask, api_services: ApiServices) -> None:
    """Let the routes of `app` find `api_services`."""
    app.extensions[_KEY] = api_services


def services() -> ApiServices:
    """Return the services of the application that handles the request."""
    found: ApiServices = current_app.extensions[_KEY]
    return found
