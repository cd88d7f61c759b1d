"""Passages of whole sentences, from pages that stream by."""

import json
import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.db.repositories.chunks import NewChunk
from backend.ingest.chunking import Chunker
from backend.ingest.extract.base import ExtractedPage, Heading


def chunk(
    texts: list[str],
    max_characters: int = 1000,
    overlap: int = 150,
    headings: dict[int, list[Heading]] | None = None,
) -> list[NewChunk]:
    chunker = Chunker(max_characters, overlap)
    chunks: list[NewChunk] = []
    for number, text in enumerate(texts, start=1):
        chunks += chunker.add(
            ExtractedPage(number, text, headings=tuple((headings or {}).get(number, ())))
        )
    return [*chunks, *chunker.finish()]


def check(texts: list[str], chunks: list[NewChunk], max_characters: int, overlap: int) -> None:
    """Assert what holds for any document."""
    document = "\n".join(texts)
    covered_until = 0
    previous: NewChunk | None = None
    for ordinal, passage in enumerate(chunks):
        assert passage.ordinal == ordinal
        assert passage.text == document[passage.start : passage.end]
        assert 0 < len(passage.text) <= max_characters
        spans = [texts[page - 1][start:end] for page, start, end in passage.page_spans]
        assert "\n".join(spans) == passage.text
        assert passage.sentences[0][0] == 0
        assert passage.sentences[-1][1] == len(passage.text)
        end = 0
        for start, stop in passage.sentences:
            assert passage.text[end:start].strip() == ""
            end = stop
        if previous is not None:
            assert previous.start < passage.start
            assert previous.end < passage.end
            assert previous.end - passage.start <= overlap
        assert document[covered_until : max(passage.start, covered_until)].strip() == ""
        covered_until = passage.end
        previous = passage
    assert document[covered_until:].strip() == ""


WORDS = ["word ", "Word ", "A sentence. ", "What? ", "e.g. ", "é😀 ", "。"]
PIECES = [*WORDS, "\n", "\n\n", "x" * 90, "y" * 700]


@settings(max_examples=300)
@given(
    st.lists(st.lists(st.sampled_from(PIECES), max_size=60).map("".join), max_size=6),
    st.sampled_from([(200, 0), (200, 100), (300, 40), (1000, 150)]),
    st.data(),
)
def test_passages_cover_the_document_and_keep_their_bounds(
    texts: list[str], sizes: tuple[int, int], data: st.DataObject
) -> None:
    headings = {}
    for number, text in enumerate(texts, start=1):
        if text:
            start = data.draw(st.integers(0, len(text) - 1))
            headings[number] = [Heading(start, min(start + 30, len(text)), "Heading")]
    check(texts, chunk(texts, *sizes, headings), *sizes)


def test_a_sentence_may_go_on_on_the_next_page() -> None:
    texts = ["The keepers lived in the tower", "until 1957. Then they left."]
    (passage,) = chunk(texts)
    assert passage.page_spans == [[1, 0, 30], [2, 0, 27]]
    assert [passage.text[s:e] for s, e in passage.sentences] == [
        "The keepers lived in the tower\nuntil 1957.",
        "Then they left.",
    ]


def test_an_empty_page_in_the_middle_keeps_its_line_end() -> None:
    texts = ["Before.", "", "After."]
    (passage,) = chunk(texts)
    assert passage.text == "Before.\n\nAfter."
    assert passage.page_spans == [[1, 0, 7], [2, 0, 0], [3, 0, 6]]


def test_the_next_passage_repeats_whole_sentences() -> None:
    texts = [" ".join(f"This is sentence number {number}." for number in range(100))]
    first, second, *_ = chunk(texts, 300, 60)
    repeated = texts[0][second.start : first.end]
    assert repeated.startswith("This is sentence")
    assert repeated.endswith(".")
    assert 0 < len(repeated) <= 60


def test_a_passage_begins_at_a_heading_and_knows_it() -> None:
    before, after = "Some words of text. " * 20, "Other words of text. " * 20
    text = f"Intro\n\n{before}\n\nThe lamp\nof Genoa\n\n{after}"
    lamp = text.index("The lamp")
    headings = [Heading(0, 5, "Intro"), Heading(lamp, lamp + 17, "The lamp of Genoa")]
    chunks = chunk([text], headings={1: headings})
    assert [(c.heading, c.text.split(" ")[0]) for c in chunks] == [
        ("Intro", "Intro\n\nSome"),
        ("The lamp of Genoa", "The"),
    ]
    first_sentence = chunks[1].sentences[0]
    assert chunks[1].text[slice(*first_sentence)] == "The lamp\nof Genoa"


def test_a_heading_holds_for_later_pages() -> None:
    texts = ["Title\n" + "Words here. " * 60, "More words. " * 200]
    chunks = chunk(texts, headings={1: [Heading(0, 5, "Title")]})
    assert len(chunks) > 3
    assert {c.heading for c in chunks} == {"Title"}


def test_a_full_passage_ends_at_a_paragraph_in_its_later_half() -> None:
    text = "First words. " * 50 + "\n\n" + "Second words. " * 50
    first, second, *_ = chunk([text], overlap=0)
    assert first.text.endswith("First words.")
    assert second.text.startswith("Second words.")


def test_memory_does_not_grow_with_the_number_of_pages() -> None:
    page = "Some words of an ordinary sentence. " * 80
    chunker = Chunker(1000, 150)

    def feed(first: int, last: int) -> int:
        for number in range(first, last):
            for _ in chunker.add(ExtractedPage(number, page, headings=(Heading(0, 4, "Some"),))):
                pass
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        after_few, after_many = feed(1, 50), feed(50, 300)
    finally:
        tracemalloc.stop()
    assert after_many - after_few < 50_000


@given(
    st.lists(st.text(alphabet="ab. \n", max_size=120), min_size=1, max_size=6), st.integers(0, 5)
)
@settings(max_examples=60, deadline=None)
def test_a_chunker_goes_on_where_another_one_stopped(texts: list[str], stop: int) -> None:
    pages = [
        ExtractedPage(number, text, headings=(Heading(0, len(text), text),) if text else ())
        for number, text in enumerate(texts, start=1)
    ]
    first, second = Chunker(60, 20), Chunker(60, 20)
    count = min(stop + 1, len(pages))
    chunks = [passage for page in pages[:count] for passage in first.add(page)]
    second.restore(json.loads(json.dumps(first.state())))
    chunks += [passage for page in pages[count:] for passage in second.add(page)]
    chunks += second.finish()
    whole = Chunker(60, 20)
    expected = [passage for page in pages for passage in whole.add(page)]
    assert chunks == [*expected, *whole.finish()]
