"""What every search index must do. Inherit the suite and supply the `index` fixture."""

from collections.abc import Sequence
from uuid import UUID

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.store.base import FloatVector, Hit, IndexPoint, SearchFilter, SearchIndex
from backend.store.vectors import unit

DIMENSION = 8
ANN, BOB = SearchFilter("ann"), SearchFilter("bob")


def point_id(number: int) -> str:
    return str(UUID(int=number))


def direction(*components: float) -> FloatVector:
    """A unit vector in the first few dimensions."""
    vector = np.zeros(DIMENSION, np.float32)
    vector[: len(components)] = components
    return unit(vector)


def point(
    number: int,
    text: str = "some words",
    *,
    user_id: str = "ann",
    document_id: str = "doc",
    vector: FloatVector | None = None,
) -> IndexPoint:
    return IndexPoint(point_id(number), user_id, document_id, text, vector)


def numbers(hits: Sequence[Hit]) -> list[int]:
    return [UUID(hit.id).int for hit in hits]


def said(number: int, text: str, *labels: str, document_id: str, time: int) -> IndexPoint:
    return IndexPoint(
        point_id(number), "ann", document_id, text, direction(1.0), labels=labels, time=time
    )


class SearchIndexContract:
    @pytest.fixture
    def index(self) -> SearchIndex:
        raise NotImplementedError

    def test_keywords_match_other_forms_of_a_word_and_rank_rarer_words_higher(
        self, index: SearchIndex
    ) -> None:
        index.upsert(
            [
                point(1, "the committee approved the budgets"),
                point(2, "the committee met"),
                point(3, "the committee adjourned"),
                point(4, "nothing of the kind"),
            ]
        )
        hits = index.search_keywords("Which budget did the committee approve?", ANN, 10)
        assert numbers(hits)[0] == 1
        assert set(numbers(hits)) == {1, 2, 3}
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        assert all(hit.score > 0 for hit in hits)

    def test_keywords_match_without_accents_and_in_scripts_without_spaces(
        self, index: SearchIndex
    ) -> None:
        index.upsert([point(1, "le café à Zürich"), point(2, "東京は日本の首都です")])
        assert numbers(index.search_keywords("cafe", ANN, 10)) == [1]
        assert numbers(index.search_keywords("日本の首都", ANN, 10)) == [2]

    @pytest.mark.parametrize("query", ["", "  \n", "?!… —", "the of and", "\x00", "\ud800"])
    def test_a_query_without_words_finds_nothing(self, index: SearchIndex, query: str) -> None:
        index.upsert([point(1, "the words of a passage")])
        assert index.search_keywords(query, ANN, 10) == []

    def test_single_passages_can_be_scored(self, index: SearchIndex) -> None:
        index.upsert(
            [
                point(1, "the harbour is deep", vector=direction(1)),
                point(2, "the harbour is wide and the harbour is deep", vector=direction(0, 1)),
                point(3, "a harbour", user_id="bob", vector=direction(1)),
                point(4, "nothing of the kind"),
            ]
        )
        among = SearchFilter("ann", chunk_ids=(point_id(1), point_id(3), point_id(4)))
        alone = index.search_keywords("harbour", among, 10)
        assert numbers(alone) == [1]
        together = {hit.id: hit.score for hit in index.search_keywords("harbour", ANN, 10)}
        assert alone[0].score == pytest.approx(together[point_id(1)])
        assert numbers(index.search_dense(direction(0, 1), among, 10)) == [1]
        nothing = SearchFilter("ann", chunk_ids=())
        assert index.search_keywords("harbour", nothing, 10) == []
        assert index.search_dense(direction(1), nothing, 10) == []
        assert index.count(nothing) == 0

    def test_points_are_counted_by_document(self, index: SearchIndex) -> None:
        assert index.count_by_document() == {}
        index.upsert([point(n, document_id="a", vector=direction(1)) for n in range(3)])
        index.upsert([point(n, document_id="b", user_id="bob") for n in range(3, 5)])
        index.upsert([point(5, document_id="gone")])
        index.delete_document("gone")
        assert index.count_by_document() == {"a": 3, "b": 2}
        assert index.count_by_document(with_vector=True) == {"a": 3}

    def test_an_index_that_was_reset_is_empty_and_asks_to_be_filled(
        self, index: SearchIndex
    ) -> None:
        index.upsert([point(1, "harbour", vector=direction(1))])
        index.rebuild_enqueued()
        index.reset()
        assert index.needs_rebuild
        assert index.count() == 0
        index.upsert([point(2, "harbour", vector=direction(1))])
        index.rebuild_enqueued()
        assert not index.needs_rebuild
        assert numbers(index.search_keywords("harbour", ANN, 10)) == [2]
        assert numbers(index.search_dense(direction(1), ANN, 10)) == [2]

    def test_dense_search_returns_cosines_nearest_first(self, index: SearchIndex) -> None:
        index.upsert(
            [
                point(1, vector=direction(1, 0)),
                point(2, vector=direction(0, 1)),
                point(3, vector=direction(1, 1)),
            ]
        )
        hits = index.search_dense(direction(1, 0.2), ANN, 2)
        assert numbers(hits) == [1, 3]
        assert hits[0].score == pytest.approx(float(direction(1, 0.2) @ direction(1, 0)), abs=1e-3)

    def test_a_passage_not_yet_embedded_is_found_by_words_only(self, index: SearchIndex) -> None:
        index.upsert([point(1, "harbour"), point(2, "lighthouse", vector=direction(1))])
        assert numbers(index.search_keywords("harbour", ANN, 10)) == [1]
        assert numbers(index.search_dense(direction(1), ANN, 10)) == [2]
        index.upsert([point(1, "harbour", vector=direction(0.5, 1))])
        assert numbers(index.search_dense(direction(0.5, 1), ANN, 10)) == [1, 2]
        assert index.count() == 2

    def test_an_upsert_replaces_words_and_vector(self, index: SearchIndex) -> None:
        index.upsert([point(1, "harbour", vector=direction(1))])
        index.upsert([point(1, "lighthouse")])
        assert index.search_keywords("harbour", ANN, 10) == []
        assert numbers(index.search_keywords("lighthouse", ANN, 10)) == [1]
        assert index.search_dense(direction(1), ANN, 10) == []

    def test_nobody_finds_or_counts_another_users_passages(self, index: SearchIndex) -> None:
        index.upsert(
            [
                point(1, "harbour", user_id="ann", vector=direction(1)),
                point(2, "harbour", user_id="bob", document_id="bobs", vector=direction(1)),
            ]
        )
        assert numbers(index.search_keywords("harbour", BOB, 10)) == [2]
        assert numbers(index.search_dense(direction(1), BOB, 10)) == [2]
        assert index.count(BOB) == 1
        foreign = SearchFilter("bob", ("doc",))
        assert index.search_keywords("harbour", foreign, 10) == []
        assert index.search_dense(direction(1), foreign, 10) == []
        assert index.count(foreign) == 0

    def test_other_users_passages_do_not_change_a_score(self, index: SearchIndex) -> None:
        index.upsert([point(1, "harbour lights"), point(2, "lights")])
        alone = index.search_keywords("harbour lights", ANN, 10)
        index.upsert([point(9, "harbour", user_id="bob", document_id="bobs")])
        assert index.search_keywords("harbour lights", ANN, 10) == alone

    def test_replaced_and_deleted_passages_do_not_change_a_score(self, index: SearchIndex) -> None:
        index.upsert([point(1, "harbour lights"), point(2, "lights")])
        before = index.search_keywords("harbour lights", ANN, 10)
        index.upsert([point(1, "harbour lights"), point(3, "harbour", document_id="other")])
        index.delete_document("other")
        assert index.search_keywords("harbour lights", ANN, 10) == before

    def test_the_search_keeps_to_the_chosen_documents(self, index: SearchIndex) -> None:
        index.upsert(
            [point(n, "harbour", document_id=f"d{n}", vector=direction(1)) for n in range(1, 5)]
        )
        chosen = SearchFilter("ann", ("d2", "d4", "unknown"))
        assert sorted(numbers(index.search_keywords("harbour", chosen, 10))) == [2, 4]
        assert sorted(numbers(index.search_dense(direction(1), chosen, 10))) == [2, 4]
        assert index.count(chosen) == 2
        none = SearchFilter("ann", ())
        assert index.search_keywords("harbour", none, 10) == []
        assert index.search_dense(direction(1), none, 10) == []
        assert index.count(none) == 0

    def test_a_deleted_document_is_gone_and_the_others_stay(self, index: SearchIndex) -> None:
        index.upsert(
            [point(n, "harbour", document_id=f"d{n % 2}", vector=direction(1)) for n in range(6)]
        )
        index.delete_document("d0")
        index.delete_document("d0")
        index.delete_document("unknown")
        assert sorted(numbers(index.search_keywords("harbour", ANN, 10))) == [1, 3, 5]
        assert sorted(numbers(index.search_dense(direction(1), ANN, 10))) == [1, 3, 5]
        assert index.count() == 3

    def test_no_more_hits_are_returned_than_asked_for(self, index: SearchIndex) -> None:
        index.upsert([point(n, "harbour", vector=direction(1)) for n in range(20)])
        assert len(index.search_keywords("harbour", ANN, 7)) == 7
        assert len(index.search_dense(direction(1), ANN, 7)) == 7

    @pytest.mark.parametrize(
        "text", ["", "\x00", "\ud83d lone surrogate", "😀" * 500, "x" * 200_000, "a\u0301 \ufeff"]
    )
    def test_any_text_can_be_put_in(self, index: SearchIndex, text: str) -> None:
        index.upsert([point(1, text, vector=direction(1))])
        assert numbers(index.search_dense(direction(1), ANN, 10)) == [1]

    def test_nothing_to_put_in_is_fine(self, index: SearchIndex) -> None:
        index.upsert([])
        assert index.count() == 0

    def test_a_new_index_asks_for_a_rebuild_until_one_is_enqueued(self, index: SearchIndex) -> None:
        assert index.needs_rebuild
        index.rebuild_enqueued()
        assert not index.needs_rebuild

    @settings(
        max_examples=15,
        deadline=None,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
        ],
    )
    @given(
        st.lists(
            st.one_of(
                st.tuples(st.just("upsert"), st.integers(0, 9), st.integers(0, 3), st.booleans()),
                st.tuples(st.just("delete"), st.integers(0, 3), st.none(), st.none()),
            ),
            max_size=25,
        )
    )
    def test_it_holds_what_was_put_in_and_not_deleted(
        self, index: SearchIndex, operations: list[tuple[str, int, int, bool]]
    ) -> None:
        for document in range(4):
            index.delete_document(f"d{document}")
        held: dict[int, tuple[int, bool]] = {}
        for operation, number, document, embedded in operations:
            if operation == "delete":
                index.delete_document(f"d{number}")
                held = {n: kept for n, kept in held.items() if kept[0] != number}
            else:
                vector = direction(1, number) if embedded else None
                index.upsert([point(number, "harbour", document_id=f"d{document}", vector=vector)])
                held[number] = (document, embedded)
        assert index.count(ANN) == len(held)
        assert set(numbers(index.search_keywords("harbour", ANN, 50))) == set(held)
        embedded_ones = {n for n, (_, embedded) in held.items() if embedded}
        assert set(numbers(index.search_dense(direction(1), ANN, 50))) == embedded_ones

    def test_labels_time_and_left_out_documents_narrow_both_searches(
        self, index: SearchIndex
    ) -> None:
        index.upsert(
            [
                said(1, "red boat", "kept", "role:user", document_id="a", time=100),
                said(2, "red boat", "role:user", document_id="a", time=200),
                said(3, "red boat", "kept", "role:assistant", document_id="b", time=300),
            ]
        )
        expected: list[tuple[SearchFilter, list[int]]] = [
            (SearchFilter("ann", labels=("kept",)), [1, 3]),
            (SearchFilter("ann", labels=("kept", "role:user")), [1]),
            (SearchFilter("ann", except_document_ids=("a",)), [3]),
            (SearchFilter("ann", since=200), [2, 3]),
            (SearchFilter("ann", until=200), [1]),
            (SearchFilter("ann", since=100, until=300), [1, 2]),
            (SearchFilter("bob", labels=("kept",)), []),
        ]
        for where, found in expected:
            assert sorted(numbers(index.search_keywords("boat", where, 10))) == found
            assert sorted(numbers(index.search_dense(direction(1.0), where, 10))) == found
        index.upsert([said(1, "red boat", "role:user", document_id="a", time=100)])
        assert numbers(index.search_keywords("boat", SearchFilter("ann", labels=("kept",)), 9)) == [
            3
        ]

    def test_words_of_a_points_context_count_less_than_its_own(self, index: SearchIndex) -> None:
        index.upsert(
            [
                IndexPoint(point_id(1), "ann", "a", "red boat"),
                IndexPoint(point_id(2), "ann", "a", "old house", context=(("red boat", 0.5),)),
                IndexPoint(point_id(3), "ann", "a", "old tree", context=(("red boat", 0.0),)),
            ]
        )
        own, around = index.search_keywords("boat", ANN, 10)
        assert numbers([own, around]) == [1, 2]
        assert own.score > around.score > 0
