"""Each embedding model's vectors have an index of their own."""

from backend.config import Config
from backend.store.base import IndexPoint
from backend.store.edge import EdgeIndex
from backend.store.registry import open_index, remove_index

POINT = IndexPoint("00000000-0000-0000-0000-000000000001", "ann", "report", "harbour")


def test_two_models_have_two_indexes_side_by_side(config: Config) -> None:
    one, other = (open_index(config, name, size) for name, size in (("one", 4), ("other", 8)))
    one.upsert([POINT])
    assert (one.count(), other.count()) == (1, 0)
    other.close()
    remove_index(config, "other")
    remove_index(config, "never there")
    assert len(list(config.index_dir.iterdir())) == 1
    one.rebuild_enqueued()
    one.close()
    again = open_index(config, "one", 4)
    assert again.count() == 1
    again.close()


def test_an_index_of_the_older_layout_gives_way_to_a_new_one(config: Config) -> None:
    older = EdgeIndex(config.index_dir, 4)
    older.upsert([POINT])
    older.rebuild_enqueued()
    older.close()
    index = open_index(config, "one", 4)
    assert index.needs_rebuild
    assert len(list(config.index_dir.iterdir())) == 1
    index.close()
