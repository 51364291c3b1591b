"""BM25 over the words of passages (Robertson and Zaragoza 2009), by the library bm25s."""

from collections.abc import Collection, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from geneverse_pl.exceptions import ConfigError
from geneverse_pl.retrieval.names import words
from geneverse_pl.retrieval.ranking import best

FOLDER = "bm25"
# Words that say nothing of what a question is about, and are rare in passages that are no sentences.
_STOP_WORDS = frozenset(
    words(
        "a an and are as at be by can do does for from has have how if in is it its not of on or that the "
        "their there these they this to was were what when where which who with"
    )
)


def load_library() -> ModuleType:
    """The library.

    Raises:
        ConfigError: If it is not installed.
    """
    try:
        import bm25s
    except ImportError as error:
        raise ConfigError(
            "Search in passages needs the package bm25s, which is not installed. Run: pip install "
            "'geneverse_pl[retrieval]'"
        ) from error
    module: ModuleType = bm25s
    return module


class LexicalIndex:
    """BM25 scores of passages.

    Args:
        model: An index of bm25s; None where no passage has a word.
    """

    def __init__(self, model: Any) -> None:
        self._model = model

    @classmethod
    def of(cls, texts: Sequence[str]) -> "LexicalIndex":
        """The index of some texts, k1 = 1.5 and b = 0.75.

        Args:
            texts: What each passage is found by.
        """
        library = load_library()
        split = [[word for word in words(text) if word not in _STOP_WORDS] for text in texts]
        numbers = {word: number for number, word in enumerate(sorted({w for own in split for w in own}))}
        if not numbers:
            return cls(None)
        model = library.BM25(method="lucene", k1=1.5, b=0.75)
        ids = [[numbers[word] for word in own] for own in split]
        model.index((ids, numbers), create_empty_token=False, show_progress=False)
        return cls(model)

    @classmethod
    def load(cls, folder: Path) -> "LexicalIndex":
        """Reads an index from where :meth:`save` wrote it; there is none where no passage has a word."""
        if not (folder / FOLDER).is_dir():
            return cls(None)
        return cls(load_library().BM25.load(str(folder / FOLDER), mmap=True, load_corpus=False))

    def save(self, folder: Path) -> None:
        """Writes the index into a folder."""
        if self._model is not None:
            self._model.save(str(folder / FOLDER), show_progress=False)

    def search(self, question: str, k: int, excluded: Collection[int] = ()) -> list[tuple[int, float]]:
        """Passages that have a word of the question, best first, with their scores.

        Args:
            question: The question; a word counts once.
            k: Most passages, > 0.
            excluded: Passages that are left out.
        """
        if self._model is None:
            return []
        ids = sorted(set(self._model.get_tokens_ids(words(question))))
        if not ids:
            return []
        scores = self._model.get_scores_from_ids(ids)
        return best(np.where(scores > 0, scores, -np.inf), k, excluded)
