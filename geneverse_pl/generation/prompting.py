"""From questions to prompts: the template of training, and what to do with a prompt that is too long."""

from collections.abc import Callable, Sequence
from pathlib import Path

from geneverse_pl.data.encoded import EncodedSample, answer_start
from geneverse_pl.data.prompts import Encoder
from geneverse_pl.data.records import Sample
from geneverse_pl.data.tokenization import SampleEncoder
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.generation.image_files import check_marks, with_marks
from geneverse_pl.generation.questions import Question

_UNLIMITED = 1 << 30


class PromptMaker:
    """Encodes questions as samples were for training, so that a model sees the same tokens.

    Args:
        encoder: Tokenizer and template.
        context_length: Most tokens of prompt and answer that the model reads; None where it sets no limit.
        max_new_tokens: Room that an answer in words needs, > 0.
        add_image: Gives an image file its number; None where the model reads text alone.

    Raises:
        ConfigError: If no prompt could fit beside an answer.
    """

    def __init__(
        self,
        encoder: Encoder,
        context_length: int | None,
        max_new_tokens: int,
        add_image: Callable[[Path], int] | None = None,
    ) -> None:
        self._encoder = encoder
        self._reads_images = add_image is not None
        self._add_image = add_image
        self._room = None if context_length is None else context_length - max_new_tokens
        if self._room is not None and self._room < 1:
            raise ConfigError(
                f"max_new_tokens must leave room for a prompt in the model's {context_length} tokens, got "
                f"{max_new_tokens}. Lower it."
            )
        self._whole = SampleEncoder(encoder, _UNLIMITED, add_image=add_image)
        self.num_cut = 0

    def encode(self, questions: Sequence[Question]) -> list[EncodedSample]:
        """Prompts of questions; one that is too long is cut as in training, and counted in ``num_cut``.

        What is cut goes from the end of the context, then from the beginning of the question.

        Raises:
            ConfigError: If marks and images do not fit, the model reads no images, or a prompt cannot be cut
                so far.
        """
        asked = [self._sample(question) for question in questions]
        found = list(self._whole.encode(asked))
        if self._room is None:
            return found
        for place, sample in enumerate(found):
            start = answer_start(sample)
            if start > self._room:
                most = self._room + len(sample) - start
                cut = SampleEncoder(self._encoder, most, add_image=self._add_image)
                [found[place]] = cut.encode([asked[place]])
                self.num_cut += 1
        return found

    def _sample(self, question: Question) -> Sample:
        context = with_marks(question.question, question.context, len(question.images))
        check_marks(question.question, context, len(question.images), reads_images=self._reads_images)
        return Sample(question.question, "", context, choices=question.choices, images=tuple(question.images))
