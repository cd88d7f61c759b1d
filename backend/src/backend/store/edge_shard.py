"""What the shards of the embedded index are made of, for whichever process opens one."""

from typing import Final

import qdrant_edge

DENSE: Final = "dense"
KEYWORDS: Final = "bm25"
_COLD: Final = qdrant_edge.Memory.Cold
_NO_GRAPH: Final = qdrant_edge.HnswIndexConfig(
    m=0, ef_construct=4, full_scan_threshold=1_000_000_000, memory=_COLD
)
_PAYLOAD_FIELDS: Final[
    dict[str, qdrant_edge.KeywordIndexParams | qdrant_edge.IntegerIndexParams]
] = {
    "user_id": qdrant_edge.KeywordIndexParams(memory=_COLD),
    "document_id": qdrant_edge.KeywordIndexParams(memory=_COLD),
    "labels": qdrant_edge.KeywordIndexParams(memory=_COLD),
    "time": qdrant_edge.IntegerIndexParams(memory=_COLD),
}


def shard_config(dimension: int) -> qdrant_edge.EdgeConfig:
    """Return a shard's configuration.

    Cold is what is read from files as it is needed; the system keeps it while there is room.
    Otherwise files are read whole when they are opened, also the 30 MB that are still free in
    them. `indexing_threshold` (KB) lets `optimize` turn every segment into one without heap.
    """
    return qdrant_edge.EdgeConfig(
        vectors={
            DENSE: qdrant_edge.EdgeVectorParams(
                size=dimension,
                distance=qdrant_edge.Distance.Cosine,
                datatype=qdrant_edge.VectorStorageDatatype.Float16,
                memory=_COLD,
            )
        },
        sparse_vectors={
            KEYWORDS: qdrant_edge.EdgeSparseVectorParams(
                modifier=qdrant_edge.Modifier.Idf, memory=_COLD
            )
        },
        payload_memory=_COLD,
        id_tracker_memory=_COLD,
        hnsw_config=_NO_GRAPH,
        optimizers=qdrant_edge.EdgeOptimizersConfig(indexing_threshold=1, default_segment_number=1),
    )


def index_fields(shard: qdrant_edge.EdgeShard) -> None:
    """Index what filters ask for, once for each shard."""
    for field, params in _PAYLOAD_FIELDS.items():
        shard.update(qdrant_edge.UpdateOperation.create_field_index(field, params))
