"""The built-in answerer."""

import pytest

from backend.llm.base import ChatRequest, Finish, Passage, Provider, Sentence, TextDelta, Turn
from backend.llm.quotes import NEAREST, NO_DOCUMENTS, NOTHING, QuotesProvider
from contracts.provider_contract import ProviderContract


class TestQuotesProvider(ProviderContract):
    @pytest.fixture
    def provider(self) -> Provider:
        return QuotesProvider(min_relevance=0.4, max_sentences=6)

    @pytest.fixture
    def model(self) -> str:
        return "quotes"


def make_passage(
    number: int, *sentences: tuple[str, float], filename: str = "a.pdf", start: int = 0
) -> Passage:
    text, spans = "", []
    for sentence, score in sentences:
        if text:
            text += "\n"
        spans.append(Sentence(len(text), len(text) + len(sentence), number, score))
        text += sentence
    return Passage(number, filename, start, text, 0.5, tuple(spans))


def answer(*passages: Passage, has_documents: bool = True) -> str:
    question = "?"
    request = ChatRequest("quotes", [Turn("user", question)], question, passages, has_documents)
    *pieces, finish = QuotesProvider(min_relevance=0.4, max_sentences=6).stream(request)
    assert finish == Finish("stop")
    assert all(isinstance(piece, TextDelta) for piece in pieces)
    return "".join(piece.text for piece in pieces if isinstance(piece, TextDelta))


def test_the_best_sentences_are_quoted_in_reading_order() -> None:
    text = answer(
        make_passage(1, ("It has a lamp.", 0.8), ("Goats eat grass here.", 0.1), start=500),
        make_passage(2, ("It is 77 metres high.", 0.9), start=0),
    )
    assert text == "“It is 77 metres high.” [2] “It has a lamp.” [1]"


def test_the_file_with_the_best_sentence_comes_first() -> None:
    text = answer(
        make_passage(1, ("The lamp is in b.", 0.8), filename="b.pdf"),
        make_passage(2, ("The lamp is in a.", 0.9), filename="a.pdf"),
    )
    assert text == "“The lamp is in a.” [2]\n\n“The lamp is in b.” [1]"


def test_a_sentence_that_two_passages_share_is_quoted_once() -> None:
    text = answer(
        make_passage(1, ("It is 77\nmetres high.", 0.9)),
        make_passage(2, ("It is 77 metres high.", 0.9)),
    )
    assert text == "“It is 77 metres high.” [1]"


def test_headings_are_no_quotes() -> None:
    text = answer(make_passage(1, ("Height", 0.99), ("It is 77 metres high.", 0.6)))
    assert text == "“It is 77 metres high.” [1]"


def test_what_looks_like_a_mark_in_a_document_is_not_one() -> None:
    text = answer(make_passage(1, ("As others found [2, 3] it is high.", 0.9)))
    assert text == r"“As others found \[2, 3\] it is high.” [1]"


def test_much_is_shortened_to_the_best() -> None:
    sentences = [(f"Sentence number {n} about lamps.", 0.9) for n in range(50)]
    assert answer(make_passage(1, *sentences)).count("[1]") <= 6


def test_when_nothing_is_relevant_the_nearest_passages_are_offered() -> None:
    text = answer(
        make_passage(1, ("Goats eat grass here.", 0.2), ("Sheep do so too.", 0.1)),
        make_passage(2, ("The weather is fine.", 0.1), filename="b.pdf"),
    )
    assert text == (
        f"{NEAREST}\n\n- a.pdf, page 1: “Goats eat grass here.” [1]"
        "\n- b.pdf, page 2: “The weather is fine.” [2]"
    )


def test_nothing_found_and_no_documents_are_said_in_one_line() -> None:
    assert answer() == NOTHING
    assert answer(has_documents=False) == NO_DOCUMENTS
    assert answer(make_passage(1, ("Lamp", 0.9))) == NOTHING
