"""What the tests of maintenance work on."""

import io
from dataclasses import dataclass

from backend.config import Config
from backend.db.locks import lock_file
from backend.db.repositories import documents
from backend.db.repositories.documents import DocumentRecord
from backend.db.session import Database
from backend.files import FileStore
from backend.maintenance.doctor import Doctor
from backend.maintenance.findings import Finding
from backend.maintenance.index_access import OpenedIndex
from backend.search_stack import SearchStack
from backend.secret_box import open_secret_box


@dataclass
class MaintenanceHouse:
    config: Config
    database: Database
    file_store: FileStore
    user_id: str

    def __post_init__(self) -> None:
        self.open_index()

    def open_index(self) -> None:
        self.stack = SearchStack(self.config, self.database, self.file_store)
        self.doctor = self.make_doctor(is_alone=True)

    def close_index(self) -> None:
        self.stack.stop()

    def make_doctor(self, *, is_alone: bool) -> Doctor:
        index = OpenedIndex(self.stack)
        box = open_secret_box(self.config.secret_key_path)
        return Doctor(self.database, self.file_store, index, box, is_alone=is_alone)

    def documents(self) -> list[DocumentRecord]:
        """Return the live documents, oldest first."""
        with self.database.db_session() as session:
            return documents.list_page(session, self.user_id, 200)[0][::-1]

    def findings(self) -> list[Finding]:
        return list(self.doctor.examine().findings)

    def codes(self) -> list[str]:
        return [finding.code for finding in self.findings()]

    def repair(self) -> list[str]:
        """Repair what is wrong and return the codes of what is left."""
        examination = self.doctor.repair(self.doctor.examine(), lambda _line: None)
        return [finding.code for finding in examination.findings]

    def found(self, query: str) -> list[str]:
        """Return the names of the documents in which a search finds something."""
        results = self.stack.search(user_id=self.user_id, query=query)
        return [result.chunk.filename for result in results]


def store_text(house: MaintenanceHouse, name: str) -> str:
    """Upload a text about the word its name begins with; return the document's id."""
    word = name.split(".")[0]
    lines = [f"The {word} number {n} was built of stone and stands to this day." for n in range(40)]
    data = "\n\n".join(lines).encode()
    received = house.file_store.receive(io.BytesIO(data), 10**6)
    with house.database.db_transaction() as session:
        lock_file(session, received.sha256)
        document, _ = documents.create(
            session,
            house.user_id,
            filename=name,
            media_type="text/plain",
            size_bytes=len(data),
            sha256=received.sha256,
        )
        house.file_store.store(received)
    return document.id
