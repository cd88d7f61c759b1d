import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend.errors import ConfigurationError, Unavailable
from backend.store.base import SearchIndex
from backend.store.edge import EdgeIndex
from contracts.search_index_contract import (
    ANN,
    DIMENSION,
    SearchIndexContract,
    direction,
    numbers,
    point,
)

WRITER = """
import sys
from pathlib import Path
from backend.store.edge import EdgeIndex
from contracts.search_index_contract import DIMENSION, direction, point

index = EdgeIndex(Path(sys.argv[1]), DIMENSION)
index.rebuild_enqueued()
number = 0
while True:
    following = range(number, number + 7)
    index.upsert([point(n, f"harbour number{n}", vector=direction(1)) for n in following])
    number = following.stop
    print(number, flush=True)
"""


class TestEdgeIndex(SearchIndexContract):
    @pytest.fixture
    def index(self, tmp_path: Path) -> Iterator[SearchIndex]:
        index = EdgeIndex(tmp_path / "index", DIMENSION)
        yield index
        index.close()

    def test_searches_beside_a_writer_see_whole_points(self, index: SearchIndex) -> None:
        index.upsert([point(n, "harbour", vector=direction(1)) for n in range(50)])
        done = threading.Event()

        def search() -> None:
            while not done.is_set():
                assert len(index.search_keywords("harbour", ANN, 100)) >= 50
                assert len(index.search_dense(direction(1), ANN, 100)) >= 50

        with ThreadPoolExecutor(3) as pool:
            readers = [pool.submit(search) for _ in range(3)]
            for batch in range(20):
                index.upsert([point(n, "harbour", vector=direction(1)) for n in range(50 + batch)])
            done.set()
        for reader in readers:
            reader.result()
        assert index.count() == 69


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A complete index of three points, closed."""
    directory = tmp_path / "index"
    index = EdgeIndex(directory, DIMENSION)
    index.upsert([point(n, "harbour", vector=direction(1)) for n in range(3)])
    index.rebuild_enqueued()
    index.close()
    return directory


def test_an_index_survives_a_restart(directory: Path) -> None:
    index = EdgeIndex(directory, DIMENSION)
    assert not index.needs_rebuild
    assert len(index.search_keywords("harbour", ANN, 10)) == 3
    assert len(index.search_dense(direction(1), ANN, 10)) == 3
    index.flush()
    index.close()


def test_a_closed_index_is_unavailable(directory: Path) -> None:
    index = EdgeIndex(directory, DIMENSION)
    index.close()
    with pytest.raises(Unavailable):
        index.search_dense(direction(1), ANN, 10)
    with pytest.raises(Unavailable):
        index.count()


def test_an_index_whose_rebuild_was_not_enqueued_is_made_anew(tmp_path: Path) -> None:
    index = EdgeIndex(tmp_path / "index", DIMENSION)
    index.upsert([point(1, "harbour")])
    index.close()
    index = EdgeIndex(tmp_path / "index", DIMENSION)
    assert index.needs_rebuild
    assert index.count() == 0
    index.close()


def test_an_index_of_another_dimension_is_made_anew(directory: Path) -> None:
    index = EdgeIndex(directory, DIMENSION + 1)
    assert index.needs_rebuild
    assert index.count() == 0
    index.close()


def test_a_file_in_place_of_the_folder_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("not a folder")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        EdgeIndex(tmp_path / "index", DIMENSION)


def test_an_open_index_is_refused_to_a_second_process_and_not_harmed(directory: Path) -> None:
    index = EdgeIndex(directory, DIMENSION)
    with pytest.raises(ConfigurationError, match="in use by another process"):
        EdgeIndex(directory, DIMENSION)
    assert len(index.search_keywords("harbour", ANN, 10)) == 3
    index.close()


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_index_opens_whole_or_is_made_anew(
    directory: Path, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    for path in chance.sample(files, 3):
        size = path.stat().st_size
        if chance.random() < 0.5:
            os.truncate(path, size // 2)
        else:
            path.write_bytes(chance.randbytes(min(size, 4_096)))
    index = EdgeIndex(directory, DIMENSION)
    if index.needs_rebuild:
        assert index.count() == 0
    index.upsert([point(7, "lighthouse", vector=direction(0, 1))])
    assert numbers(index.search_keywords("lighthouse", ANN, 10)) == [7]
    index.close()


def test_an_index_without_its_segments_is_made_anew(directory: Path) -> None:
    shutil.rmtree(directory / "segments")
    index = EdgeIndex(directory, DIMENSION)
    assert index.needs_rebuild or index.count() == 3  # the log may still hold all
    index.close()


@pytest.mark.parametrize("batches", [1, 4, 19])
def test_a_killed_process_loses_no_point_it_was_told_is_stored(
    tmp_path: Path, batches: int
) -> None:
    tests = Path(__file__).parents[1]
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "index")],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tests)},
    )
    assert writer.stdout is not None
    with writer.stdout as acknowledgements:
        stored = 0
        for _ in range(batches):
            stored = int(acknowledgements.readline())
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    index = EdgeIndex(tmp_path / "index", DIMENSION)
    assert not index.needs_rebuild
    found = {n for n in range(stored) if numbers(index.search_keywords(f"number{n}", ANN, 1))}
    assert found == set(range(stored))
    assert len(index.search_dense(direction(1), ANN, 10_000)) >= stored
    index.close()
