"""Settings of the data modules: how samples become tokens, and tokens batches."""

from dataclasses import dataclass
from typing import Literal, get_args

from geneverse_pl.data.mixture import MixtureConfig
from geneverse_pl.data.prompts import TemplateName
from geneverse_pl.exceptions import ConfigError, unknown_choice
from geneverse_pl.retrieval.config import TrainingRetrieval

Grouping = Literal["length", "none"]


@dataclass
class EncodingConfig:
    """How samples become tokens.

    Args:
        template: ``chat`` (the tokenizer's own template), ``alpaca``, ``llama2``, ``vicuna`` or ``plain``.
        system: System message; None leaves it to the template.
        max_length: Most tokens of a sample, > 0.
        train_on_prompt: Learn the prompt's tokens too, not the answer's alone.
        tokenizer: Model reference of the tokenizer; None takes the task's model.
        num_processes: Processes that encode a large data set, >= 0; 0 encodes in this one.
        retrieval: Passages that stand before the questions of training and validation; None for none.
    """

    template: TemplateName = "chat"
    system: str | None = None
    max_length: int = 1024
    train_on_prompt: bool = False
    tokenizer: str | None = None
    num_processes: int = 0
    retrieval: TrainingRetrieval | None = None

    def check(self) -> None:
        """Raises a ConfigError if a value is out of range."""
        if self.max_length < 1:
            raise ConfigError(f"encoding.max_length must be > 0, got {self.max_length}.")
        if self.retrieval is not None:
            self.retrieval.check()


@dataclass
class BatchingConfig:
    """How samples become batches.

    Args:
        packing: Lay several samples in a row, each attending only to itself; else pad, grouped by length.
        row_length: Tokens of a packed row, > 0.
        rows_per_batch: Packed rows of a batch, >= 1.
        share_prefix: Compute the context that packed samples have in common once.
        max_per_family: Most samples of one context in a row, >= 1; None sets no limit.
        tokens_per_batch: Most tokens of a padded batch, padding counted, > 0.
        grouping: Order of padded batches: ``length`` or ``none``.
        num_workers: Processes that read the store, >= 0; 0 reads in the training process.
        mixture: How often each group of samples is trained on; None takes every sample once an epoch.
    """

    packing: bool = True
    row_length: int = 1024
    rows_per_batch: int = 1
    share_prefix: bool = True
    max_per_family: int | None = 8
    tokens_per_batch: int = 2048
    grouping: Grouping = "length"
    num_workers: int = 0
    mixture: MixtureConfig | None = None

    def check(self) -> None:
        """Raises a ConfigError if a value is out of range."""
        least = {"row_length": 1, "rows_per_batch": 1, "tokens_per_batch": 1, "num_workers": 0}
        if self.max_per_family is not None:
            least["max_per_family"] = 1
        for name, smallest in least.items():
            if getattr(self, name) < smallest:
                raise ConfigError(f"batching.{name} must be >= {smallest}, got {getattr(self, name)}.")
        if self.grouping not in get_args(Grouping):
            raise ConfigError(unknown_choice("batching.grouping", self.grouping, get_args(Grouping)))
        (self.mixture or MixtureConfig()).check()
