"""Answers of language models: likelihoods, decoding, many questions at a time."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geneverse_pl.generation.decoding import DecodingConfig
    from geneverse_pl.generation.generator import Answer, Generator
    from geneverse_pl.generation.questions import Question

_EXPORTS = {
    "Answer": "geneverse_pl.generation.generator",
    "DecodingConfig": "geneverse_pl.generation.decoding",
    "Generator": "geneverse_pl.generation.generator",
    "Question": "geneverse_pl.generation.questions",
}

__all__ = ["Answer", "DecodingConfig", "Generator", "Question"]


def __getattr__(name: str) -> Any:
    # The command line reads its options without loading torch.
    if name in _EXPORTS:
        return getattr(importlib.import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
