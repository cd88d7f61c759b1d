import numpy as np
import pytest

from backend.store.keywords import KeywordEncoder
from backend.store.relevance import SentenceScorer


@pytest.fixture(scope="module")
def scorer() -> SentenceScorer:
    return SentenceScorer(KeywordEncoder())


QUERY = "When did the harbour open?"
SENTENCES = ["The harbour opened in 1911.", "Harbours are nice.", "Nothing here."]


def test_without_vectors_the_share_of_the_querys_words_decides(scorer: SentenceScorer) -> None:
    assert scorer.score(QUERY, SENTENCES, None) == pytest.approx((1.0, 0.5, 0.0))


def test_with_vectors_meaning_counts_too(scorer: SentenceScorer) -> None:
    cosines = np.array([0.8, 0.1, -0.5], np.float32)
    assert scorer.score(QUERY, SENTENCES, cosines) == pytest.approx((0.9, 0.3, 0.0))


def test_a_query_of_stop_words_has_no_words_to_share(scorer: SentenceScorer) -> None:
    assert scorer.score("what is it", SENTENCES, None) == (0.0, 0.0, 0.0)


def test_no_sentences_give_no_scores(scorer: SentenceScorer) -> None:
    assert scorer.score(QUERY, [], None) == ()
