"""There is no Qdrant server here: the suite runs on qdrant-client's local mode."""

from collections.abc import Callable, Iterator

import pytest
from qdrant_client import QdrantClient

from backend.config import Config
from backend.errors import Unavailable
from backend.store.base import SearchIndex
from backend.store.cluster import ClusterIndex, connect, remove_collections
from contracts.search_index_contract import DIMENSION, SearchIndexContract, point

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")


@pytest.fixture
def client() -> Iterator[QdrantClient]:
    client = QdrantClient(":memory:")
    yield client
    client.close()


class TestClusterIndex(SearchIndexContract):
    @pytest.fixture
    def index(self, client: QdrantClient) -> SearchIndex:
        return ClusterIndex(client, "model", DIMENSION)


def test_a_second_server_process_finds_the_same_index(client: QdrantClient) -> None:
    first = ClusterIndex(client, "model", DIMENSION)
    first.upsert([point(1, "harbour")])
    assert ClusterIndex(client, "model", DIMENSION).needs_rebuild
    first.rebuild_enqueued()
    second = ClusterIndex(client, "model", DIMENSION)
    assert not second.needs_rebuild
    assert second.count() == 1
    second.flush()


def test_another_dimension_is_another_collection(client: QdrantClient) -> None:
    first = ClusterIndex(client, "model", DIMENSION)
    first.upsert([point(1, "harbour")])
    other = ClusterIndex(client, "model", DIMENSION + 1)
    assert other.needs_rebuild
    assert other.count() == 0


def test_the_collections_of_one_model_are_removed(client: QdrantClient) -> None:
    ClusterIndex(client, "model", DIMENSION)
    ClusterIndex(client, "model", DIMENSION + 1)
    kept = ClusterIndex(client, "other", DIMENSION)
    kept.upsert([point(1, "harbour")])
    remove_collections(client, "model")
    assert len(client.get_collections().collections) == 1
    assert kept.count() == 1


def test_an_unreachable_cluster_is_said_to_be_unavailable(
    make_config: Callable[..., Config],
) -> None:
    client = connect(make_config(qdrant_url="http://127.0.0.1:9"))
    with pytest.raises(Unavailable, match="QDRANT_URL"):
        ClusterIndex(client, "model", DIMENSION)
    client.close()
