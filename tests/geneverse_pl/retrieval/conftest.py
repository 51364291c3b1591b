"""Some passages on genes and diseases, an index of them, and an encoder without a network."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from geneverse_pl.retrieval import Passage, Retriever, build_index

PASSAGES = (
    Passage("NCBIGene:847", "CAT", "Catalase breaks down hydrogen peroxide.", ("catalase",), ("HGNC:1516",)),
    Passage("NCBIGene:7454", "WAS", "A regulator of actin.", ("THC", "IMD2"), ("HGNC:12731",), "NCBI Gene"),
    Passage("NCBIGene:5978", "REST", "Silences neuronal genes in other tissues.", ("NRSF", "XBR")),
    Passage("NCBIGene:2200", "FBN1", "Fibrillin of elastic fibres.", ("MFS1", "fibrillin 1"), ("HGNC:3603",)),
    Passage(
        "OMIM:154700", "Marfan syndrome", "Tall stature; ectopia lentis.", ("MFS", "MFS1"), ("ORPHA:558",)
    ),
    Passage("OMIM:301000", "Wiskott-Aldrich syndrome", "Eczema; thrombocytopenia.", ("WAS", "IMD2")),
    Passage("OMIM:999999", "Marfan", "An old name.", ("MFS",)),
)


class CountingEncoder:
    """Vectors of a few words' counts, so that cosines can be worked out by hand."""

    WORDS = ("eyes", "blood", "brain")

    def encode(self, texts: Sequence[str], batch_size: int = 32) -> npt.NDArray[np.float32]:
        rows = [[text.casefold().count(word) for word in self.WORDS] for text in texts]
        vectors = np.array(rows, np.float32).reshape(len(texts), len(self.WORDS))
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(lengths, 1e-9), np.float32)


@pytest.fixture
def make_retriever(tmp_path: Path) -> Callable[..., Retriever]:
    """Builds and opens an index."""

    def make(passages: Sequence[Passage] = PASSAGES, *, dense: bool = False) -> Retriever:
        folder = tmp_path / "index"
        build_index(passages, folder, "counting" if dense else None, load_encoder=lambda _: CountingEncoder())
        return Retriever.load(folder, lambda _: CountingEncoder())

    return make


@pytest.fixture
def retriever(make_retriever: Callable[..., Retriever]) -> Retriever:
    """An index of the passages above, by words alone."""
    return make_retriever()
