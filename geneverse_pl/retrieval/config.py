"""What is looked up for a question, and how much of it is shown."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from geneverse_pl.exceptions import ConfigError, unknown_choice

Method = Literal["name", "bm25", "dense"]
METHODS: tuple[Method, ...] = get_args(Method)


@dataclass
class RetrievalConfig:
    """Passages that a model reads before a question.

    Args:
        index: Folder that ``index`` wrote.
        top_k: Most passages of a question, > 0.
        max_tokens: Most tokens of all its passages, > 0; they are cut to it, and to what the model has room
            for beside question and answer.
        exclude_subject: Leave out passages about the question's own subject, which may tell its answer: a
            control.
        methods: What to search by, of ``name``, ``bm25`` and ``dense``; None takes all that the index has.
    """

    index: Path
    top_k: int = 2
    max_tokens: int = 512
    exclude_subject: bool = False
    methods: list[Method] | None = None

    def check(self) -> None:
        """Raises a ConfigError if a value is out of range."""
        for name in ("top_k", "max_tokens"):
            if getattr(self, name) < 1:
                raise ConfigError(f"retrieval.{name} must be > 0, got {getattr(self, name)}.")
        if self.methods is not None and not self.methods:
            raise ConfigError("retrieval.methods must name at least one, got none. Leave it out to use all.")
        for method in self.methods or ():
            if method not in METHODS:
                raise ConfigError(unknown_choice("method of retrieval", method, METHODS))


@dataclass
class TrainingRetrieval(RetrievalConfig):
    """Passages before the questions of training and validation.

    Args:
        drop: Share of samples, in [0, 1], that get passages on other subjects only, so that a model learns
            not to trust whatever it is shown (RAFT, Zhang et al. 2024).
    """

    drop: float = 0.2

    def check(self) -> None:
        """Raises a ConfigError if a value is out of range."""
        super().check()
        if not 0 <= self.drop <= 1:
            raise ConfigError(f"retrieval.drop must be in [0, 1], got {self.drop}.")
