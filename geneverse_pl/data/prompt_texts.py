"""The words of a prompt again, from the tokens of an encoded sample."""

from dataclasses import dataclass

from geneverse_pl.data.encoded import IMAGE_TOKEN, EncodedSample, answer_start
from geneverse_pl.data.prompts import Encoder
from geneverse_pl.data.records import IMAGE_MARK


@dataclass(frozen=True, slots=True)
class PromptText:
    """What a sample asks, without the markup of its template.

    Args:
        context: Text before the question, empty where there is none.
        question: The question.
    """

    context: str
    question: str


def prompt_text(sample: EncodedSample, encoder: Encoder) -> PromptText:
    """Context and question of a sample, as far as they were not cut off.

    Args:
        sample: The encoded sample.
        encoder: What it was encoded with.
    """
    prefix = sample.input_ids[: sample.prefix_length].tolist()
    question = sample.input_ids[sample.prefix_length : answer_start(sample)].tolist()
    return PromptText(
        _text(prefix, encoder).removeprefix(encoder.parts.head).strip(),
        _text(question, encoder).removesuffix(encoder.parts.tail).strip(),
    )


def _text(ids: list[int], encoder: Encoder) -> str:
    """Decoded ids, each image as one mark."""
    block = encoder.image_block
    pieces: list[str] = []
    words: list[int] = []
    place = 0
    while place < len(ids):
        if block and ids[place : place + len(block)] == block:
            pieces += [_decoded(words, encoder), IMAGE_MARK]
            words, place = [], place + len(block)
        else:
            words.append(ids[place])
            place += 1
    return "".join([*pieces, _decoded(words, encoder)])


def _decoded(ids: list[int], encoder: Encoder) -> str:
    return str(encoder.tokenizer.decode([id_ for id_ in ids if id_ != IMAGE_TOKEN])) if ids else ""
