"""Controls of questions of which no table of relations is known, from the samples of the store."""

from collections.abc import Sequence

from geneverse_pl.data.datamodule import TRAIN, TextDataModule
from geneverse_pl.data.drawn import drawn_samples
from geneverse_pl.data.prompt_texts import prompt_text
from geneverse_pl.evaluation.text_controls import TrainingAnswers, add_answer_controls, needs_controls, topic
from geneverse_pl.evaluation.text_report import ItemResult

_MOST_SAMPLES = 20_000  # of a kind


def add_controls(results: Sequence[ItemResult], data: TextDataModule) -> None:
    """Adds the answers of controls that learn from training questions to open and closed questions.

    They learn from at most 20,000 training samples of a kind, a random choice.

    Args:
        results: The answered questions.
        data: The data module, set up.
    """
    kinds = {result.kind for result in results if needs_controls(result)}
    if not kinds:
        return
    training = {}
    for kind, samples in drawn_samples(data.store.split(TRAIN), kinds, _MOST_SAMPLES).items():
        texts = [prompt_text(sample, data.encoder) for sample in samples]
        training[kind] = TrainingAnswers(
            [
                topic(sample.metadata, text.context, text.question)
                for sample, text in zip(samples, texts, strict=True)
            ],
            [str(sample.metadata.get("answer", "")) for sample in samples],
            [
                truth
                for sample in samples
                if isinstance(truth := sample.metadata.get("truth"), dict) and truth
            ],
        )
    add_answer_controls(results, training)
