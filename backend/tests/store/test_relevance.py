import numpy as np
import pytest

from backend.store.keywords import KeywordEncoder
from backend.store.relevance import PassageSentences, SentenceScorer


@pytest.fixture(scope="module")
def scorer() -> SentenceScorer:
    return SentenceScorer(KeywordEncoder())


QUERY = "When did the harbour open?"
SENTENCES = ["The harbour opened in 1911.", "Harbours are nice.", "Nothing here."]


def words_only(*sentences: str) -> PassageSentences:
    return PassageSentences(sentences, None)


def test_without_vectors_the_share_of_the_querys_words_decides(scorer: SentenceScorer) -> None:
    [(both, one, none)] = scorer.score(QUERY, [words_only(*SENTENCES)])
    assert both == pytest.approx(1.0)
    assert 0 < none < one < both  # the sentence before "Nothing here" counts a little


def test_with_vectors_meaning_counts_too(scorer: SentenceScorer) -> None:
    cosines = np.array([0.8, -0.5], np.float32)
    [(both, neither)] = scorer.score(QUERY, [PassageSentences(SENTENCES[::2], cosines)])
    assert both == pytest.approx(0.5 * 0.8 + 0.5)
    assert neither == pytest.approx(0.15)


def test_a_rare_word_counts_more_than_a_common_one(scorer: SentenceScorer) -> None:
    others = words_only(*(f"The harbour has wall number {n}." for n in range(9)))
    [(rare,), (common,), _] = scorer.score(
        "harbour lamp", [words_only("A lamp."), words_only("A harbour."), others]
    )
    assert rare > 2 * common


def test_a_word_that_no_sentence_has_makes_all_less_relevant(scorer: SentenceScorer) -> None:
    [(known,)] = scorer.score("harbour", [words_only("A harbour.")])
    [(unknown,)] = scorer.score("harbour zeppelin", [words_only("A harbour.")])
    assert unknown < 0.5 < known


def test_passages_do_not_lend_each_other_their_last_sentence(scorer: SentenceScorer) -> None:
    _, (second,) = scorer.score(QUERY, [words_only(SENTENCES[0]), words_only("Nothing here.")])
    assert second == 0.0


def test_a_query_of_stop_words_has_no_words_to_share(scorer: SentenceScorer) -> None:
    assert scorer.score("what is it", [words_only(*SENTENCES)]) == [(0.0, 0.0, 0.0)]


def test_no_sentences_give_no_scores(scorer: SentenceScorer) -> None:
    assert scorer.score(QUERY, [words_only()]) == [()]
    assert scorer.score(QUERY, []) == []
