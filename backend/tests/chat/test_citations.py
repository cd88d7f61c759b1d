"""Citations: the quote, where it lies, and whether it carries the claim."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.chat.citations import PageSpan, cite, page_spans
from backend.chat.retrieval import Source
from backend.store.base import FloatVector
from backend.store.vectors import pack_sentence_vectors
from chat_house import make_chunk

SENTENCES = [
    "The lighthouse of Genoa is 77 metres high.",
    "It was rebuilt in 1543 after a siege.",
    "The keepers lived in the tower until 1957.",
    "Goats eat the grass around it.",
]


def make_source(number: int = 1, sentences: Sequence[str] = SENTENCES) -> Source:
    return Source(number, make_chunk(sentences), 0.8, tuple(0.5 for _ in sentences))


def quote_and_support(text: str) -> tuple[str, str]:
    _, [citation] = cite(text, [make_source()])
    return citation.quote, citation.support


@pytest.mark.parametrize(
    ("text", "quote", "support"),
    [
        ("“The keepers lived in the tower until 1957.” [1]", SENTENCES[2], "verified"),
        ("The lighthouse of Genoa is 77 metres high [1].", SENTENCES[0], "verified"),
        ("Genoa's lighthouse measures 77 metres [1].", SENTENCES[0], "verified"),
        ("Genoa's lighthouse measures 99 metres [1].", SENTENCES[0], "unsupported"),
        ("Until 1957 and 1960 the keepers lived there [1].", SENTENCES[2], "partial"),
        ("Keepers dwelt in that tall building, the tower [1].", SENTENCES[2], "partial"),
        ("Submarines need much electricity [1].", SENTENCES[0], "unsupported"),
    ],
)
def test_the_quote_is_the_sentence_that_carries_the_claim(
    text: str, quote: str, support: str
) -> None:
    assert quote_and_support(text) == (quote, support)


def test_a_claim_from_two_sentences_is_quoted_with_both() -> None:
    quote, support = quote_and_support(
        "The lighthouse of Genoa, 77 metres high, was rebuilt in 1543 after a siege [1]."
    )
    assert quote == f"{SENTENCES[0]} {SENTENCES[1]}"
    assert support == "verified"


def test_several_claims_on_one_passage_share_a_citation_as_weak_as_the_weakest() -> None:
    text = "The lighthouse of Genoa is 77 metres high [1]. It has 12 lifts [1]."
    _, [citation] = cite(text, [make_source()])
    assert citation.support == "unsupported"
    assert citation.quote == SENTENCES[0]


def test_what_several_marks_stand_on_is_quoted_as_a_whole_however_far_apart() -> None:
    between = [f"Ship {n} came by in fog." for n in range(6)]
    sentences = [SENTENCES[0], *between, SENTENCES[3], "Ships fear fog."]
    text = f"“{SENTENCES[0]}” [1] “{SENTENCES[3]}” [1] Nobody counts the submarines [1]."
    _, [citation] = cite(text, [make_source(1, sentences)])
    assert citation.quote == " ".join(sentences[:-1])
    assert citation.support == "unsupported"


def test_each_cited_passage_has_one_citation_and_others_have_none() -> None:
    sources = [make_source(1), make_source(2, ["Ships fear fog."]), make_source(3)]
    text, citations = cite("Ships fear fog [2]. It is 77 metres high [1][7].", sources)
    assert text == "Ships fear fog [2]. It is 77 metres high [1]."
    assert [citation.n for citation in citations] == [1, 2]


def test_an_answer_without_marks_has_no_citations() -> None:
    assert cite("Nothing.", [make_source()]) == ("Nothing.", [])
    assert cite("Something [1].", []) == ("Something.", [])


def embedded(source: Source) -> Source:
    """Return the source with one axis of a small space for each of its sentences."""
    vectors = np.eye(len(source.chunk.sentences), dtype=np.float32)
    chunk = dataclasses.replace(source.chunk, sentence_vectors=pack_sentence_vectors(vectors))
    return dataclasses.replace(source, chunk=chunk)


def test_meaning_counts_where_the_words_differ() -> None:
    def embed(texts: Sequence[str]) -> FloatVector:
        assert texts == ["Caprines graze nearby"]
        return np.array([[0, 0, 0, 1]], np.float32)

    _, [citation] = cite("Caprines graze nearby [1].", [embedded(make_source())], embed)
    assert citation.quote == SENTENCES[3]
    assert citation.support == "partial"


def test_verbatim_quotes_are_not_embedded() -> None:
    def embed(texts: Sequence[str]) -> FloatVector:
        raise AssertionError(texts)

    _, [citation] = cite(f"“{SENTENCES[1]}” [1]", [embedded(make_source())], embed)
    assert citation.support == "verified"


def test_no_mark_is_put_into_a_quote() -> None:
    quoted = "Its first keeper was the sailor John C. Messenger of Genoa."
    answer = f"“{quoted}” [1]"
    text, [citation] = cite(answer, [make_source(1, [quoted])], embed_none)
    assert text == answer
    assert citation.quote == quoted


def embed_none(texts: Sequence[str]) -> FloatVector:
    return np.zeros((len(texts), 4), np.float32)


def test_a_bare_statement_that_a_passage_clearly_carries_gets_its_mark() -> None:
    sources = [make_source(1, ["Ships fear fog."]), make_source(2)]
    text, [citation] = cite(
        "Here is what I found. The lighthouse of Genoa is 77 metres high. Good luck!",
        sources,
        embed_none,
    )
    assert "77 metres high [2]. Good luck!" in text
    assert text.count("[") == 1
    assert (citation.n, citation.quote, citation.support) == (2, SENTENCES[0], "verified")


@pytest.mark.parametrize(
    "text",
    [
        "The lighthouse of Genoa is 99 metres high.",
        "The lighthouse of Genoa is not 77 metres high.",
        "The lighthouse of Naples is 77 metres high.",
        "Is the lighthouse of Genoa 77 metres high?",
        "## The lighthouse of Genoa is 77 metres high",
        "`The lighthouse of Genoa is 77 metres high.`",
    ],
)
def test_other_statements_get_none(text: str) -> None:
    assert cite(text, [make_source()], embed_none) == (text, [])


def test_a_citation_on_the_wire_has_the_contracts_fields() -> None:
    _, [citation] = cite("It is 77 metres high [1].", [make_source()])
    assert citation.to_wire() == {
        "n": 1,
        "document_id": "d1",
        "filename": "lighthouse.pdf",
        "chunk_id": "c1",
        "quote": SENTENCES[0],
        "pages": [{"page": 1, "start": 0, "end": len(SENTENCES[0])}],
        "score": 0.8,
        "support": "verified",
    }


def test_a_quote_over_a_page_break_lies_on_both_pages() -> None:
    spans = [[3, 10, 20], [4, 0, 30]]
    assert page_spans(spans, 5, 20) == (PageSpan(3, 15, 20), PageSpan(4, 0, 9))


@st.composite
def paged_passages(draw: st.DrawFn) -> tuple[list[str], list[list[int]], str]:
    """Pages, the spans of a passage that runs over them, and the passage's text."""
    pages = draw(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=4))
    first = draw(st.integers(0, len(pages[0]) - 1))
    last = draw(st.integers(1, len(pages[-1])))
    if len(pages) == 1:
        first, last = min(first, last - 1), last
    spans = [
        [
            number,
            first if number == 1 else 0,
            last if number == len(pages) else len(page),
        ]
        for number, page in enumerate(pages, start=1)
    ]
    text = "\n".join(pages[page - 1][start:end] for page, start, end in spans)
    return pages, spans, text


@given(paged_passages(), st.data())
def test_offsets_in_pages_give_the_quote_back(
    passage: tuple[list[str], list[list[int]], str], data: st.DataObject
) -> None:
    pages, spans, text = passage
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    mapped = page_spans(spans, start, end)
    pieces = [pages[span.page - 1][span.start : span.end] for span in mapped]
    assert all(pieces)
    # Only the newlines that join pages, which lie on none, may be missing.
    assert "".join(pieces).replace("\n", "") == text[start:end].replace("\n", "")
    if text[start:end].strip("\n"):
        assert "\n".join(pieces).strip("\n") == text[start:end].strip("\n")


@given(
    st.lists(st.text(alphabet="ab1 🗼é.“”", min_size=1, max_size=20), min_size=1, max_size=6),
    st.text(alphabet="ab1 🗼é.[]“”2,\n", max_size=60),
)
def test_every_quote_is_verbatim_text_of_its_passage(sentences: list[str], answer: str) -> None:
    sources = [make_source(1, sentences), make_source(2, sentences[::-1])]
    _, citations = cite(f"{answer} [1]", sources)
    assert citations
    for citation in citations:
        text = sources[citation.n - 1].chunk.text
        [span] = citation.pages
        assert text[span.start : span.end] == citation.quote
        assert citation.quote
