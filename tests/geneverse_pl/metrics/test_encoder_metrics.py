"""SemanticSimilarity and BertScore on encoders whose vectors are known."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from geneverse_pl.metrics import BertScore, SemanticSimilarity

PLACES = {"a": (1.0, 0.0), "b": (0.0, 1.0), "c": (0.6, 0.8), "-": (-1.0, 0.0)}


def encode(texts: Sequence[str]) -> Tensor:
    return torch.tensor([PLACES.get(text, (1.0, 0.0)) for text in texts])


def encode_tokens(texts: Sequence[str]) -> list[Tensor]:
    return [torch.tensor([PLACES[letter] for letter in text.split()]).reshape(-1, 2) for text in texts]


def test_similarity_by_hand() -> None:
    metric = SemanticSimilarity(encode)
    metric.update(["a", "c"], ["a", "a"])
    metric.update(["-", ""], ["a", "a"])
    # A blank answer has a place too, and yet says nothing.
    assert metric.items()["similarity"].tolist() == pytest.approx([1.0, 0.6, -1.0, 0.0])
    assert metric.compute()["similarity"] == pytest.approx(0.15)
    with pytest.raises(ValueError, match="true text must hold at least one word"):
        metric.update(["a"], [" "])


def test_bert_score_by_hand() -> None:
    metric = BertScore(encode_tokens)
    # Best cosines of a: 1; of b: 0.8 with c. Of the truth's a: 1; of c: 0.8; and b is missed by neither.
    metric.update(["a b"], ["a c c"])
    precision, recall = (1 + 0.8) / 2, (1 + 0.8 + 0.8) / 3
    found = {name: float(value) for name, value in metric.compute().items()}
    f1 = 2 * precision * recall / (precision + recall)
    assert found == pytest.approx({"bert_precision": precision, "bert_recall": recall, "bert_f1": f1})
    metric.update([""], ["a"])
    assert metric.items()["bert_f1"].tolist() == pytest.approx([f1, 0.0])
    with pytest.raises(ValueError, match="true text must hold at least one word"):
        metric.update(["a"], [""])
