"""What fits into the prompt is given whole and in reading order, found by the real search."""

from collections.abc import Iterator

import pytest

from backend.chat.retrieval import find_everything
from backend.config import Config
from backend.db.repositories import documents
from backend.db.session import Database
from backend.store.edge import EdgeIndex
from backend.store.minilm import MiniLMEmbedder
from chat_house import QUOTES, House, add_document
from store.library import Library


@pytest.fixture
def library(config: Config, database: Database) -> Iterator[Library]:
    embedder = MiniLMEmbedder(threads=1)
    index = EdgeIndex(config.index_dir, embedder.dimension)
    yield Library(config, database, index, embedder)
    index.close()
    embedder.close()


def test_also_what_does_not_match_the_question_is_read(library: Library) -> None:
    ann = library.add_user("ann")
    harbour = library.add_document(
        ann, "harbour.txt", [["It was opened in 1911."], ["Ships pay a fee."], ["Dogs may enter."]]
    )
    garden = library.add_document(ann, "garden.txt", [["Tomatoes need sun."]])
    library.embed_document(ann, harbour)
    library.embed_document(ann, garden)
    library.indexer.drain()
    sources = find_everything(
        library.searcher.search, ann, "What do tomatoes need?", None, passages=4
    )
    assert sources is not None
    assert [source.chunk.text for source in sources] == [
        "Tomatoes need sun.",
        "It was opened in 1911.",
        "Ships pay a fee.",
        "Dogs may enter.",
    ]
    assert [source.number for source in sources] == [1, 2, 3, 4]


def test_the_engine_asks_for_everything_when_there_is_little(house: House) -> None:
    document_id = add_document(house.database, house.user_id, "short.pdf")
    with house.database.db_transaction() as session:
        documents.start_embedding(session, document_id, 1, 1)
        documents.finish(session, document_id, "model")
    house.recorder.end(house.ask(QUOTES, document_ids=[document_id]).assistant_message_id)
    assert house.search.limits == [1]


def test_a_library_of_many_passages_is_searched(house: House) -> None:
    document_id = add_document(house.database, house.user_id, "long.pdf")
    with house.database.db_transaction() as session:
        documents.start_embedding(session, document_id, 1, 1_000)
        documents.finish(session, document_id, "model")
    house.recorder.end(house.ask(QUOTES, document_ids=[document_id]).assistant_message_id)
    assert house.search.limits == [None]
