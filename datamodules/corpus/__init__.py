"""One set of tables from all sources: genes, proteins, phenotypes, diseases, and what links them."""

from datamodules.corpus.building import build_corpus
from datamodules.corpus.corpus import Corpus
from datamodules.corpus.identifiers import EntityKind, RelationKind, TextTopic
from datamodules.corpus.records import Conflict, Counts, Entity, Evidence, Relation, Source, Text
from datamodules.corpus.sources import CorpusSources

__all__ = [
    "Conflict",
    "Corpus",
    "CorpusSources",
    "Counts",
    "Entity",
    "EntityKind",
    "Evidence",
    "Relation",
    "RelationKind",
    "Source",
    "Text",
    "TextTopic",
    "build_corpus",
]
