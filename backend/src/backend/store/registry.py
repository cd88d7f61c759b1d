"""Chooses the search index: the only place that knows which adapters there are."""

from backend.config import Config
from backend.store.base import SearchIndex


def open_index(config: Config, dimension: int) -> SearchIndex:
    """Open the index for vectors of `dimension`: the cluster at QDRANT_URL, else the embedded.

    Raises:
        ConfigurationError: the embedded index is in use by another process or not writable.
        Unavailable: the cluster cannot be reached.
    """
    if config.qdrant_url:
        from backend.store.cluster import ClusterIndex, connect

        return ClusterIndex(connect(config), dimension)
    from backend.store.edge import EdgeIndex

    return EdgeIndex(config.index_dir, dimension)
