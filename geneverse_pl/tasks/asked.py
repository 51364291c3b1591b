"""The questions of a test as records: before they are answered, and as ``predict`` answers them."""

from collections.abc import Sequence
from typing import Any

from geneverse_pl.data.encoded import SampleBatch
from geneverse_pl.data.prompt_texts import prompt_text
from geneverse_pl.data.prompts import Encoder
from geneverse_pl.evaluation.text_report import ItemResult


def unanswered(split: str, batch: SampleBatch, encoder: Encoder) -> list[ItemResult]:
    """The questions of a batch, in order, without answers.

    Args:
        split: The test split.
        batch: The samples.
        encoder: Tells the question in the tokens.
    """
    results = []
    for sample in batch:
        text = prompt_text(sample, encoder)
        results.append(ItemResult(split, sample.metadata, 0, text.context, text.question))
    return results


def predictions(
    split: str, batch: SampleBatch, encoder: Encoder, texts: Sequence[str]
) -> list[dict[str, Any]]:
    """Answered questions: ``split``, ``question``, ``context``, the sample's metadata and ``prediction``.

    Args:
        split: The test split.
        batch: The samples.
        encoder: Tells the question in the tokens.
        texts: The model's answers, one a sample. ``answer`` among the metadata is the true one.
    """
    records = []
    for item, text in zip(unanswered(split, batch, encoder), texts, strict=True):
        asked = {"split": split, "question": item.question, "context": item.context}
        records.append({**asked, **item.metadata, "prediction": text})
    return records
