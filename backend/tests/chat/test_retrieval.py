"""Found passages as they are numbered and given to a provider."""

import dataclasses

from backend.chat.retrieval import Source, find_everything, find_sources
from backend.llm.base import Sentence
from backend.store.search import SearchResult
from chat_house import CannedSearch, make_chunk, make_result


def test_passages_are_numbered_from_one_the_best_first() -> None:
    search = CannedSearch()
    search.results = [make_result(["Best."], [0.9], "c7"), make_result(["Next."], [0.8], "c3")]
    sources = find_sources(search, "u", "?", None)
    assert [(source.number, source.chunk.id) for source in sources] == [(1, "c7"), (2, "c3")]
    assert search.queries == [{"user_id": "u", "query": "?", "document_ids": None}]


def test_each_sentence_knows_its_page() -> None:
    chunk = make_chunk(["One.", "Two.", "Three."])
    chunk = dataclasses.replace(chunk, page_spans=[[4, 100, 104], [5, 0, 4], [7, 0, 6]])
    passage = Source(1, chunk, 0.5, (0.1, 0.2, 0.3)).to_passage()
    assert passage.sentences == (
        Sentence(0, 4, 4, 0.1),
        Sentence(5, 9, 5, 0.2),
        Sentence(10, 16, 7, 0.3),
    )


def in_document(document_id: str, ordinal: int) -> SearchResult:
    result = make_result([f"{document_id} {ordinal}."], [0.5], f"{document_id}-{ordinal}")
    chunk = dataclasses.replace(result.chunk, document_id=document_id, ordinal=ordinal)
    return dataclasses.replace(result, chunk=chunk)


def test_everything_is_given_in_reading_order_the_best_document_first() -> None:
    search = CannedSearch()
    places = [("b", 1), ("a", 2), ("b", 0), ("a", 0), ("a", 1)]
    search.results = [in_document(*place) for place in places]
    sources = find_everything(search, "u", "?", ["a", "b"], passages=5)
    assert sources is not None
    assert [(source.number, source.chunk.id) for source in sources] == [
        (1, "b-0"),
        (2, "b-1"),
        (3, "a-0"),
        (4, "a-1"),
        (5, "a-2"),
    ]


def test_everything_is_not_claimed_when_a_passage_is_missing() -> None:
    search = CannedSearch()
    search.results = [in_document("a", 0)]
    assert find_everything(search, "u", "?", None, passages=2) is None
