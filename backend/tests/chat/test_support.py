"""The check of claims, measured on the claims written for it."""

import dataclasses
from collections.abc import Iterator, Sequence

import pytest

from backend.chat.support import PassageCheck
from backend.store.minilm import MiniLMEmbedder
from backend.store.vectors import pack_sentence_vectors
from chat_house import make_chunk
from claim_set import DEVELOPMENT, HELD_OUT, Pair, load_pairs


@pytest.fixture(scope="module")
def embedder() -> Iterator[MiniLMEmbedder]:
    embedder = MiniLMEmbedder(threads=1)
    yield embedder
    embedder.close()


def f1_of_verified(pairs: Sequence[Pair], embedder: MiniLMEmbedder) -> float:
    checks = {}
    for sentences in {pair.sentences for pair in pairs}:
        rows = pack_sentence_vectors(embedder.embed(sentences))
        chunk = dataclasses.replace(make_chunk(sentences), sentence_vectors=rows)
        checks[sentences] = PassageCheck(chunk)
    vectors = embedder.embed([pair.claim for pair in pairs])
    right = verified = 0
    for pair, vector in zip(pairs, vectors, strict=True):
        check = checks[pair.sentences]
        if check.judge(pair.claim, check.match(pair.claim, vector)).support == "verified":
            verified += 1
            right += pair.is_carried
    carried = sum(pair.is_carried for pair in pairs)
    return 2 * right / (verified + carried)


@pytest.mark.parametrize("part", [DEVELOPMENT, HELD_OUT], ids=["development", "held out"])
def test_claims_are_told_apart(part: object, embedder: MiniLMEmbedder) -> None:
    assert f1_of_verified(load_pairs(part), embedder) >= 0.9


def check(*sentences: str) -> PassageCheck:
    return PassageCheck(make_chunk(sentences))


def support(claim: str, *sentences: str) -> str:
    checked = check(*sentences)
    return checked.judge(claim, checked.match(claim, None)).support


def test_a_verbatim_claim_without_the_negation_before_it_is_not_carried() -> None:
    sentence = "No serious side effects were observed."
    assert support(sentence, sentence) == "verified"
    assert support("Serious side effects were observed.", sentence) == "unsupported"


def test_a_figure_that_the_passage_says_of_something_else_is_not_verified() -> None:
    sentences = (
        "The tower of Genoa is 77 metres high.",
        "Goats eat the grass around it.",
        "The wall is 40 metres long.",
    )
    assert support("The tower of Genoa is 40 metres high.", *sentences) == "partial"
    assert support("The tower of Genoa is 50 metres high.", *sentences) == "unsupported"


def test_a_name_may_stand_in_the_file_name_or_the_heading() -> None:
    chunk = dataclasses.replace(
        make_chunk(["It is 77 metres high."], filename="genoa.pdf"), heading="The Lanterna"
    )
    checked = PassageCheck(chunk)
    for name in ("Genoa", "Lanterna"):
        claim = f"The tower, called {name}, is 77 metres high."
        assert not checked.judge(claim, checked.match(claim, None)).is_contradicted
