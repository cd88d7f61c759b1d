"""A command asks a running server through the database."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from backend.db.repositories import maintenance_requests
from backend.errors import Unavailable
from backend.maintenance.doctor import Doctor
from backend.maintenance.index_access import RequestDesk, RequestedIndex
from backend.secret_box import open_secret_box
from maintenance.house import MaintenanceHouse


@contextmanager
def answering(house: MaintenanceHouse) -> Iterator[None]:
    """A server that answers requests meanwhile."""
    desk, done = RequestDesk(house.database, house.stack), threading.Event()

    def answer() -> None:
        while not done.wait(0.02):
            desk.answer_all()

    thread = threading.Thread(target=answer)
    thread.start()
    yield
    done.set()
    thread.join()


def test_the_server_inspects_and_rebuilds_its_index(house: MaintenanceHouse) -> None:
    requested = RequestedIndex(house.database)
    with answering(house):
        inspection = requested.inspect()
        assert inspection == house.stack.inspect()
        assert inspection.points > 0
        assert requested.rebuild() == 2
        assert requested.inspect().points == 0
    house.stack.drain()
    assert house.stack.inspect() == inspection
    with house.database.db_session() as session:
        assert maintenance_requests.waiting(session) == []


def test_what_the_server_finds_different_arrives_whole(house: MaintenanceHouse) -> None:
    house.stack._open().index.delete_document(house.documents()[0].id)
    with answering(house):
        assert RequestedIndex(house.database).inspect() == house.stack.inspect()


def test_an_index_the_server_cannot_read_is_a_finding(house: MaintenanceHouse) -> None:
    house.close_index()
    requested = RequestedIndex(house.database)
    secrets = open_secret_box(house.config.secret_key_path)
    doctor = Doctor(house.database, house.file_store, requested, secrets, is_alone=False)
    with answering(house):
        assert [f.code for f in doctor.examine().findings] == ["index_unreadable"]


def test_a_server_that_does_not_answer_is_told_of_in_a_sentence(house: MaintenanceHouse) -> None:
    with pytest.raises(Unavailable, match="did not answer"):
        RequestedIndex(house.database, timeout_s=0.3).inspect()
    with house.database.db_session() as session:
        assert maintenance_requests.waiting(session) == []


def test_a_request_of_another_version_is_refused(house: MaintenanceHouse) -> None:
    with answering(house), pytest.raises(Unavailable, match="another version"):
        RequestedIndex(house.database)._ask("dance")
