"""BERTScore with any encoder of tokens.

Letters: T tokens of a text, D width.
"""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from geneverse_pl.metrics.item_metric import ItemMetric


class BertScore(ItemMetric):
    """BERTScore (Zhang et al. 2020): tokens matched greedily by the cosine of their embeddings in context.

    ``compute`` gives ``bert_precision`` (the mean over the answer's tokens of the best cosine with a true
    token), ``bert_recall`` (the same the other way round) and ``bert_f1``, their harmonic mean; range [-1,
    1], higher is better; NaN before the first answer. No idf weights and no rescaling by a baseline, so
    values of two encoders cannot be compared. An answer without tokens scores 0. torchmetrics' BERTScore
    downloads its model by name and keeps no value for each answer. ``update`` takes texts.

    Args:
        encode_tokens: Gives for each text the embeddings of its tokens without special ones, ``(T, D)``, each
            of length 1, such as :meth:`geneverse_pl.models.sentence_encoder.SentenceEncoder.encode_tokens`.
        **kwargs: Options of :class:`torchmetrics.Metric`.
    """

    higher_is_better = True
    names = ("bert_precision", "bert_recall", "bert_f1")

    def __init__(self, encode_tokens: Callable[[Sequence[str]], Sequence[Tensor]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.encode_tokens = encode_tokens

    def score(self, predicted: str, gold: str) -> tuple[float, float, float]:
        """Precision, recall and F1 of one answer.

        Raises:
            ValueError: If the true text has no token.
        """
        given, true = self.encode_tokens([predicted, gold])
        if not len(true):
            raise ValueError(
                f"A true text must hold at least one word, got {gold!r}. Leave out such questions."
            )
        if not len(given):
            return 0.0, 0.0, 0.0
        cosines = given @ true.T
        precision = float(cosines.max(dim=1).values.mean())
        recall = float(cosines.max(dim=0).values.mean())
        both = precision + recall
        return precision, recall, 2 * precision * recall / both if both > 0 else 0.0
