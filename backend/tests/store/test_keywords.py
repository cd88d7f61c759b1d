"""How words are weighed, alone and with the texts around them."""

import pytest

from backend.store.keywords import KeywordEncoder

_OWN = "The harbour was widened twice"


def weights(
    text: str, *context: tuple[str, float], encoder: KeywordEncoder | None = None
) -> dict[int, float]:
    vector = (encoder or KeywordEncoder()).passage(text, context)
    return dict(zip(vector.indices, vector.values, strict=True))


def of(word: str, found: dict[int, float]) -> float:
    (index,) = KeywordEncoder().query(word).indices
    return found.get(index, 0.0)


def test_texts_that_do_not_count_change_nothing() -> None:
    alone = weights(_OWN)
    assert weights(_OWN, ("", 1.0), ("lighthouse", 0.0)) == alone
    almost = weights(_OWN, ("lighthouse", 1e-9))
    assert {n: almost[n] for n in alone} == pytest.approx(alone, rel=1e-5)


def test_words_around_count_as_much_as_their_text_weighs() -> None:
    found = weights(_OWN, ("a lighthouse", 0.3), ("the mole", 0.8))
    assert 0 < of("lighthouse", found) < of("mole", found) < of("harbour", found)


def test_a_word_in_both_counts_as_one_that_occurs_more_often() -> None:
    around = weights(_OWN, ("harbour", 1.0))
    twice = weights(f"{_OWN} harbour")
    assert around == pytest.approx(twice, rel=1e-5)
    apart = of("harbour", weights(_OWN)) + of("harbour", weights("harbour"))
    assert of("harbour", around) < 0.8 * apart


def test_what_is_long_depends_on_what_is_usual() -> None:
    long = "harbour " + "boat " * 200
    turn, paragraph = KeywordEncoder(80), KeywordEncoder(256)
    assert of("harbour", weights(long, encoder=turn)) < of("harbour", weights(long)) * 0.7
    assert weights(long, encoder=paragraph) == weights(long)


def test_many_occurrences_are_counted_exactly() -> None:
    often = weights("boat " * 3000, ("mole", 1e-9))
    assert often == pytest.approx({**often, **weights("boat " * 3000)}, rel=1e-4)


@pytest.mark.parametrize(
    ("asked", "said"),
    [("go", "went"), ("buy", "BOUGHT"), ("child", "children"), ("written", "wrote")],
)
def test_irregular_forms_are_one_word(asked: str, said: str) -> None:
    assert of(asked, weights(f"The keeper {said} there")) > 0
    assert of(said, weights(f"The keeper {asked} there")) > 0


@pytest.mark.parametrize(
    ("asked", "said"), [("find", "founded"), ("leaf", "leaves"), ("live", "life"), ("see", "saw")]
)
def test_forms_that_are_other_words_as_well_stay_apart(asked: str, said: str) -> None:
    assert of(asked, weights(f"The keeper {said} there")) == 0


def test_a_query_has_each_word_once() -> None:
    query = KeywordEncoder().query("go, went and gone to the lighthouse")
    assert len(set(query.indices)) == len(query.indices) == len(query.values) == 2
