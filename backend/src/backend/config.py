"""Config: every tunable, read once from `config.sh` and the environment, then passed in.

`config.sh` holds the defaults; a variable of the environment wins over it. Nobody else
reads the environment.
"""

import logging
import os
import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from backend.errors import ConfigurationError

_PACKAGED = Path(__file__).parent / "config.sh"
_CHECKED_OUT = Path(__file__).resolve().parents[3] / "config.sh"

Seconds = Annotated[int, Field(ge=1, le=86_400)]
Milliseconds = Annotated[int, Field(ge=10, le=600_000)]
Weight = Annotated[float, Field(ge=0.0, le=1.0)]

BUILT_IN_PROVIDERS: Final = frozenset(
    {"builtin", "openai", "anthropic", "google", "grok", "ollama", "custom"}
)
_PROVIDER_NAME = re.compile(r"[a-z][a-z0-9-]{1,31}")


def _named_urls(text: str) -> list[tuple[str, str]]:
    """Return the pairs of "name=url,name=url"."""
    parts = (part.partition("=") for part in text.split(",") if part.strip())
    return [(name.strip(), url.strip()) for name, _, url in parts]


def defaults_file() -> Path:
    """Return the `config.sh` in force: the checkout's, else the one inside the package."""
    return _CHECKED_OUT if _CHECKED_OUT.is_file() else _PACKAGED


class Config(BaseSettings):
    """Typed, range-checked settings. Field names are the variables' names in lower case.

    Sizes and times carry their unit in the name. Instances are frozen.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", case_sensitive=False)
    defaults: ClassVar[Path | None] = None

    host: str = Field(min_length=1)
    port: int = Field(ge=1, le=65_535)
    behind_proxy: bool
    data_dir: Path
    database_url: SecretStr
    qdrant_url: str
    qdrant_api_key: SecretStr
    redis_url: SecretStr
    secret_key_file: str

    signup_enabled: bool
    session_expiry_hours: float = Field(gt=0, le=24 * 366)
    invite_expiry_hours: float = Field(gt=0, le=24 * 366)
    password_min_characters: int = Field(ge=4, le=128)
    rate_limit_login: str = Field(pattern=r"^\d+ per (second|minute|hour|day)$")
    rate_limit_api: str = Field(pattern=r"^\d+ per (second|minute|hour|day)$")

    api_timeout_ms: int = Field(ge=1_000, le=600_000)
    max_upload_mb: int = Field(ge=1, le=10_240)
    import_max_mb: int = Field(ge=1, le=1_048_576)
    message_max_characters: int = Field(ge=100, le=1_000_000)

    rag_max_document_results: int = Field(ge=1, le=100)
    rag_candidates: int = Field(ge=10, le=1_000)
    rag_dense_weight: Weight
    rag_sentence_weight: Weight
    rag_exact_weight: Weight
    chunk_max_characters: int = Field(ge=200, le=20_000)
    chunk_overlap_characters: int = Field(ge=0, le=10_000)
    embedding_url: str = Field(pattern=r"^(https?://.+)?$")
    embedding_model: str
    embedding_api_key: SecretStr
    embedding_threads: int = Field(ge=1, le=64)
    embedding_batch_chunks: int = Field(ge=1, le=1_024)
    index_poll_ms: Milliseconds

    question_rewrite_timeout_s: float = Field(ge=0, le=60)
    conversation_title_timeout_s: float = Field(ge=0, le=60)
    chat_history_messages: int = Field(ge=0, le=1_000)
    chat_max_running_answers: int = Field(ge=1, le=10_000)
    chat_max_running_per_user: int = Field(ge=1, le=10_000)
    chat_chunks_per_second: int = Field(ge=1, le=1_000)
    chat_save_interval_ms: int = Field(ge=50, le=1_000)
    prompt_max_characters: int = Field(ge=4_000, le=10_000_000)
    prompt_max_tokens: int = Field(ge=1_000, le=10_000_000)
    answer_min_evidence: Weight
    quotes_max_sentences: int = Field(ge=1, le=100)
    search_min_relevance: Weight
    memory_enabled: bool
    memory_max_results: int = Field(ge=0, le=100)
    memory_min_relevance: Weight
    memory_dense_weight: Weight
    memory_answer_weight: Weight
    memory_question_weight: Weight
    memory_neighbour_weight: Weight
    memory_date_weight: Weight
    memory_neighbour_embedded: bool
    memory_date_embedded: bool
    memory_recency_weight: Weight
    memory_talk_weight: Weight
    provider_connect_timeout_s: Seconds
    provider_idle_timeout_s: Seconds
    ollama_url: str = Field(pattern=r"^https?://")
    custom_providers: str

    ingest_enabled: bool
    ocr_enabled: bool
    ingest_memory_mb: int = Field(ge=0, le=1_048_576)
    ingest_nice: int = Field(ge=0, le=19)
    ingest_lease_s: Seconds
    ingest_document_s: Seconds
    ingest_page_s: float = Field(gt=0, le=3_600)
    ingest_page_max_s: Seconds
    ingest_turn_s: float = Field(gt=0, le=3_600)
    ingest_max_attempts: int = Field(ge=1, le=100)
    ingest_retry_base_s: float = Field(gt=0, le=3_600)
    ingest_poll_ms: Milliseconds
    archive_max_entries: int = Field(ge=1, le=10_000)
    archive_max_mb: int = Field(ge=1, le=1_048_576)
    progress_poll_ms: Milliseconds

    watch_folders: str
    watch_user: str
    watch_interval_s: Seconds
    watch_quiet_s: float = Field(ge=0, le=3_600)

    server_threads: int = Field(ge=4, le=10_000)
    db_pool_size: int = Field(ge=1, le=1_000)
    db_pool_timeout_s: Seconds
    db_busy_timeout_ms: Milliseconds
    shutdown_timeout_s: Seconds

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"]
    log_max_bytes: int = Field(ge=10_000)
    log_backup_count: int = Field(ge=0, le=1_000)
    log_json: bool

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        defaults = DotEnvSettingsSource(settings_cls, env_file=defaults_file())
        return init_settings, env_settings, defaults

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return (defaults_file().parent / value.expanduser()).resolve()

    @model_validator(mode="after")
    def _together(self) -> "Config":
        if self.chunk_overlap_characters > self.chunk_max_characters // 2:
            raise ValueError("CHUNK_OVERLAP_CHARACTERS may be at most half of CHUNK_MAX_CHARACTERS")
        if self.rag_dense_weight + self.rag_sentence_weight > 1:
            raise ValueError("RAG_DENSE_WEIGHT and RAG_SENTENCE_WEIGHT may add up to at most 1")
        for name, url in _named_urls(self.custom_providers):
            if not _PROVIDER_NAME.fullmatch(name) or name in BUILT_IN_PROVIDERS:
                raise ValueError(
                    f"CUSTOM_PROVIDERS: {name!r} must be 2 to 32 lower-case letters, digits or "
                    "hyphens, and the name of no other provider"
                )
            if not url.startswith(("http://", "https://")):
                raise ValueError(f"CUSTOM_PROVIDERS: {name} needs an http or https address")
        if len(self.custom_endpoints) < len(_named_urls(self.custom_providers)):
            raise ValueError("CUSTOM_PROVIDERS names a provider twice")
        if bool(self.embedding_url) != bool(self.embedding_model):
            raise ValueError("EMBEDDING_URL and EMBEDDING_MODEL must be set together")
        return self

    @property
    def sqlalchemy_url(self) -> str:
        """The database's address; SQLite in the data folder unless DATABASE_URL is set."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.data_dir / 'docchat.db'}"

    @property
    def is_shared(self) -> bool:
        """Whether other server processes use the same database."""
        return bool(self.redis_url.get_secret_value())

    @property
    def max_upload_bytes(self) -> int:
        return self.max_upload_mb * 1024 * 1024

    @property
    def custom_endpoints(self) -> dict[str, str]:
        """The addresses of CUSTOM_PROVIDERS by name."""
        return dict(_named_urls(self.custom_providers))

    @property
    def watched_folders(self) -> tuple[bytes, ...]:
        """The folders of WATCH_FOLDERS, absolute; relative ones start at config.sh's folder."""
        names = [name for name in self.watch_folders.split(os.pathsep) if name.strip()]
        start = defaults_file().parent
        return tuple(os.fsencode(start / Path(name.strip()).expanduser()) for name in names)

    @property
    def files_dir(self) -> Path:
        """Where the original files lie, by sha256."""
        return self.data_dir / "files"

    @property
    def index_dir(self) -> Path:
        """Where the embedded search index lies; derived, may be deleted."""
        return self.data_dir / "index"

    @property
    def log_dir(self) -> Path:
        return self.data_dir / "logs"

    @property
    def secret_key_path(self) -> Path:
        return Path(self.secret_key_file) if self.secret_key_file else self.data_dir / "secret.key"


def load_config(**overrides: Any) -> Config:
    """Build the Config from `config.sh`, the environment and `overrides` (strongest).

    Raises:
        ConfigurationError: a value is unknown, of the wrong type or out of range; the
            message names the variable and says what is wrong with it.
    """
    try:
        return Config(**overrides)
    except ValidationError as error:
        problems = []
        for item in error.errors():
            name = str(item["loc"][0]).upper() if item["loc"] else ""
            text = item["msg"].removeprefix("Value error, ")
            problems.append(f"{name}: {text} (it is {item['input']!r})" if name else text)
        logging.getLogger(__name__).debug("configuration rejected")
        raise ConfigurationError(
            f"Wrong setting: {'; '.join(problems)}. Change it in the environment or in config.sh."
        ) from None
