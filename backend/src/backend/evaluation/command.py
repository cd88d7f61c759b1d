"""The command `docchat eval`: sets in, figures out."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from backend.config import Config, load_config
from backend.data_folder import LOCK, claim_data_dir
from backend.db.session import Database, create_database
from backend.errors import ConfigurationError
from backend.evaluation import dialogue
from backend.evaluation.corpus import Library, load, take_in
from backend.evaluation.dataset import CORPUS, Dataset, read_dataset
from backend.evaluation.dialogue import DialogueLibrary, is_dialogue
from backend.evaluation.measurement import DEPTH, Measurement, measure, measure_by
from backend.evaluation.report import Result
from backend.files import FileStore
from backend.search_stack import SearchStack
from backend.store.embeddings import configured_model

# Where an evaluation keeps its rows and points is its own business, never the user's data.
_ITS_OWN: Final = {"data_dir", "database_url", "qdrant_url", "redis_url"}
# What a corpus looks like once it is taken in depends on these; raise the number when the
# way from text to rows and points changes.
_INGEST_VERSION: Final = 4
_INGEST_SETTINGS: Final = ("chunk_max_characters", "chunk_overlap_characters")
# The same for a set of dialogues.
_DIALOGUE_VERSION: Final = 10_004
_DIALOGUE_SETTINGS: Final = (
    *_INGEST_SETTINGS,
    "memory_question_weight",
    "memory_neighbour_weight",
    "memory_date_weight",
    "memory_neighbour_embedded",
    "memory_date_embedded",
)

Tell = Callable[[str], None]
LibraryT = TypeVar("LibraryT", Library, DialogueLibrary)


def parse_settings(assignments: Sequence[str]) -> dict[str, str]:
    """Return `NAME=VALUE` strings as overrides for `load_config`; names in any case.

    Raises:
        ConfigurationError: one is no assignment, or sets what an evaluation keeps for itself.
    """
    settings = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise ConfigurationError(f"“{assignment}” is not of the form NAME=VALUE.")
        field = name.strip().lower()
        if field in _ITS_OWN:
            raise ConfigurationError(f"{field.upper()} cannot be set here.")
        settings[field] = value.strip()
    return settings


def run_eval(
    folders: Sequence[Path],
    settings: Mapping[str, str],
    *,
    halves: bool,
    work_dir: Path | None,
    tell: Tell,
    as_memory: bool | None = None,
) -> Iterator[Result]:
    """Measure one set after the other.

    Args:
        settings: overrides of the configuration, by field.
        halves: also measure keywords alone and embeddings alone.
        work_dir: where corpora that were taken in, and vectors, are kept for the next time.
        tell: called with the progress.
        as_memory: whether sets are conversations, searched as memory is; None: told by each.

    Raises:
        InvalidDataset: a set's files are missing or wrong; before anything is measured.
        ConfigurationError: a setting is wrong, or another evaluation uses `work_dir`.
    """
    _config(settings, Path())
    datasets = [read_dataset(folder) for folder in folders]
    with _kept_or_temporary(work_dir) as root:
        for folder, dataset in zip(folders, datasets, strict=True):
            is_memory = is_dialogue(dataset) if as_memory is None else as_memory
            run = _measure_dialogue if is_memory else _measure_set
            yield run(folder, dataset, settings, halves=halves, root=root, tell=tell)


def _measure_set(
    folder: Path,
    dataset: Dataset,
    settings: Mapping[str, str],
    *,
    halves: bool,
    root: Path,
    tell: Tell,
) -> Result:
    with open_library(folder, dataset, settings, root, tell) as opened:

        def ask_all(weights: Mapping[str, float]) -> Measurement:
            with opened.search_stack(weights) as stack:
                return measure(dataset, opened.library, stack.search, tell)

        hybrid = ask_all({})
        parts = {
            name: ask_all(weights)
            for name, weights in (_half_weights(opened.config) if halves else {}).items()
        }
    return Result(dataset.name, len(dataset.entries), opened.library.passages, hybrid, parts)


def _measure_dialogue(
    folder: Path,
    dataset: Dataset,
    settings: Mapping[str, str],
    *,
    halves: bool,
    root: Path,
    tell: Tell,
) -> Result:
    with open_dialogue(folder, dataset, settings, root, tell) as opened:

        def ask_all(weights: Mapping[str, float]) -> Measurement:
            with opened.search_stack(weights) as stack:
                ask = dialogue.asker(opened.library, stack.search_messages, DEPTH)
                return measure_by(dataset, ask, tell)

        hybrid = ask_all({})
        parts = {
            name: ask_all(weights)
            for name, weights in (dialogue.half_weights() if halves else {}).items()
        }
    return Result(dataset.name, len(dataset.entries), opened.library.passages, hybrid, parts)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A data folder of its own, ready to be searched."""

    config: Config
    database: Database

    @contextmanager
    def search_stack(self, overrides: Mapping[str, Any]) -> Iterator[SearchStack]:
        """Give the product's search, with `overrides` of the configuration by field."""
        with _search_stack(self.config, self.database, overrides) as stack:
            yield stack


@dataclass(frozen=True, slots=True)
class OpenLibrary(_Opened):
    """A corpus of documents that was taken in."""

    library: Library


@dataclass(frozen=True, slots=True)
class OpenDialogue(_Opened):
    """A set of turns that was taken in."""

    library: DialogueLibrary


@contextmanager
def open_library(
    folder: Path, dataset: Dataset, settings: Mapping[str, str], root: Path, tell: Tell
) -> Iterator[OpenLibrary]:
    """Give the corpus of the set in `folder`, taken in unless it lies below `root` already.

    Raises:
        ConfigurationError: as `run_eval`.
    """
    way: list[int | str] = [_INGEST_VERSION, *_INGEST_SETTINGS]
    with _open_folder(folder, dataset, settings, root, tell, way, load, take_in) as opened:
        yield OpenLibrary(*opened)


@contextmanager
def open_dialogue(
    folder: Path, dataset: Dataset, settings: Mapping[str, str], root: Path, tell: Tell
) -> Iterator[OpenDialogue]:
    """As `open_library`, of a set of turns: its conversations as memory has them.

    Raises:
        ConfigurationError: as `run_eval`.
    """
    way: list[int | str] = [_DIALOGUE_VERSION, *_DIALOGUE_SETTINGS]
    how = dialogue.load, dialogue.take_in
    with _open_folder(folder, dataset, settings, root, tell, way, *how) as opened:
        yield OpenDialogue(*opened)


@contextmanager
def _open_folder(
    folder: Path,
    dataset: Dataset,
    settings: Mapping[str, str],
    root: Path,
    tell: Tell,
    way: Sequence[int | str],
    load_taken: Callable[[Path], LibraryT | None],
    take: Callable[[Config, Database, Dataset, Path, Tell], LibraryT],
) -> Iterator[tuple[Config, Database, LibraryT]]:
    """Give the data folder of a set, its database and what was taken in, now if not before.

    Args:
        way: how it is taken in: a version and the settings that matter.
        load_taken: reads from the folder what `take` has left there.
    """
    config = _config(settings, root)
    name = f"{dataset.name}-{_fingerprint(folder / CORPUS, config, way)}"
    config = _config(settings, root / name)
    with claim_data_dir(config.data_dir):
        database = create_database(config)
        try:
            library = load_taken(config.data_dir)
            if library is None:
                _empty(config.data_dir)  # of what an evaluation that was killed has left
                library = take(config, database, dataset, root / "vectors.db", tell)
            yield config, database, library
        finally:
            database.close()


@contextmanager
def _search_stack(
    config: Config, database: Database, overrides: Mapping[str, Any]
) -> Iterator[SearchStack]:
    stack = SearchStack(
        config.model_copy(update=dict(overrides)), database, FileStore(config.files_dir)
    )
    try:
        yield stack
    finally:
        stack.stop()


def _half_weights(config: Config) -> dict[str, dict[str, float]]:
    dense = config.rag_dense_weight + config.rag_sentence_weight
    share = config.rag_dense_weight / dense if dense else 1.0
    return {
        "keywords alone": {"rag_dense_weight": 0.0, "rag_sentence_weight": 0.0},
        "embeddings alone": {"rag_dense_weight": share, "rag_sentence_weight": 1.0 - share},
    }


def _config(settings: Mapping[str, str], data_dir: Path) -> Config:
    return load_config(
        **{**settings, "data_dir": data_dir, "database_url": "", "qdrant_url": "", "redis_url": ""}
    )


def _fingerprint(corpus: Path, config: Config, way: Sequence[int | str]) -> str:
    """Return the same for the same corpus taken in the same way, and something else otherwise."""
    version, *names = way
    marks = [version, configured_model(config).name]
    marks += [getattr(config, str(name)) for name in names]
    digest = hashlib.sha256(json.dumps(marks).encode())
    with corpus.open("rb") as file:
        digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:12]


def _empty(data_dir: Path) -> None:
    for path in data_dir.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != LOCK:
            path.unlink()


@contextmanager
def _kept_or_temporary(work_dir: Path | None) -> Iterator[Path]:
    if work_dir is not None:
        yield work_dir.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="docchat-eval-") as folder:
        yield Path(folder)
