"""Asking a tuned model one's own questions."""

from collections.abc import Sequence
from pathlib import Path

from geneverse_pl.generation.decoding import DecodingConfig
from geneverse_pl.generation.generator import Generator
from geneverse_pl.generation.questions import Question
from geneverse_pl.models.adapter_folder import LoadedAdapter


def answer(
    tuned: LoadedAdapter,
    question: str,
    *,
    context: str = "",
    images: Sequence[str | Path] = (),
    max_new_tokens: int = 96,
) -> str:
    """The tuned model's answer to a question, by greedy decoding.

    Args:
        tuned: What ``load_adapter`` gave.
        question: The question, worded as those the model was tuned on.
        context: Text before the question.
        images: Image files, one for each ``<image>`` mark of context and question, in order; without any
            mark they stand first.
        max_new_tokens: Most tokens of the answer, > 0.

    Raises:
        ConfigError: If the model reads no images, or the numbers of marks and images differ.
        DataFormatError: If an image cannot be read.
    """
    asked = Question(question, context, tuple(Path(image) for image in images))
    return Generator.from_adapter(tuned).generate([asked], DecodingConfig(max_new_tokens))[0].text
