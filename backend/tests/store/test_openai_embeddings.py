"""Vectors from a server that speaks OpenAI's protocol, over a real connection."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from backend.config import Config
from backend.errors import EmbeddingRefused, EmbeddingUnavailable
from backend.store.embeddings import configured_model, create_embedder
from backend.store.openai_embeddings import OpenAIEmbedder
from embedding_server import EmbeddingServer, run_embedding_server

Open = Callable[..., OpenAIEmbedder]


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with run_embedding_server() as server:
        yield server


@pytest.fixture
def open_embedder(server: EmbeddingServer, tmp_path: Path) -> Iterator[Open]:
    opened = []

    def make(model: str) -> OpenAIEmbedder:
        embedder = OpenAIEmbedder(server.base_url, model, "key", tmp_path / "embedding")
        opened.append(embedder)
        return embedder

    yield make
    for embedder in opened:
        embedder.close()


def test_each_text_gets_its_own_unit_vector_whatever_the_order_of_the_answer(
    open_embedder: Open, server: EmbeddingServer
) -> None:
    embedder = open_embedder("small-16")
    vectors = embedder.embed(["one", "two", "", "\ud800 odd"])
    assert vectors.shape == (4, 16)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(embedder.embed(["two"])[0], vectors[1])
    assert server.keys == {"Bearer key"}
    assert embedder.embed([]).shape == (0, 16)


def test_many_texts_travel_in_batches(open_embedder: Open, server: EmbeddingServer) -> None:
    embedder = open_embedder("small-16")
    assert embedder.dimension == 16
    before = server.requests
    embedder.embed([f"text {number}" for number in range(150)])
    assert server.requests - before == 3


def test_the_dimension_is_asked_for_once_and_remembered_over_a_restart(
    open_embedder: Open, server: EmbeddingServer
) -> None:
    assert open_embedder("small-24").dimension == 24
    server.is_down = True
    assert open_embedder("small-24").dimension == 24
    with pytest.raises(EmbeddingUnavailable):
        _ = open_embedder("other-24").dimension


def test_a_passing_error_is_tried_again_at_once(open_embedder: Open) -> None:
    assert open_embedder("flaky").embed(["one"]).shape == (1, 8)


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("rate-limited", EmbeddingUnavailable),
        ("broken", EmbeddingUnavailable),
        ("unauthorized", EmbeddingRefused),
        ("unknown", EmbeddingRefused),
        ("odd", EmbeddingRefused),
    ],
)
def test_errors_tell_whether_trying_again_may_help(
    open_embedder: Open, model: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        open_embedder(model).embed(["one", "two"])


def test_a_server_that_is_away_may_come_back(tmp_path: Path) -> None:
    embedder = OpenAIEmbedder("http://127.0.0.1:9/v1", "small-16", "", tmp_path)
    with pytest.raises(EmbeddingUnavailable):
        embedder.embed(["one"])
    embedder.close()


def test_the_configuration_names_the_server(
    make_config: Callable[..., Config], server: EmbeddingServer
) -> None:
    config = make_config(embedding_url=server.base_url, embedding_model="small-16")
    embedder = create_embedder(config, 1)
    assert embedder.name == configured_model(config).name == "openai:small-16"
    assert embedder.dimension == 16
    embedder.close()
