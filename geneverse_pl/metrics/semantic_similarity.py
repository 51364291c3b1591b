"""How close answers are to true texts in meaning, by a sentence encoder."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from geneverse_pl.metrics.item_metric import ItemMetric, check_batch


class SemanticSimilarity(ItemMetric):
    """Mean cosine of the sentence embeddings of answer and true text (Reimers and Gurevych 2019).

    Range [-1, 1], higher is better; NaN before the first answer. An empty answer scores 0. Two texts of one
    kind are alike whatever they claim: compare with the ``shuffled`` control, never with 0, and do not take
    it for a check of facts. ``update`` takes texts.

    Args:
        encode: Gives the embeddings of B texts, ``(B, D)``, each of length 1, such as
            :meth:`geneverse_pl.models.sentence_encoder.SentenceEncoder.encode`.
        **kwargs: Options of :class:`torchmetrics.Metric`.
    """

    higher_is_better = True
    names = ("similarity",)

    def __init__(self, encode: Callable[[Sequence[str]], Tensor], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.encode = encode

    def score(self, predicted: str, gold: str) -> list[float]:
        """Cosine of one answer and its true text."""
        return self._cosines([predicted], [gold])[0]

    def update(self, predicted: Sequence[str], gold: Sequence[str]) -> None:
        """Add a batch, encoded at once.

        Args:
            predicted: Answers, length B.
            gold: True texts, length B.

        Raises:
            TypeError: If ``predicted`` or ``gold`` is a single text.
            ValueError: If the lengths differ, or a true text is blank.
        """
        check_batch(predicted, gold)
        self.append(self._cosines(predicted, gold))

    def _cosines(self, predicted: Sequence[str], gold: Sequence[str]) -> list[list[float]]:
        if not all(text.strip() for text in gold):
            raise ValueError(
                "A true text must hold at least one word, got a blank one. Leave out such questions."
            )
        if not gold:
            return []
        both = self.encode([*predicted, *gold])
        cosines = (both[: len(gold)] * both[len(gold) :]).sum(dim=1).clamp(-1.0, 1.0).tolist()
        return [[cosine if text.strip() else 0.0] for text, cosine in zip(predicted, cosines, strict=True)]
