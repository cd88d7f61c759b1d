"""Socket.IO: translates events to calls of the answer engine, and its events to messages.

Connections of a user share the room named by the user's id, those of a log-in session the
room named by the session's id.
"""

import logging
import secrets
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from flask import request
from flask_socketio import ConnectionRefusedError as Refused
from flask_socketio import SocketIO, join_room, leave_room
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from backend.api import serializers
from backend.auth.middleware import SESSION_COOKIE
from backend.auth.sessions import Identity, authenticate
from backend.chat.engine import AnswerEngine
from backend.chat.events import (
    AnswerEnded,
    AnswerFailed,
    AnswerStarted,
    AnswerText,
    ChatEvent,
    ConversationChanged,
    Publish,
)
from backend.config import Config
from backend.db.session import Database
from backend.errors import (
    DocChatError,
    InternalError,
    InvalidRequest,
    NotAuthenticated,
    ValidationFailed,
)
from backend.log_context import log_context

logger = logging.getLogger(__name__)

_NAMESPACE = "/"
# Keys in the environ of a connection, which lives as long as it does.
_TOKEN = "docchat.token"  # noqa: S105
_USER_ID = "docchat.user_id"

# The patterns also refuse lone surrogates, which no database stores.
Id = Annotated[str, Field(pattern=r"^[^\x00]{1,64}$")]
ClientId = Annotated[str, Field(pattern=r"^[^\x00]{1,128}$")]
ModelId = Annotated[str, Field(pattern=r"^[^\x00]{0,300}$")]
MessageText = Annotated[str, Field(max_length=1_000_000)]


class Payload(BaseModel):
    """The data of an event: types are not converted, unknown fields are passed over."""

    model_config = ConfigDict(strict=True)


class ChatMessage(Payload):
    conversation_id: Id
    message: MessageText
    model: ModelId
    parent_id: Id | None = None
    client_id: ClientId | None = None
    memory_enabled: bool | None = None
    document_ids: Annotated[list[Id], Field(max_length=1_000)] | None = None
    collection_ids: Annotated[list[Id], Field(max_length=1_000)] | None = None


class ChatStop(Payload):
    message_id: Id


class ChatResume(Payload):
    message_id: Id


class ChatRegenerate(Payload):
    message_id: Id
    model: ModelId | None = None
    client_id: ClientId | None = None


class ChatEdit(Payload):
    message_id: Id
    message: MessageText
    model: ModelId | None = None
    client_id: ClientId | None = None


class Typing(Payload):
    conversation_id: Id


PayloadT = TypeVar("PayloadT", bound=Payload)
_Handler = Callable[[Identity, PayloadT], dict[str, Any]]


def init_app(socketio: SocketIO, engine: AnswerEngine, database: Database, config: Config) -> None:
    """Register the handlers of every event a client may send."""

    def connect(auth: object = None) -> None:
        # A token travels in `auth`, where no foreign page can put it; the cookie is safe
        # because python-socketio refuses connections from other origins.
        if isinstance(auth, dict) and "token" in auth:
            token = auth["token"]
        else:
            token = request.cookies.get(SESSION_COOKIE)
        identity = authenticate(database, config, token) if isinstance(token, str) else None
        if identity is None:
            error = NotAuthenticated()
            raise Refused(error.code, error.to_wire(secrets.token_hex(16)))
        request.environ[_TOKEN], request.environ[_USER_ID] = token, identity.user_id
        join_room(identity.user_id)
        join_room(identity.session_id)

    def on(event: str, payload: type[PayloadT], handler: _Handler[PayloadT]) -> None:
        def handle(*args: object) -> dict[str, Any]:
            request_id = secrets.token_hex(16)
            with log_context(request_id=request_id):
                try:
                    identity = authenticate(database, config, request.environ[_TOKEN])
                    if identity is None:
                        raise NotAuthenticated
                    with log_context(user_id=identity.user_id):
                        return {"ok": True, **handler(identity, _parse(payload, args))}
                except NotAuthenticated as error:
                    leave_room(request.environ[_USER_ID])  # the session ended: no more events
                    return _refusal(error, request_id)
                except DocChatError as error:
                    return _refusal(error, request_id)
                except Exception:
                    logger.exception("event failed", extra={"event": event})
                    return _refusal(InternalError(), request_id)

        socketio.on_event(event, handle)

    def chat_message(identity: Identity, data: ChatMessage) -> dict[str, Any]:
        started = engine.ask(
            identity.user_id,
            conversation_id=data.conversation_id,
            text=data.message,
            model=data.model,
            parent_id=data.parent_id,
            client_id=data.client_id,
            memory_enabled=data.memory_enabled,
            document_ids=data.document_ids,
            collection_ids=data.collection_ids,
        )
        return {
            "user_message_id": started.user_message_id,
            "assistant_message_id": started.assistant_message_id,
        }

    def chat_stop(identity: Identity, data: ChatStop) -> dict[str, Any]:
        engine.stop_answer(identity.user_id, data.message_id)
        return {}

    def chat_resume(identity: Identity, data: ChatResume) -> dict[str, Any]:
        return {"message": serializers.message(engine.resume(identity.user_id, data.message_id))}

    def chat_regenerate(identity: Identity, data: ChatRegenerate) -> dict[str, Any]:
        started = engine.regenerate(
            identity.user_id,
            message_id=data.message_id,
            model=data.model,
            client_id=data.client_id,
        )
        return {"assistant_message_id": started.assistant_message_id}

    def chat_edit(identity: Identity, data: ChatEdit) -> dict[str, Any]:
        started = engine.edit(
            identity.user_id,
            message_id=data.message_id,
            text=data.message,
            model=data.model,
            client_id=data.client_id,
        )
        return {
            "user_message_id": started.user_message_id,
            "assistant_message_id": started.assistant_message_id,
        }

    def unknown(event: str, *_args: object) -> dict[str, Any]:
        error = InvalidRequest("There is no such event.", details={"event": event[:100]})
        return _refusal(error, secrets.token_hex(16))

    socketio.on_event("connect", connect)
    socketio.on_event("*", unknown)
    on("chat_message", ChatMessage, chat_message)
    on("chat_stop", ChatStop, chat_stop)
    on("chat_resume", ChatResume, chat_resume)
    on("chat_regenerate", ChatRegenerate, chat_regenerate)
    on("chat_edit", ChatEdit, chat_edit)
    on("typing", Typing, typing)


def typing(identity: Identity, data: Typing) -> dict[str, Any]:
    """Accept and ignore that somebody is typing.

    A placeholder for conversations shared by several people: there it would check that
    the sender takes part in the conversation and pass `{conversation_id, user_id}` on to
    the other participants, who would show it for a few seconds. An installation in which
    every conversation belongs to one user has nobody to tell, so nothing is sent. Clients
    may send it already.
    """
    del identity, data
    return {}


def create_publish(socketio: SocketIO) -> Publish:
    """Return what carries the engine's events to every connection of a user."""

    def publish(user_id: str, event: ChatEvent) -> None:
        name, data = _on_the_wire(event)
        try:
            socketio.emit(name, data, to=user_id, namespace=_NAMESPACE)
        except Exception:
            # With several server processes it travels through Redis, which may be away. The
            # answer goes on; clients catch up with chat_resume.
            logger.exception("an event could not be sent", extra={"event": name})

    return publish


def disconnect_session(socketio: SocketIO, session_id: str) -> None:
    """Close the connections of a log-in session to this process."""
    participants = list(socketio.server.manager.get_participants(_NAMESPACE, session_id))
    for sid, _ in participants:
        socketio.server.disconnect(sid, namespace=_NAMESPACE)


def _refusal(error: DocChatError, request_id: str) -> dict[str, Any]:
    return {"ok": False, "error": error.to_wire(request_id)}


def _parse(payload: type[PayloadT], args: tuple[object, ...]) -> PayloadT:
    """Return the event's data, checked.

    Raises:
        InvalidRequest: there is not exactly one JSON object.
        ValidationFailed: a field is missing or not valid.
    """
    if len(args) != 1 or not isinstance(args[0], dict):
        raise InvalidRequest("An event carries exactly one JSON object.")
    try:
        return payload.model_validate(args[0])
    except ValidationError as error:
        details = {
            ".".join(map(str, problem["loc"])): problem["msg"].removeprefix("Value error, ")
            for problem in error.errors(include_url=False, include_input=False)
        }
        raise ValidationFailed(details=details) from None


def _on_the_wire(event: ChatEvent) -> tuple[str, dict[str, Any]]:
    match event:
        case AnswerStarted():
            return "chat_response_start", {
                "conversation_id": event.conversation_id,
                "message_id": event.message_id,
                "model": event.model,
            }
        case AnswerText():
            return "chat_response_chunk", {
                "conversation_id": event.conversation_id,
                "message_id": event.message_id,
                "offset": event.offset,
                "text": event.text,
            }
        case AnswerEnded():
            return "chat_response_end", {
                "conversation_id": event.message.conversation_id,
                "message": serializers.message(event.message),
            }
        case AnswerFailed():
            return "chat_response_error", {
                "conversation_id": event.conversation_id,
                "message_id": event.message_id,
                "error": event.error.to_wire(event.request_id),
            }
        case ConversationChanged():
            return "conversation_updated", {
                "conversation": serializers.conversation(event.conversation)
            }
