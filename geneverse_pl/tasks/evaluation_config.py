"""What ``test`` measures."""

from dataclasses import dataclass
from pathlib import Path

from geneverse_pl.exceptions import ConfigError
from geneverse_pl.retrieval.config import RetrievalConfig


@dataclass
class EvaluationConfig:
    """What ``test`` measures.

    Args:
        compare_untuned: Ask the base model without adapter too.
        max_generated: Most list and single-fact questions answered in words, a kind and split; 0 for none.
        max_new_tokens: Most tokens of such an answer, > 0, in ``predict`` too.
        max_open: Most open questions (kinds ``text/…``) answered in words, a kind and split; 0 for none. Long
            answers take most of a test's time.
        max_open_tokens: Most tokens of an open answer, > 0, in ``predict`` too.
        sentence_encoder: Encoder for the ``similarity`` of open answers and for the baseline
            ``embedding_logistic`` of yes/no questions, a reference as for models that names a folder; none by
            default, and then neither.
        grounding: Table of names and ids that ``ground --build`` wrote. Open answers are then scored twice,
            as they are and grounded (``tuned_grounded``); none by default.
        generation_batch_size: Prompts decoded at a time, > 0.
        num_resamples: Bootstrap resamples of each interval, > 0.
        retrieval: Passages that the models read before the same questions, as ``tuned_rag`` and
            ``untuned_rag``; None asks without.
    """

    compare_untuned: bool = True
    max_generated: int = 64
    max_new_tokens: int = 96
    max_open: int = 0
    max_open_tokens: int = 256
    sentence_encoder: str | None = None
    grounding: Path | None = None
    generation_batch_size: int = 16
    num_resamples: int = 1000
    retrieval: RetrievalConfig | None = None

    def check(self) -> None:
        """Raises a ConfigError if a value is out of range."""
        for name in ("max_generated", "max_open"):
            if getattr(self, name) < 0:
                raise ConfigError(f"evaluation.{name} must be >= 0, got {getattr(self, name)}.")
        for name in ("max_new_tokens", "max_open_tokens", "generation_batch_size", "num_resamples"):
            if getattr(self, name) < 1:
                raise ConfigError(f"evaluation.{name} must be > 0, got {getattr(self, name)}.")
        if self.retrieval is not None:
            self.retrieval.check()
