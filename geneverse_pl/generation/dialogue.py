"""A conversation as the tokens of its template, turn after turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.data.prompts import Encoder
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.generation.image_files import ImageFiles, check_marks, with_marks

_MARKS = ("GENEVERSE-FIRST-MARK", "GENEVERSE-ANSWER-MARK", "GENEVERSE-SECOND-MARK")
# Their published forms have turns of their own; what ends an answer is the tokenizer's end token.
_FIXED_OPENINGS = {"llama2": "[INST] ", "vicuna": "USER: "}


def turn_opening(encoder: Encoder) -> str | None:
    """Text from the end of an answer, its end token included, to the next question; None without turns.

    Args:
        encoder: Tokenizer and template.
    """
    name, tokenizer = encoder.template.name, encoder.tokenizer
    if name in _FIXED_OPENINGS:
        begins = name == "llama2" and encoder.parts.head.startswith(str(tokenizer.bos_token))
        bos = str(tokenizer.bos_token) if begins else ""
        return f"{tokenizer.eos_token}{bos}{_FIXED_OPENINGS[name]}"
    if name != "chat":
        return None
    from jinja2 import TemplateError

    for in_parts in (False, True):
        roles = ("user", "assistant", "user")
        messages = [
            {"role": role, "content": [{"type": "text", "text": text}] if in_parts else text}
            for role, text in zip(roles, _MARKS, strict=True)
        ]
        try:
            text = str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
        except (TemplateError, TypeError, ValueError):
            continue
        before, found, rest = text.partition(_MARKS[1])
        between, also_found, _ = rest.partition(_MARKS[2])
        if found and also_found and _MARKS[0] in before:
            return between
    return None


@dataclass
class _Turn:
    ids: list[int]  # from the question to the beginning of the answer
    images: list[int]
    answer: tuple[int, ...] = ()


class Dialogue:
    """What was asked and answered, and the prompt of the next question.

    Where the template has no turns (``alpaca``, ``plain``), each question stands alone. A conversation that
    the model cannot read whole loses its oldest turns.

    Args:
        encoder: Tokenizer and template.
        context_length: Most tokens of prompt and answer; None where there is no limit.
        max_new_tokens: Room for an answer, > 0.
        images: Where pictures are numbered; None for a model of text alone.

    Raises:
        ConfigError: If no question could fit beside an answer.
    """

    def __init__(
        self,
        encoder: Encoder,
        context_length: int | None,
        max_new_tokens: int,
        images: ImageFiles | None = None,
    ) -> None:
        self._encoder = encoder
        self._room = None if context_length is None else context_length - max_new_tokens
        if self._room is not None and self._room < 1:
            raise ConfigError(
                f"max_new_tokens must leave room for a question in the model's {context_length} tokens, got "
                f"{max_new_tokens}. Lower it."
            )
        self._images = images
        self._opening = turn_opening(encoder)
        self._turns: list[_Turn] = []
        self._asked = _Turn([], [])

    @property
    def has_turns(self) -> bool:
        """Whether a question is read with what was said before."""
        return self._opening is not None

    @property
    def num_turns(self) -> int:
        """Turns that the next question is read with."""
        return len(self._turns)

    def reset(self) -> None:
        """Forgets what was said."""
        self._turns = []

    def ask(self, question: str, images: Sequence[Path] = (), context: str = "") -> EncodedSample:
        """The prompt of a question after all that was said before; the turn is kept once it is answered.

        Args:
            question: The question.
            images: Its image files.
            context: Text before it, such as passages.

        Raises:
            ConfigError: If marks and images do not fit, the model reads no images, or the question alone is
                too long.
        """
        context = with_marks(question, context, len(images))
        check_marks(question, context, len(images), reads_images=self._images is not None)
        numbers = [self._images.add(path) for path in images] if self._images is not None else []
        while True:
            turn = _Turn(self._turn_ids(question, context, first=not self._turns), numbers)
            said = [*self._turns, turn]
            ids = [token for one in said for token in (*one.ids, *one.answer)]
            if self._room is None or len(ids) <= self._room:
                break
            if not self._turns:
                raise ConfigError(
                    f"A question must leave room for its answer: at most {self._room} tokens, got "
                    f"{len(ids)}. Shorten it."
                )
            self._drop_oldest()
        self._asked = turn
        shown = [number for one in said for number in one.images]
        return EncodedSample(
            np.array(ids, np.int32),
            np.zeros(len(ids), np.bool_),
            metadata={"answer_start": len(ids)},
            images=np.array(shown, np.int64),
        )

    def answered(self, token_ids: Sequence[int]) -> None:
        """Keeps the last question with its answer, where the template has turns.

        Args:
            token_ids: Tokens of the answer, without its end.
        """
        if self.has_turns:
            self._asked.answer = tuple(token_ids)
            self._turns.append(self._asked)

    def _turn_ids(self, question: str, context: str, *, first: bool) -> list[int]:
        encoder = self._encoder
        if first:
            return encoder.prefix(context) + encoder.question(question, context)
        opening = encoder.tokenizer(self._opening, add_special_tokens=False).input_ids
        asked = f"{context}\n{question}" if context else question
        return [*opening, *encoder.question(asked)]

    def _drop_oldest(self) -> None:
        """Drops the first turn; the one after it then opens the conversation."""
        opening = self._encoder.tokenizer(self._opening, add_special_tokens=False).input_ids
        self._turns.pop(0)
        if self._turns:
            oldest = self._turns[0]
            oldest.ids = self._encoder.prefix("") + oldest.ids[len(opening) :]
