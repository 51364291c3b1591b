"""A corpus of toy files, built once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from datamodules.corpus import Corpus, build_corpus
from tests.datamodules.corpus.toy_sources import write_toy_sources


@pytest.fixture(scope="session")
def toy_corpus_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a corpus of all toy sources."""
    folder = tmp_path_factory.mktemp("toy_corpus")
    path = folder / "corpus.duckdb"
    build_corpus(write_toy_sources(folder / "sources"), path).close()
    return path


@pytest.fixture
def toy_corpus(toy_corpus_path: Path) -> Iterator[Corpus]:
    """The same, open."""
    with Corpus(toy_corpus_path) as corpus:
        yield corpus
