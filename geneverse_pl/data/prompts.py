"""The prompt template: one object used to train, score, generate and export, saved with every adapter."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, get_args

from geneverse_pl.data.records import IMAGE_MARK
from geneverse_pl.exceptions import ConfigError, unknown_choice

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

TemplateName = Literal["chat", "alpaca", "llama2", "vicuna", "plain"]
PROMPT_FILE = "prompt_template.json"

_PROMPT_MARK = "GENEVERSE-PROMPT-MARK"
_ANSWER_MARK = "GENEVERSE-ANSWER-MARK"
_OTHER_TEMPLATES = "Set data.init_args.encoding.template to alpaca, llama2, vicuna or plain."


@dataclass(frozen=True)
class PromptParts:
    """The text around a question and its answer, in the order they stand.

    Args:
        head: Before the user's text.
        tail: Between the user's text and the answer.
        end: After the answer; the end token where it is empty.
        answer_lead: Text that joins an answer to ``tail`` (a space), so that a word is one token as in prose.
    """

    head: str
    tail: str
    end: str = ""
    answer_lead: str = ""


_FIXED: dict[str, PromptParts] = {
    "alpaca": PromptParts(
        "Below is an instruction that describes a task. Write a response that appropriately completes the "
        "request.\n\n### Instruction:\n",
        "\n\n### Response:\n",
    ),
    "llama2": PromptParts("[INST] ", " [/INST]", answer_lead=" "),
    "vicuna": PromptParts("USER: ", " ASSISTANT:", answer_lead=" "),
    "plain": PromptParts("", "", answer_lead=" "),
}


@dataclass(frozen=True)
class PromptTemplate:
    """Wraps a question and its answer in the text a model was made for.

    Args:
        name: ``chat`` takes the tokenizer's own chat template; ``alpaca`` (Taori et al. 2023), ``llama2``
            (Touvron et al. 2023) and ``vicuna`` (Chiang et al. 2023) are the published ones; ``plain`` adds
            nothing but a space before the answer, and costs the fewest tokens.
        system: System message, put first; None leaves it to the template (a chat template may have its own).

    Raises:
        ConfigError: If the name is unknown.
    """

    name: TemplateName = "chat"
    system: str | None = None

    def __post_init__(self) -> None:
        if self.name not in get_args(TemplateName):
            raise ConfigError(unknown_choice("template", self.name, get_args(TemplateName)))

    def parts(self, tokenizer: "PreTrainedTokenizerBase") -> PromptParts:
        """The texts around question and answer for this tokenizer.

        Raises:
            ConfigError: If ``chat`` is asked for and the tokenizer has no chat template.
        """
        if self.name == "chat":
            return _chat_parts(tokenizer, self.system)
        fixed = _FIXED[self.name]
        # Asked of the tokenizer itself: not every one that begins a text with a token has a flag for it.
        first = tokenizer("a").input_ids[:1]
        bos = str(tokenizer.bos_token) if first == [tokenizer.bos_token_id] else ""
        system = self.system or ""
        if system and self.name == "llama2":
            head = f"[INST] <<SYS>>\n{system}\n<</SYS>>\n\n"
        elif system:
            head = f"{system}\n\n{fixed.head}" if self.name != "vicuna" else f"{system} {fixed.head}"
        else:
            head = fixed.head
        return PromptParts(bos + head, fixed.tail, fixed.end, fixed.answer_lead)

    def save(self, folder: Path) -> None:
        """Writes the template beside an adapter as ``prompt_template.json``."""
        (folder / PROMPT_FILE).write_text(json.dumps({"name": self.name, "system": self.system}) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads the template of an adapter folder.

        Raises:
            ConfigError: If the folder has none, or one that cannot be read.
        """
        path = folder / PROMPT_FILE
        if not path.is_file():
            raise ConfigError(f"An adapter folder must hold {PROMPT_FILE}, {folder} does not. Train it anew.")
        try:
            content = json.loads(path.read_text())
            return cls(content["name"], content["system"])
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f"{path} must be a JSON object with name and system, and reading it failed: {error!r}. "
                "Train the adapter anew."
            ) from error


def _chat_parts(tokenizer: "PreTrainedTokenizerBase", system: str | None) -> PromptParts:
    """Cuts the tokenizer's chat template at marks put in the place of question and answer."""
    from jinja2 import TemplateError

    if not tokenizer.chat_template:
        raise ConfigError(
            "template 'chat' needs a tokenizer with a chat template, and this one has none. "
            f"{_OTHER_TEMPLATES}"
        )
    try:
        prompt, whole = _rendered(tokenizer, system, in_parts=False)
        if _PROMPT_MARK not in prompt:
            # Those of some vision-language models pass over a message that is a plain text.
            prompt, whole = _rendered(tokenizer, system, in_parts=True)
    except TemplateError as error:
        raise ConfigError(
            f"The tokenizer's chat template must take the messages, and it says: {error}. Leave out "
            f"data.init_args.encoding.system if it takes none. {_OTHER_TEMPLATES}"
        ) from error
    if _PROMPT_MARK not in prompt or _ANSWER_MARK not in whole:
        raise ConfigError(
            "The tokenizer's chat template must show the user's text and the answer unchanged, and it does "
            f"not. {_OTHER_TEMPLATES}"
        )
    head, _, tail = prompt.partition(_PROMPT_MARK)
    before, _, end = whole.rpartition(_ANSWER_MARK)
    # Some templates open the answer differently with and without the generation prompt (an empty
    # "thinking" block): what stands before the answer is what the model will see when it generates. A blank
    # that joins the answer to it (Llama 2) belongs to the answer's first token.
    lead = before.removeprefix(prompt) if before.startswith(prompt) else ""
    return PromptParts(head, tail, end, "" if lead.strip() else lead)


def _rendered(tokenizer: "PreTrainedTokenizerBase", system: str | None, *, in_parts: bool) -> tuple[str, str]:
    """The chat template around a question, and around a question with its answer."""

    def message(role: str, text: str) -> dict[str, object]:
        return {"role": role, "content": [{"type": "text", "text": text}] if in_parts else text}

    messages = [message("user", _PROMPT_MARK)]
    if system is not None:
        messages.insert(0, message("system", system))
    answered = [*messages, message("assistant", _ANSWER_MARK)]
    return (
        str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)),
        str(tokenizer.apply_chat_template(answered, tokenize=False)),
    )


class Encoder:
    """Turns texts into token ids with one tokenizer and one template, the same way everywhere.

    Context, question and answer are tokenized apart and joined, so that what a model is trained on is
    token for token what it sees when it generates, and masks follow from lengths alone.

    Args:
        tokenizer: The model's tokenizer.
        template: The prompt template.
        image_block: Token ids that each ``<image>`` mark of a context or question becomes, ``IMAGE_TOKEN`` in
            the places that the image fills; without any, marks are ordinary text.

    Raises:
        ConfigError: If the tokenizer has no end token.
    """

    def __init__(
        self,
        tokenizer: "PreTrainedTokenizerBase",
        template: PromptTemplate,
        image_block: Sequence[int] = (),
    ) -> None:
        if tokenizer.eos_token_id is None:
            raise ConfigError("The tokenizer must have an end token (eos_token), and it has none. Set one.")
        self.tokenizer = tokenizer
        self.template = template
        self.image_block = list(image_block)

    @cached_property
    def parts(self) -> PromptParts:
        """The template's texts for this tokenizer."""
        return self.template.parts(self.tokenizer)

    @cached_property
    def end_ids(self) -> list[int]:
        """Tokens that end an answer; the first of them stops generation."""
        ids = self._ids([self.parts.end.strip()])[0]
        # An end made of ordinary text could occur within an answer, and would not stop generation.
        return ids if ids and ids[0] in self._special_ids else [int(self.tokenizer.eos_token_id)]

    @property
    def pad_id(self) -> int:
        """Token of the padding; the end token where there is no other, as masks never look at ids."""
        pad = self.tokenizer.pad_token_id
        return int(self.tokenizer.eos_token_id if pad is None else pad)

    def prefixes(self, contexts: Sequence[str]) -> list[list[int]]:
        """Tokens before each question: the template's head and the context."""
        return self._ids_with_images([self.parts.head + context for context in contexts])

    def questions(self, questions: Sequence[str], *, follow_context: bool) -> list[list[int]]:
        """Tokens from each question up to its answer.

        Args:
            questions: The questions.
            follow_context: Whether a context stands before them, on a line of its own.
        """
        opening, tail = "\n" if follow_context else "", self.parts.tail
        return self._ids_with_images([opening + question + tail for question in questions])

    def answers(self, answers: Sequence[str]) -> list[list[int]]:
        """Tokens of each answer with its end."""
        return [ids + self.end_ids for ids in self._ids([self.parts.answer_lead + text for text in answers])]

    def prefix(self, context: str) -> list[int]:
        """:meth:`prefixes` of one context."""
        return self.prefixes([context])[0]

    def question(self, question: str, context: str = "") -> list[int]:
        """:meth:`questions` of one question."""
        return self.questions([question], follow_context=bool(context))[0]

    def answer(self, answer: str) -> list[int]:
        """:meth:`answers` of one answer."""
        return self.answers([answer])[0]

    def decode(self, ids: list[int]) -> str:
        """Text of generated tokens, cut at the end token."""
        if self.end_ids[0] in ids:
            ids = ids[: ids.index(self.end_ids[0])]
        return str(self.tokenizer.decode(ids, skip_special_tokens=True)).strip()

    def _ids_with_images(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokens of each text, the text around a picture apart from what follows it."""
        if not self.image_block:
            return self._ids(texts)
        pieces = [text.split(IMAGE_MARK) for text in texts]
        encoded = iter(self._ids([piece for parts in pieces for piece in parts]))
        joined = []
        for parts in pieces:
            ids = list(next(encoded))
            for _ in parts[1:]:
                ids += self.image_block + next(encoded)
            joined.append(ids)
        return joined

    @cached_property
    def _special_ids(self) -> frozenset[int]:
        # Added tokens are never put together from text, whether or not they are called special.
        return frozenset(self.tokenizer.all_special_ids) | frozenset(self.tokenizer.added_tokens_decoder)

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokens of each text; the tokenizers' own threads share out a long list."""
        if not texts:
            return []
        encoded = self.tokenizer(
            list(texts), add_special_tokens=False, return_attention_mask=False, verbose=False
        )
        # Some tokenizers give even an empty text a token.
        return [list(ids) if text else [] for text, ids in zip(texts, encoded.input_ids, strict=True)]
