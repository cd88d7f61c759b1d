import pytest

from backend.store.exact import ExactTerms


@pytest.mark.parametrize(
    ("query", "text", "share"),
    [
        ("revenue in 2019", "In 2019 it grew.", 1),
        ("revenue in 2019", "In 20190 it grew.", 0),
        ("revenue in 2019", "Part A2019 of it.", 0),
        ("clause 5", "It grew by 5.2 and 3,5 and 5,000.", 0),
        ("clause 5", "See clause 5.", 1),
        ("version v1.2_b", "Since V1.2_B it works.", 1),
        ("from 2018 to 2019", "Only 2018.", 0.5),
        ('who said "to be  or not"?', "He said: To be\nor not.", 1),
        ("who said „sein oder nicht“?", "Sein oder nicht, sagte er.", 1),
        ('"a b" of 1999', "a b", 10 / 11),
        ('"a b" of 1999', "1999", 1 / 11),
        ("no exact term", "no exact term", 0),
        ('"?!" and ""', "?!", 0),
    ],
)
def test_terms_are_found_whole_and_letter_by_letter(query: str, text: str, share: float) -> None:
    assert ExactTerms(query).share(text) == pytest.approx(share)


def test_a_phrase_matters_more_than_a_number_and_plain_words_do_not() -> None:
    assert ExactTerms("the harbour").strength == 0
    assert ExactTerms("the harbour in 1911").strength == 1
    assert ExactTerms('the "old harbour" in 1911').strength > 1


def test_a_huge_question_is_bounded() -> None:
    terms = ExactTerms(" ".join(str(number) for number in range(100_000)))
    assert 0 < terms.share("0 1 2") < 1


def test_all_quoted_phrases_must_be_there() -> None:
    terms = ExactTerms('the "Old  harbour" and “red boat”')
    assert terms.has_phrases("A RED boat in the old\nharbour.")
    assert not terms.has_phrases("The old harbour has no boat.")
    assert ExactTerms("no phrase, 1911").has_phrases("anything")
