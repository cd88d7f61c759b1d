"""Uploaded documents."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.config import Config
from backend.db.session import Database
from backend.ingest.worker import drain
from people import Person
from uploads import form


@pytest.fixture
def upload(client: FlaskClient, user: Person) -> Callable[..., TestResponse]:
    """Return a function that uploads bytes under a name."""

    def send(data: bytes, name: str = "report.pdf", person: Person = user) -> TestResponse:
        return client.post("/api/documents", **form(data, name), headers=person.headers)

    return send


@pytest.fixture
def document_id(upload: Callable[..., TestResponse], pdf: bytes) -> str:
    """An uploaded document that waits."""
    found: str = upload(pdf).get_json()["document"]["id"]
    return found


@pytest.fixture
def read_document_id(document_id: str, config: Config, database: Database) -> str:
    """An uploaded document that has been taken in."""
    drain(config, database)
    return document_id
