"""Controls of questions of which no table of relations is known, from the samples of the store."""

from collections.abc import Collection, Sequence

from geneverse_pl.data.datamodule import TRAIN, TextDataModule
from geneverse_pl.data.drawn import drawn_samples
from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.data.prompt_texts import prompt_text
from geneverse_pl.evaluation.text_controls import (
    TrainingAnswers,
    add_answer_controls,
    add_constants,
    needs_controls,
    topic,
)
from geneverse_pl.evaluation.text_report import TEXT, ItemResult

_MOST_SAMPLES = 20_000  # of a kind


def add_controls(results: Sequence[ItemResult], data: TextDataModule) -> None:
    """Adds the answers of controls that learn from training questions to open and closed questions.

    They learn from at most 20,000 training samples of a kind, a random choice.

    Args:
        results: The answered questions.
        data: The data module, set up.
    """
    training = {}
    for kind, samples in _drawn({one.kind for one in results if needs_controls(one)}, data).items():
        texts = [prompt_text(sample, data.encoder) for sample in samples]
        truths = [sample.metadata.get("truth") for sample in samples]
        training[kind] = TrainingAnswers(
            [
                topic(sample.metadata, text.context, text.question)
                for sample, text in zip(samples, texts, strict=True)
            ],
            _answers(samples),
            [truth for truth in truths if isinstance(truth, dict) and truth],
        )
    add_answer_controls(results, training)


def add_constant_texts(results: Sequence[ItemResult], data: TextDataModule) -> None:
    """Adds the constant text of each kind to the answers to open questions about pictures.

    Args:
        results: The answered questions.
        data: The data module, set up.
    """
    open_kinds = {one.kind for one in results if one.texts and one.kind.partition("/")[0] == TEXT}
    drawn = _drawn(open_kinds, data).items()
    add_constants(
        results, {kind: TrainingAnswers([""] * len(samples), _answers(samples)) for kind, samples in drawn}
    )


def _drawn(kinds: Collection[str], data: TextDataModule) -> dict[str, list[EncodedSample]]:
    """Training samples by kind; of no kinds nothing is read."""
    return drawn_samples(data.store.split(TRAIN), kinds, _MOST_SAMPLES) if kinds else {}


def _answers(samples: Sequence[EncodedSample]) -> list[str]:
    return [str(sample.metadata.get("answer", "")) for sample in samples]
