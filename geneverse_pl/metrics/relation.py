"""Metrics of yes/no questions."""

from torchmetrics import MetricCollection
from torchmetrics.classification import BinaryAccuracy, BinaryAUROC, BinaryF1Score, BinaryMatthewsCorrCoef

from geneverse_pl.exceptions import ConfigError


def relation_metrics(prefix: str | None = None, threshold: float = 0.5) -> MetricCollection:
    """Accuracy, F1, MCC (Matthews 1975) and AUROC of yes/no questions, all by torchmetrics.

    Accuracy, F1 and AUROC lie in [0, 1], MCC in [-1, 1]; higher is better. AUROC is exact: it keeps all
    predictions until ``compute``. With one class only, torchmetrics warns and gives it as 0.

    Args:
        prefix: Put before each name, e.g. ``val/``.
        threshold: Probabilities above it count as *yes*, in [0, 1].

    Returns:
        A collection with the keys ``accuracy``, ``f1``, ``mcc``, ``auroc``; ``update`` takes the probability
        of *yes* ``(B,)`` in [0, 1] and the labels ``(B,)`` in {0, 1}.

    Raises:
        ConfigError: If the threshold is out of range.
    """
    if not 0.0 <= threshold <= 1.0:
        raise ConfigError(f"threshold must be in [0, 1], got {threshold}.")
    return MetricCollection(
        {
            "accuracy": BinaryAccuracy(threshold=threshold),
            "f1": BinaryF1Score(threshold=threshold),
            "mcc": BinaryMatthewsCorrCoef(threshold=threshold),
            "auroc": BinaryAUROC(),
        },
        prefix=prefix,
    )
