"""Flask extensions, built for one application.

Both keep the state of the last application given to `init_app` (server, storage, routes),
so one module-level object would mix up two applications in one process.
"""

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_socketio import SocketIO

from backend.config import Config
from backend.send_queue import write_at_once
from backend.websocket_compression import Compressors


def create_socketio(app: Flask, config: Config, compressors: Compressors) -> SocketIO:
    """Add a Socket.IO server to `app`; several processes work as one through REDIS_URL.

    Its websockets are compressed by `compressors`.
    """
    socketio = SocketIO(
        app,
        async_mode="threading",
        path="/socket.io",
        message_queue=config.redis_url.get_secret_value() or None,
        manage_session=False,
    )
    write_at_once(socketio, compressors)
    return socketio


def create_limiter(app: Flask, config: Config) -> Limiter:
    """Add a rate limiter to `app` that counts by client address.

    While Redis is away each process counts for itself.
    """
    return Limiter(
        app=app,
        key_func=get_remote_address,
        application_limits=[config.rate_limit_api],
        storage_uri=config.redis_url.get_secret_value() or "memory://",
        in_memory_fallback_enabled=bool(config.redis_url.get_secret_value()),
    )
