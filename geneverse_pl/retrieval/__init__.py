"""Search in passages: exact names and identifiers first, then BM25 and vectors of a sentence encoder."""

from geneverse_pl.retrieval.config import RetrievalConfig, TrainingRetrieval
from geneverse_pl.retrieval.index import build_index
from geneverse_pl.retrieval.passages import Passage, read_passages, write_passages
from geneverse_pl.retrieval.retriever import Found, Retriever

__all__ = [
    "Found",
    "Passage",
    "RetrievalConfig",
    "Retriever",
    "TrainingRetrieval",
    "build_index",
    "read_passages",
    "write_passages",
]
