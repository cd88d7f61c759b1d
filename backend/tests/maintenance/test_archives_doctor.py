"""Archives leave nothing behind, whenever their deletion comes."""

import io

import pytest

from backend.clock import utc_now
from backend.db.repositories import deletions, ingest_jobs
from backend.ingest.extract.formats import ZIP
from backend.ingest.intake import keep
from backend.ingest.worker import Worker, drain
from maintenance.house import MaintenanceHouse
from zip_maker import make_archive

FILES: dict[str, str | bytes] = {
    f"{number}.txt": f"The beacon number {number} stands on a rock." for number in range(6)
}


class Killed(BaseException):
    """Stands for the death of the worker's process: nothing of it runs afterwards."""


def store_archive(house: MaintenanceHouse) -> str:
    content = make_archive({**FILES, "inner.zip": make_archive({"deep.txt": "A buoy floats."})})
    received = house.file_store.receive(io.BytesIO(content), 10**6)
    with house.database.db_transaction() as session:
        document, _ = keep(
            session, house.file_store, received, house.user_id, filename="a.zip", media_type=ZIP
        )
    return document.id


def delete(house: MaintenanceHouse, document_id: str) -> None:
    with house.database.db_transaction() as session:
        deletions.mark_deleted(session, house.user_id, document_id)


def test_an_unpacked_archive_gives_the_doctor_nothing_to_say(house: MaintenanceHouse) -> None:
    store_archive(house)
    drain(house.config, house.database)
    house.stack.drain()
    assert house.codes() == []
    assert len(house.documents()) == 2 + 1 + len(FILES) + 2
    assert "3.txt" in house.found("beacon number 3")


def test_a_deleted_archive_leaves_no_row_no_file_and_no_point(house: MaintenanceHouse) -> None:
    before = house.doctor.examine()
    archive_id = store_archive(house)
    drain(house.config, house.database)
    house.stack.drain()
    delete(house, archive_id)
    assert house.found("beacon number 3 on a rock")[0] in ("lighthouse.txt", "harbour.txt")
    house.stack.drain()
    assert house.doctor.examine() == before


@pytest.mark.parametrize("signs", [3, 8, 15, 40])
def test_an_archive_deleted_while_it_is_unpacked_leaves_nothing(
    house: MaintenanceHouse, signs: int
) -> None:
    before = house.doctor.examine()
    archive_id = store_archive(house)
    seen = 0

    def on_progress() -> None:
        nonlocal seen
        seen += 1
        if seen == signs:
            delete(house, archive_id)

    worker = Worker(house.config, house.database, on_progress)
    while worker.process_next():
        pass
    worker.close()
    assert seen >= signs
    house.stack.drain()
    assert house.doctor.examine() == before
    assert list((house.config.files_dir / "incoming").iterdir()) == []


def test_the_doctor_finds_nothing_wrong_after_a_kill_and_the_next_worker(
    house: MaintenanceHouse,
) -> None:
    store_archive(house)
    signs = iter(range(8))

    def kill() -> None:
        if next(signs, None) is None:
            raise Killed

    worker = Worker(house.config, house.database, kill)
    with pytest.raises(Killed):
        worker.process_next()
    worker.close()
    with house.database.db_transaction() as session:
        assert ingest_jobs.take_dead_leases(session, lambda _owner: True, utc_now())
    assert house.codes() == []
    drain(house.config, house.database)
    house.stack.drain()
    assert house.codes() == []
    assert {document.status for document in house.documents()} == {"ready"}
