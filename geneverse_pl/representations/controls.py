"""Vectors that know nothing of the model: random ones, and the spelling of names.

Letters: N items, D width.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

RANDOM, NGRAMS, MAJORITY, PERMUTED = "random", "ngrams", "majority", "permuted"


def random_vectors(num_items: int, width: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """Vectors ``(N, D)`` of independent standard normal numbers.

    Args:
        num_items: Number of vectors, >= 1.
        width: Their width, that of the vectors they are compared with.
        seed: Seed of the numbers.
    """
    return np.random.default_rng(seed).standard_normal((num_items, width)).astype(np.float32)


def ngram_vectors(texts: Sequence[str], width: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """Vectors ``(N, at most D)`` of how texts are spelt.

    They are TF-IDF weights of character 2- to 4-grams within words, brought to the given width by a truncated
    SVD. What they score, the letters of a name give away: *COL4A1* and *COL4A2* are of one family.

    Args:
        texts: N texts, N >= 2.
        width: Most dimensions, >= 1.
        seed: Seed of the SVD.
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)
    weights = vectorizer.fit_transform([text or " " for text in texts])
    kept = min(width, *(size - 1 for size in weights.shape))
    if kept < 1:
        return np.asarray(weights.toarray(), dtype=np.float32)
    return np.asarray(TruncatedSVD(kept, random_state=seed).fit_transform(weights), dtype=np.float32)
