"""A conversation pointed at collections and documents asks exactly these."""

from backend.chat.answering import NOTHING_CHOSEN
from backend.chat.events import AnswerEnded
from backend.db.repositories import archives, collections, deletions
from backend.db.repositories.archives import TAKEN_IN, EntryRecord
from chat_house import QUOTES, House, add_document


def make_collection(house: House, name: str, *document_ids: str) -> str:
    with house.database.db_transaction() as session:
        made = collections.create(session, house.user_id, name)
        for document_id in document_ids:
            collections.add_document(session, house.user_id, made.id, document_id)
    return made.id


def delete_collection(house: House, collection_id: str) -> None:
    with house.database.db_transaction() as session:
        collections.remove(session, house.user_id, collection_id)


def answer(house: House, **chosen: list[str]) -> str:
    end = house.recorder.end(house.ask(QUOTES, **chosen).assistant_message_id)
    assert isinstance(end, AnswerEnded)
    return end.message.content


def test_collections_and_documents_are_asked_together(house: House) -> None:
    one, two, three = (add_document(house.database, house.user_id, f"{n}.pdf") for n in range(3))
    work = make_collection(house, "Work", one, two)
    taxes = make_collection(house, "Taxes", two)
    answer(house, collection_ids=[work, taxes], document_ids=[three])
    assert house.search.queries[-1]["document_ids"] == tuple(sorted([one, two, three]))


def test_what_is_in_a_collection_counts_when_the_question_is_asked(house: House) -> None:
    one, two = (add_document(house.database, house.user_id, f"{n}.pdf") for n in range(2))
    work = make_collection(house, "Work", one)
    answer(house, collection_ids=[work])
    with house.database.db_transaction() as session:
        collections.add_document(session, house.user_id, work, two)
        collections.remove_document(session, house.user_id, work, one)
    answer(house)
    assert house.search.queries[-1]["document_ids"] == (two,)


def test_an_empty_collection_leaves_nothing_to_search_and_the_answer_says_so(house: House) -> None:
    assert answer(house, collection_ids=[make_collection(house, "Empty")]) == NOTHING_CHOSEN
    assert house.search.queries == []


def test_a_deleted_collection_never_widens_the_question_to_all_documents(house: House) -> None:
    work = make_collection(house, "Work", add_document(house.database, house.user_id, "b.pdf"))
    answer(house, collection_ids=[work])
    delete_collection(house, work)
    assert answer(house) == NOTHING_CHOSEN
    assert answer(house, collection_ids=[]) != NOTHING_CHOSEN
    assert house.search.queries[-1]["document_ids"] is None


def test_what_else_was_chosen_still_answers_after_a_collection_is_deleted(house: House) -> None:
    one, two = (add_document(house.database, house.user_id, f"{n}.pdf") for n in range(2))
    work = make_collection(house, "Work", one)
    answer(house, collection_ids=[work], document_ids=[two])
    delete_collection(house, work)
    answer(house)
    assert house.search.queries[-1]["document_ids"] == (two,)


def test_a_deleted_document_that_was_chosen_alone_leaves_nothing_to_search(house: House) -> None:
    one = add_document(house.database, house.user_id, "b.pdf")
    answer(house, document_ids=[one])
    with house.database.db_transaction() as session:
        deletions.mark_deleted(session, house.user_id, one)
    assert answer(house) == NOTHING_CHOSEN


def test_an_archive_stands_for_all_documents_in_it(house: House) -> None:
    names = ("outer.zip", "inner.zip", "deep.pdf", "mine.pdf", "other.pdf")
    outer, inner, deep, mine, _ = (
        add_document(house.database, house.user_id, name) for name in names
    )
    with house.database.db_transaction() as session:
        for archive, number, document in ((outer, 1, inner), (outer, 2, mine), (inner, 1, deep)):
            entry = EntryRecord(number, "name", 1, TAKEN_IN, None, document)
            archives.add_entry(session, archive, entry)
    answer(house, document_ids=[outer])
    assert house.search.queries[-1]["document_ids"] == tuple(sorted([outer, inner, deep, mine]))
    answer(house, document_ids=[inner])
    assert house.search.queries[-1]["document_ids"] == tuple(sorted([inner, deep]))
