"""A user's models: what the providers offer, opened with the keys the user has stored."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final

from backend.config import Config
from backend.db.repositories import api_keys
from backend.db.repositories.api_keys import ApiKeyRecord
from backend.db.session import Database
from backend.errors import ApiKeyMissing
from backend.llm import registry
from backend.llm.base import Credentials, Model, Provider
from backend.llm.quotes import builtin_model

BUILTIN_MODEL: Final = registry.BUILTIN_MODEL
_MOST_WINDOWS: Final = 10_000


class ModelCatalog:
    """Lists and opens models. Safe to call from several threads."""

    def __init__(self, database: Database, config: Config, decrypt: Callable[[bytes], str]) -> None:
        """Make a catalog.

        Args:
            decrypt: turns a stored key into the key; raises ApiKeyMissing when it cannot.
        """
        self._database = database
        self._config = config
        self._decrypt = decrypt
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, str, str, datetime | None], int] = {}
        self._lists = registry.ModelLists(config)
        self.provider_names = registry.provider_names(config)

    def list_models(self, user_id: str) -> list[Model]:
        """Return every provider's models, the built-in one first.

        Providers are asked at the same time; one that cannot be used has a single entry
        that is not ready and says why.
        """
        with self._database.db_session() as session:
            records = {
                record.provider: record for record in api_keys.list_for_user(session, user_id)
            }
        names = self.provider_names
        with ThreadPoolExecutor(len(names), "model-list") as pool:
            lists = pool.map(lambda name: self._list(name, records.get(name)), names)
            return [builtin_model(), *(model for part in lists for model in part)]

    def open(self, user_id: str, model: str) -> tuple[Provider, str]:
        """Return the provider of the model id, and the model's name there.

        Raises:
            UnknownModel: no provider has this name.
            ApiKeyMissing: the user has stored no key for it.
            ProviderError: its base URL is missing.
        """
        provider, name, _record = self._open(user_id, model)
        return provider, name

    def open_with_window(self, user_id: str, model: str) -> tuple[Provider, str, int | None]:
        """As `open`, and return the model's window in tokens; None if its provider does not tell.

        The provider is asked at the first time only, and again after a minute while the window
        is unknown; so is Ollama always, whose window may grow when it loads the model.

        Raises:
            As `open`.
        """
        provider, name, record = self._open(user_id, model)
        if model == BUILTIN_MODEL:
            return provider, name, None
        return provider, name, self._window(user_id, provider.name, name, record)

    def _open(self, user_id: str, model: str) -> tuple[Provider, str, ApiKeyRecord | None]:
        provider, name = registry.split_model(model, self.provider_names)
        record = None
        if model != BUILTIN_MODEL:
            with self._database.db_session() as session:
                record = api_keys.get(session, user_id, provider)
        opened = registry.create_provider(provider, self._credentials(record), self._config)
        return opened, name, record

    def _window(
        self, user_id: str, provider: str, name: str, record: ApiKeyRecord | None
    ) -> int | None:
        key = (user_id, provider, name, None if record is None else record.updated_at)
        with self._lock:
            if key in self._windows:
                return self._windows[key]
        listed = self._list(provider, record)
        tokens = next((m.context_tokens for m in listed if m.name == name), None)
        if tokens is not None and provider != "ollama":
            with self._lock:
                if len(self._windows) >= _MOST_WINDOWS:
                    self._windows.clear()
                self._windows[key] = tokens
        return tokens

    def check_model(self, model: str) -> None:
        """Make sure that the id names a provider there is.

        Raises:
            UnknownModel: it does not.
        """
        registry.split_model(model, self.provider_names)

    def check(self, provider: str, api_key: str | None, base_url: str | None) -> None:
        """Try access that is about to be stored by asking for the list of models.

        Raises:
            ProviderError: it does not work.
            ValidationFailed: the base URL is not an http(s) address.
        """
        credentials = Credentials(api_key, base_url)
        registry.create_provider(provider, credentials, self._config).list_models()

    def _list(self, name: str, record: ApiKeyRecord | None) -> list[Model]:
        try:
            return self._lists.get(name, self._credentials(record))
        except ApiKeyMissing as error:
            return [registry.not_ready(name, error.message)]

    def _credentials(self, record: ApiKeyRecord | None) -> Credentials:
        if record is None:
            return Credentials()
        key = None if record.key_encrypted is None else self._decrypt(record.key_encrypted)
        return Credentials(key, record.base_url)
