"""The composition root: builds every part from the Config and hands each what it needs."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from apiflask import APIFlask
from flask import Flask
from flask_socketio import SocketIO
from sqlalchemy import text
from werkzeug.middleware.proxy_fix import ProxyFix

from backend import __version__
from backend.api import (
    auth,
    collections,
    conversations,
    documents,
    error_handlers,
    frontend,
    health,
    memory,
    openapi,
    preferences,
    search,
    security_headers,
    settings,
    transfer,
    usage,
    websocket,
)
from backend.api import config as config_api
from backend.api import services as api_services
from backend.api.document_events import DocumentEvents
from backend.api.request_log import RequestLog
from backend.api.requests import ApiRequest
from backend.api.routing import IdConverter, PagePathConverter
from backend.api.services import ApiServices
from backend.auth import middleware, sessions
from backend.chat.engine import AnswerEngine
from backend.chat.events import AnswerEnded, AnswerStarted, ChatEvent
from backend.chat.memory import MemoryRecall
from backend.chat.message_search import MessageSearch
from backend.chat.models import ModelCatalog
from backend.chat.passage_search import PassageSearch
from backend.config import Config
from backend.db.session import Database, create_database
from backend.extensions import create_limiter, create_socketio
from backend.files import FileStore
from backend.ingest.supervisor import WorkerSupervisor
from backend.llm.registry import check_base_url
from backend.maintenance.index_access import RequestDesk
from backend.maintenance.keys import warn_of_unreadable
from backend.periodic import Periodic
from backend.process_memory import IdleMemory
from backend.search_stack import SearchStack
from backend.secret_box import SecretBox, open_secret_box
from backend.websocket_compression import Compressors

_KEY = "docchat"
_MAX_BODY_BYTES = 1024 * 1024
_CLEANING_INTERVAL_S = 60.0
_REQUESTS_INTERVAL_S = 0.5
_WATCH_COMMAND = ("-m", "backend", "watch", "--quiet")
_CHANGE_INTERVAL_S = 1.0
_MEMORY_INTERVAL_S = 2.0


class Services:
    """The parts of one application that do something on their own."""

    def __init__(
        self,
        config: Config,
        database: Database,
        socketio: SocketIO,
        search: SearchStack,
        engine: AnswerEngine,
        supervisors: Sequence[WorkerSupervisor],
        document_events: DocumentEvents,
        request_desk: RequestDesk,
        secret_box: SecretBox,
        idle_memory: IdleMemory,
        clean: Callable[[], None],
    ) -> None:
        self.config = config
        self.database = database
        self.search = search
        self.engine = engine
        self.clean = clean
        self._secret_box = secret_box
        self._socketio = socketio
        self._supervisors = supervisors
        self._periodic = (
            Periodic(
                "document-events", config.progress_poll_ms / 1000, document_events.emit_changes
            ),
            Periodic("maintenance-requests", _REQUESTS_INTERVAL_S, request_desk.answer_all),
            Periodic("embedding-change", _CHANGE_INTERVAL_S, search.advance_change),
            Periodic("cleaning", _CLEANING_INTERVAL_S, clean),
            Periodic("idle-memory", _MEMORY_INTERVAL_S, idle_memory.tidy),
        )
        self._stop_lock = threading.Lock()
        self._is_stopped = False

    def start(self) -> None:
        """Begin background work, once. The database has been migrated before."""
        warn_of_unreadable(self.database, self._secret_box)
        self.engine.start()
        self.search.start()
        for work in self._periodic:
            work.start()
        for supervisor in self._supervisors:
            supervisor.start()

    def stop(self) -> None:
        """End everything within SHUTDOWN_TIMEOUT_S; running answers are saved first."""
        with self._stop_lock:
            if self._is_stopped:
                return
            self._is_stopped = True
        stopping = [
            threading.Thread(target=supervisor.stop, name="stop-process", daemon=True)
            for supervisor in self._supervisors
        ]
        for thread in stopping:
            thread.start()
        self.engine.stop()
        for client in list(self._socketio.server.eio.sockets.values()):
            client.close(wait=False)
        for work in self._periodic:
            work.stop(timeout_s=1)
        self.search.stop()
        for thread in stopping:
            thread.join(self.config.shutdown_timeout_s)
        self.database.close()


def get_services(app: Flask) -> Services:
    """Return the running parts of `app`."""
    services: Services = app.extensions[_KEY]
    return services


def create_app(config: Config) -> APIFlask:
    """Build the application. Starts nothing and opens no network connection."""
    database = create_database(config)
    file_store = FileStore(config.files_dir)
    secret_box = open_secret_box(config.secret_key_path)
    catalog = ModelCatalog(database, config, secret_box.decrypt)
    search_stack = SearchStack(
        config, database, file_store, is_answering=lambda: engine.is_answering()
    )
    worker = WorkerSupervisor(config) if config.ingest_enabled else None
    watcher = WorkerSupervisor(config, _WATCH_COMMAND) if config.watched_folders else None
    app = _create_flask()
    compressors = Compressors()
    socketio = create_socketio(app, config, compressors)

    def emit(event: str, data: dict[str, Any], user_id: str) -> None:
        socketio.emit(event, data, to=user_id)

    def emit_here(event: str, data: dict[str, Any], user_id: str) -> None:
        # Every server process looks for changed rows and tells its own connections.
        socketio.emit(event, data, to=user_id, ignore_queue=True)

    send = websocket.create_publish(socketio)

    def publish(user_id: str, event: ChatEvent) -> None:
        send(user_id, event)
        if isinstance(event, AnswerStarted | AnswerEnded):
            search_stack.wake()  # the next question may be about what was just said

    engine = AnswerEngine(
        database,
        config,
        catalog,
        search_stack.search,
        search_stack.embed,
        publish,
        search_stack.search_messages,
    )
    recall = MemoryRecall(database, config, search_stack.search_messages)
    disconnect_session = partial(websocket.disconnect_session, socketio)

    def clean() -> None:
        for session_id in sessions.remove_expired(database):
            disconnect_session(session_id)
        file_store.remove_stale()

    app.extensions[_KEY] = Services(
        config,
        database,
        socketio,
        search_stack,
        engine,
        [supervisor for supervisor in (worker, watcher) if supervisor is not None],
        DocumentEvents(database, emit_here),
        RequestDesk(database, search_stack),
        secret_box,
        IdleMemory(
            engine.is_answering,
            search_stack.is_embedding_messages,
            partial(compressors.release_unused, _MEMORY_INTERVAL_S),
        ),
        clean,
    )
    api_services.install(
        app,
        ApiServices(
            config=config,
            database=database,
            file_store=file_store,
            secret_box=secret_box,
            checks={
                "database": partial(_check_database, database),
                "index": search_stack.problem,
                "worker": partial(_check_worker, worker),
            },
            emit=emit,
            disconnect_session=disconnect_session,
            stop_answers=engine.stop_answers,
            passage_search=PassageSearch(
                database, search_stack.search, config.search_min_relevance
            ),
            message_search=MessageSearch(
                database,
                search_stack.search_messages,
                search_stack.embed,
                config.search_min_relevance,
            ),
            search_memory=partial(_search_memory, recall),
            providers=catalog.provider_names,
            check_base_url=check_base_url,
            check_access=catalog.check,
            list_models=lambda user_id: [asdict(m) for m in catalog.list_models(user_id)],
        ),
    )
    # The limiter comes first: it also counts requests that are refused.
    limiter = create_limiter(app, config)
    error_handlers.init_app(app, limiter)
    middleware.init_app(app, database, config)
    security_headers.init_app(app)
    _add_routes(app)
    _limit_log_ins(app, limiter.shared_limit(config.rate_limit_login, scope="login"))
    websocket.init_app(socketio, engine, database, config)
    if config.behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    app.wsgi_app = RequestLog(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _create_flask() -> APIFlask:
    app = APIFlask(
        __name__,
        title="Doc Chat",
        version=__version__,
        spec_path="/api/openapi.json",
        docs_path=None,
        json_errors=False,
        static_folder=None,  # type: ignore[arg-type]
    )
    app.request_class = ApiRequest
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY_BYTES
    app.url_map.converters.update(id=IdConverter, page_path=PagePathConverter)
    return app


def _add_routes(app: APIFlask) -> None:
    for module in (
        auth,
        collections,
        config_api,
        conversations,
        documents,
        health,
        memory,
        preferences,
        search,
        settings,
        transfer,
        usage,
    ):
        app.register_blueprint(module.blueprint)
    frontend.init_app(app)
    openapi.init_app(app)


def _limit_log_ins(app: APIFlask, limit: Callable[[Any], Any]) -> None:
    for endpoint in ("auth.login", "auth.register"):
        app.view_functions[endpoint] = limit(app.view_functions[endpoint])


def _check_database(database: Database) -> str | None:
    with database.db_session() as session:
        session.execute(text("SELECT 1"))
    return None


def _check_worker(supervisor: WorkerSupervisor | None) -> str | None:
    if supervisor is None or supervisor.worker_pid is not None:
        return None
    return "restarting"


def _search_memory(
    recall: MemoryRecall, user_id: str, query: str, limit: int
) -> list[dict[str, Any]]:
    return [each.to_wire() for each in recall.search(user_id, query, limit)]
