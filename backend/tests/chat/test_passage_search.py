"""The search box over documents: by words, begun words, phrases and meaning, and nothing else."""

from collections.abc import Iterator

import pytest

from backend.chat.passage_search import FoundPassage, PassageSearch
from backend.config import Config
from backend.db.session import Database
from backend.evaluation.corpus import take_in
from backend.evaluation.dataset import Dataset, Entry
from backend.files import FileStore
from backend.search_stack import SearchStack

DOCUMENTS = {
    "guide": "Ferries leave the harbour every morning at seven. The tower has a height of 40 m.",
    "Invoice 17": "The sum is due on Friday.",
    "keepers": "In 1871 the lighthouse was built. Three keepers lived there with their dogs.",
    "stock": "The metallic parts were installed in spring.",
}


class Box:
    """The search box of somebody who has these documents."""

    def __init__(self, search: PassageSearch, user_id: str, names: dict[str, str]) -> None:
        self._search = search
        self._user_id = user_id
        self._names = names

    def find(self, query: str) -> list[FoundPassage]:
        return self._search.find(self._user_id, query, 20)

    def names(self, query: str) -> list[str]:
        return [self._names[passage.document_id] for passage in self.find(query)]


@pytest.fixture
def box(config: Config, database: Database) -> Iterator[Box]:
    entries = [Entry(name, name, text, None) for name, text in DOCUMENTS.items()]
    library = take_in(
        config, database, Dataset("box", entries, []), config.data_dir / "vectors", print
    )
    stack = SearchStack(config, database, FileStore(config.files_dir))
    search = PassageSearch(database, stack.search, config.search_min_relevance)
    yield Box(search, library.user_id, library.entry_ids)
    stack.stop()


def marked(passage: FoundPassage) -> list[str]:
    return [passage.quote[start:end] for start, end in passage.highlights]


def test_words_are_found_in_other_forms_and_marked(box: Box) -> None:
    [found] = box.find("ferry harbours")
    assert found.quote == "Ferries leave the harbour every morning at seven."
    assert marked(found) == ["Ferries", "harbour"]
    assert (found.page, found.start, found.end) == (1, 0, len(found.quote))


def test_other_words_of_the_same_meaning_are_found(box: Box) -> None:
    [found] = box.find("how tall")
    assert found.quote == "The tower has a height of 40 m."
    assert found.highlights == ()
    assert box.names("when do boats depart")[0] == "guide"


@pytest.mark.parametrize("query", ["hives", "zxqwv", "tovuke", "parliament", "quantum chemistry"])
def test_what_nothing_speaks_of_finds_nothing(box: Box, query: str) -> None:
    assert box.find(query) == []


@pytest.mark.parametrize(("typed", "mark"), [("lightho", "lightho"), ("HOUSE", "house")])
def test_a_word_that_is_being_typed_is_found(box: Box, typed: str, mark: str) -> None:
    [found] = box.find(typed)
    assert found.quote == "In 1871 the lighthouse was built."
    assert marked(found) == [mark]


def test_a_begun_word_needs_the_words_before_it(box: Box) -> None:
    assert box.names("three kee") == ["keepers"]
    assert box.names("three zxq") == ["keepers"]
    assert "stock" not in box.names("how tall")


def test_the_sentence_with_the_word_is_shown_once(box: Box) -> None:
    [found] = box.find("dogs")
    assert found.quote == "Three keepers lived there with their dogs."
    places = [(p.document_id, p.page, p.start) for p in box.find("in the spring of 1871")]
    assert len(places) == len(set(places))


def test_a_name_finds_its_document(box: Box) -> None:
    assert box.names("invoice") == ["Invoice 17"]


def test_a_quoted_phrase_must_be_there(box: Box) -> None:
    assert box.names('"three keepers"') == ["keepers"]
    assert box.names('"keepers three"') == []
    assert box.names('"three keepers" lighth') == ["keepers"]
    assert box.names('"keepers three" lighth') == []
