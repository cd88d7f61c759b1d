"""The embedding models in use, as the database has them, and how to open them."""

import logging

from backend.config import Config
from backend.db.repositories import embedding_models
from backend.db.repositories.embedding_models import ModelRecord, ModelsInUse
from backend.db.session import Database
from backend.errors import ApiKeyMissing
from backend.secret_box import SecretBox, open_secret_box
from backend.store.embeddings import Embedder, EmbeddingModel, configured_model, open_embedder

logger = logging.getLogger(__name__)


class EmbeddingModels:
    """What the configuration asks for is the configured model; what answers is the serving one.

    They differ while documents are embedded anew after a change of the configuration.
    """

    def __init__(self, config: Config, database: Database) -> None:
        self._config = config
        self._database = database
        self._configured = configured_model(config)

    def adopt(self) -> ModelsInUse:
        """Make the configured model the serving or the next one, and return the models."""
        configured = self._configured
        with self._database.db_session() as session:
            before = embedding_models.find(session, configured.name)
        key = self._kept_key(before)
        with self._database.db_transaction() as session:
            embedding_models.adopt(
                session,
                configured.name,
                base_url=configured.base_url,
                server_model=configured.server_model,
                key_encrypted=key,
            )
            return embedding_models.load(session)

    def load(self) -> ModelsInUse:
        """Return the models as they are now."""
        with self._database.db_session() as session:
            return embedding_models.load(session)

    def open(self, record: ModelRecord) -> Embedder:
        """Load a model. One that this version cannot load, or whose server is not known, embeds
        nothing: it raises `EmbeddingRefused`, and search goes by keywords.

        Raises:
            ConfigurationError: the built-in model's file is missing or not the expected one.
        """
        configured = self._configured
        is_configured = record.name == configured.name
        key = configured.api_key if is_configured else self._decrypted(record)
        return open_embedder(
            EmbeddingModel(
                record.name, record.base_url, record.server_model, key, record.dimension
            ),
            self._config,
            self._config.embedding_threads,
        )

    def note_dimension(self, record: ModelRecord, embedder: Embedder) -> None:
        """Keep the length of a model's vectors, once it is known."""
        if record.dimension != embedder.dimension:
            with self._database.db_transaction() as session:
                embedding_models.note_dimension(session, record.name, embedder.dimension)

    def _kept_key(self, before: ModelRecord | None) -> bytes | None:
        """Return the configured key encrypted: as it was, if it is the same."""
        key = self._configured.api_key
        if not key:
            return None
        if before is not None and before.key_encrypted and self._decrypted(before) == key:
            return before.key_encrypted
        return self._secret_box().encrypt(key)

    def _decrypted(self, record: ModelRecord) -> str:
        if record.key_encrypted is None:
            return ""
        try:
            return self._secret_box().decrypt(record.key_encrypted)
        except ApiKeyMissing:
            logger.warning("the embedding model's key is lost", extra={"model": record.name})
            return ""

    def _secret_box(self) -> SecretBox:
        return open_secret_box(self._config.secret_key_path)
