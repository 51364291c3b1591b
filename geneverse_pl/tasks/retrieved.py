"""The questions of a test once more, with passages before them."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from geneverse_pl.data.encoded import EncodedSample, SampleBatch
from geneverse_pl.data.prompt_texts import prompt_text
from geneverse_pl.data.prompts import Encoder
from geneverse_pl.data.records import Sample
from geneverse_pl.data.retrieved import PassageContext
from geneverse_pl.data.tokenization import SampleEncoder
from geneverse_pl.exceptions import ConfigError

if TYPE_CHECKING:
    from geneverse_pl.models.language_model import LanguageModel
    from geneverse_pl.tasks.evaluation_config import EvaluationConfig

RAG = "_rag"  # behind the name of a model that reads passages
_UNLIMITED = 1 << 30


class RetrievedQuestions:
    """Encodes test samples anew, with the passages that are found for each.

    Args:
        passages: Finds and writes passages.
        encoder: What the samples were encoded with.
    """

    def __init__(self, passages: PassageContext, encoder: Encoder) -> None:
        self._passages = passages
        self._prompts = encoder
        self._encoder = SampleEncoder(encoder, _UNLIMITED)

    @classmethod
    def of(cls, evaluation: "EvaluationConfig", encoder: Encoder, model: "LanguageModel") -> Self | None:
        """What the settings ask for; None where they ask for no passages.

        Args:
            evaluation: The settings.
            encoder: What the samples were encoded with.
            model: The model, which says how much it reads.

        Raises:
            ConfigError: If the model reads pictures.
            DataFormatError: If there is no index.
        """
        if evaluation.retrieval is None:
            return None
        if encoder.image_block:
            raise ConfigError(
                "evaluation.retrieval must be left out for a model that reads pictures. Ask it with passages "
                "by `generate --retrieve`."
            )
        config: Any = model.base.config
        most = getattr(config.get_text_config(), "max_position_embeddings", None)
        reserved = max(evaluation.max_new_tokens, evaluation.max_open_tokens if evaluation.max_open else 0)
        room = None if most is None else int(most) - reserved
        return cls(PassageContext(evaluation.retrieval, encoder, room), encoder)

    def batch(self, samples: SampleBatch) -> SampleBatch:
        """The same questions with passages, in order; one that leaves no room for any is as it was.

        Args:
            samples: The samples.
        """
        return SampleBatch(self._encoder.encode([self._sample(sample) for sample in samples]))

    def _sample(self, sample: EncodedSample) -> Sample:
        text = prompt_text(sample, self._prompts)
        metadata = dict(sample.metadata)
        plain = Sample(
            text.question,
            str(metadata["answer"]),
            text.context,
            kind=str(metadata["kind"]),
            group=str(metadata["group"]),
            metadata={name: value for name, value in metadata.items() if name != "answer_start"},
        )
        return replace(plain, context=self._passages.sample(plain).context)
