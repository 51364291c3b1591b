"""What a model is asked to write, with a version each: another wording is another prompt."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from geneverse_pl.data.records import Sample
from geneverse_pl.endpoint.chat import ChatRequest, chat
from geneverse_pl.exceptions import ConfigError, unknown_choice

PromptName = Literal["rephrase_answer", "rephrase_question", "describe", "answer_question"]

_SYSTEM = (
    "You write training texts for a scientific model. You are exact: you add nothing, leave nothing out and "
    "change no name, symbol, identifier or number. You reply with the text alone."
)


@dataclass(frozen=True, slots=True)
class RephrasingPrompt:
    """What is asked about a sample.

    Args:
        name: Its name.
        version: Raised when its wording changes, > 0.
        field: The part of the sample that the text takes the place of.
        source: What the new sample's metadata says of its ``source``.
        text: The message; ``{text}`` is the part as it is, ``{question}`` the sample's context and question,
            ``{facts}`` what its data module knows of it.
        keeps_all: Every identifier, symbol and number of the part must come again; else its subject's alone.
    """

    name: str
    version: int
    field: Literal["answer", "question"]
    source: str
    text: str
    keeps_all: bool

    @property
    def label(self) -> str:
        """Name and version."""
        return f"{self.name}/{self.version}"

    def suits(self, sample: Sample) -> bool:
        """Whether the sample's part is running text; an answer that is chosen or listed stays as it is."""
        if self.field == "question":
            return bool(sample.question.strip())
        return bool(sample.answer.strip()) and not sample.choices and not sample.gold

    def request(self, sample: Sample, facts: str, draw: int) -> ChatRequest:
        """The request about a sample.

        Args:
            sample: The sample.
            facts: What is known of it.
            draw: Number of the draw, >= 0.
        """
        question = "\n".join(part for part in (sample.context, sample.question) if part)
        text = self.text.format(text=getattr(sample, self.field), question=question, facts=facts)
        return chat(text, _SYSTEM, draw)


_ALL = (
    RephrasingPrompt(
        "rephrase_answer",
        1,
        "answer",
        "rephrased",
        "Rewrite this text in other words and another order of sentences. Keep every fact. Copy every "
        "symbol, identifier and number exactly as it is written. Add no fact.\n\n{text}",
        keeps_all=True,
    ),
    RephrasingPrompt(
        "rephrase_question",
        1,
        "question",
        "rephrased",
        "Ask this in other words, so that the same answer is right and is given in the same form. Copy every "
        "name, symbol, identifier and number exactly as it is written. Do not answer it.\n\n{text}",
        keeps_all=True,
    ),
    RephrasingPrompt(
        "describe",
        1,
        "answer",
        "synthetic",
        "Answer the question in one paragraph of plain prose from these facts alone. You may leave out facts "
        "of little weight. Copy symbols, identifiers and numbers exactly as they are written.\n\n"
        "Question: {question}\n\nFacts:\n{facts}",
        keeps_all=False,
    ),
    RephrasingPrompt("answer_question", 1, "answer", "synthetic", "{question}", keeps_all=False),
)
PROMPTS: Mapping[str, RephrasingPrompt] = {prompt.name: prompt for prompt in _ALL}


def find_prompt(name: str) -> RephrasingPrompt:
    """The prompt of a name.

    Args:
        name: The name.

    Raises:
        ConfigError: If there is none.
    """
    if name not in PROMPTS:
        raise ConfigError(unknown_choice("prompt", name, get_args(PromptName)))
    return PROMPTS[name]
