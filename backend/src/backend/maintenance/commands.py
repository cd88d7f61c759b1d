"""The commands `docchat doctor` and `docchat reindex`, beside a server or without one."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from backend.config import Config
from backend.data_folder import claim_data_dir
from backend.db.migrate import upgrade
from backend.db.repositories import consistency, embedding_models, reembedding
from backend.db.session import Database, create_database
from backend.errors import DataFolderInUse
from backend.files import FileStore
from backend.maintenance.doctor import Doctor, Examination
from backend.maintenance.index_access import (
    IndexAccess,
    OpenedIndex,
    RequestedIndex,
    wait_until_carried,
)
from backend.search_stack import SearchStack
from backend.secret_box import open_secret_box

_STANDSTILL_S = 60.0

Tell = Callable[[str], None]


def run_doctor(config: Config, *, repair: bool, tell: Tell) -> bool:
    """Examine, repair if asked to, and tell the result; return whether all is well.

    Raises:
        ConfigurationError: the data folder or the database cannot be used.
    """
    with open_house(config) as house:
        doctor = Doctor(
            house.database,
            house.file_store,
            house.index,
            open_secret_box(config.secret_key_path),
            is_alone=house.is_alone,
        )
        examination = doctor.examine()
        _tell_findings(examination, tell)
        if repair and examination.findings:
            tell("Repairing …")
            examination = doctor.repair(examination, tell)
            _tell_findings(examination, tell)
        tell(_summary(examination))
        _tell_change(house.database, tell)
    return not examination.findings


def run_reindex(config: Config, tell: Tell) -> bool:
    """Rebuild the index from the rows, telling the progress; return whether it was completed.

    Raises:
        ConfigurationError: the data folder or the database cannot be used.
        Unavailable: the index cannot be opened.
    """
    with open_house(config) as house:
        documents = house.index.rebuild()
        house.index.carry()
        tell(f"Putting {documents} documents and conversations into the index …")
        told = documents

        def tell_progress(waiting: int) -> None:
            nonlocal told
            if waiting < told:
                told = waiting
                tell(f"{max(documents - waiting, 0)} of {documents}")

        done = wait_until_carried(
            house.database, patience_s=_STANDSTILL_S, on_waiting=tell_progress
        )
        with house.database.db_session() as session:
            totals = consistency.totals(session)
    if done:
        tell(f"The index holds {totals.passages} passages of {totals.documents} documents.")
    else:
        tell("The index does not take the rest; the log says why.")
    return done


@dataclass(frozen=True, slots=True)
class House:
    """What commands work on; `is_alone`: no server can be running."""

    database: Database
    file_store: FileStore
    index: IndexAccess
    is_alone: bool


@contextmanager
def open_house(config: Config) -> Iterator[House]:
    """Give what the commands need; no server can start as long as none was running.

    The embedded index belongs to the server as long as it runs, so then the server is
    asked. A cluster can be asked by anybody.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(claim_data_dir(config.data_dir))
            is_locked = True
        except DataFolderInUse:
            is_locked = False
        database = create_database(config)
        stack.callback(database.close)
        if is_locked:
            upgrade(database)
        file_store = FileStore(config.files_dir)
        index: IndexAccess
        if is_locked or config.qdrant_url:
            index = OpenedIndex(SearchStack(config, database, file_store))
        else:
            index = RequestedIndex(database)
        stack.callback(index.close)
        # With a cluster there may be servers on other machines.
        yield House(database, file_store, index, is_locked and not config.qdrant_url)


def _tell_findings(examination: Examination, tell: Tell) -> None:
    for finding in examination.findings:
        tell(f"{finding.code}: {finding.sentence}")


def _tell_change(database: Database, tell: Tell) -> None:
    """Tell how far a change of the embedding model is: that is no fault."""
    with database.db_session() as session:
        models = embedding_models.load_if_any(session)
        if models is None or models.next is None:
            return
        progress = reembedding.progress(session, models.next.name)
    tell(
        f"{models.serving.name} answers until {models.next.name} is prepared: "
        f"{progress.done} of {progress.total} documents, {progress.failed} cannot be embedded."
    )


def _summary(examination: Examination) -> str:
    totals = examination.totals
    counts = (
        f"{totals.documents} documents, {totals.pages} pages, {totals.passages} passages, "
        f"{examination.points} points, {examination.files} files"
    )
    if not examination.findings:
        return f"All is well: {counts}."
    repairable = sum(finding.repair is not None for finding in examination.findings)
    advice = " Run `docchat doctor --repair`." if repairable else ""
    return f"{len(examination.findings)} findings; {counts}.{advice}"
