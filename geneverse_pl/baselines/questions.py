"""In which words a question of a test run is put to another model."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from geneverse_pl.baselines.examples import Example
from geneverse_pl.baselines.pictures import image_part
from geneverse_pl.data.records import IMAGE_MARK
from geneverse_pl.endpoint.chat import ChatRequest, Message
from geneverse_pl.evaluation.graded import GRADED
from geneverse_pl.evaluation.structure import asked_form
from geneverse_pl.evaluation.text_report import FACT, LIST, ItemResult
from geneverse_pl.exceptions import ConfigError

#: Bytes of a picture by its number in the store.
Pictures = Callable[[int], bytes]
IMAGE = "image"  # metadata of a question: number of its only picture

_FORMS = {
    "list": "Answer with the items alone, separated by semicolons.",
    "paragraph": "Answer in one paragraph of plain prose.",
    "sentence": "Answer in one sentence.",
}
_FACT = "Answer with the name or value alone."


def answerable(items: Iterable[ItemResult]) -> list[ItemResult]:
    """The questions that the run's own models have decided or answered in words.

    Args:
        items: Questions of a run.
    """
    return [item for item in items if is_closed(item) or item.texts]


def is_closed(item: ItemResult) -> bool:
    """Whether a question has a closed list of answers, which the run's models were compared on."""
    return bool(item.choices) and len(choices_of(item.metadata)) > 1


def is_graded(item: ItemResult) -> bool:
    """Whether a rule of the data module alone tells what an answer is worth."""
    return item.kind.partition("/")[0] == GRADED


def choices_of(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """The closed list of answers; empty where there is none.

    Args:
        metadata: Metadata of a question.
    """
    return tuple(str(choice) for choice in metadata.get("choices") or ())


def words_of(context: str, question: str) -> str:
    """What is asked, in the words that the run's models read."""
    return "\n".join(part for part in (context, question) if part)


def hint_of(metadata: Mapping[str, Any]) -> str:
    """A line on the form of the answer, which tuned models know from training and others cannot.

    Args:
        metadata: Metadata of a question.

    Returns:
        Empty where no form is asked for.
    """
    choices = choices_of(metadata)
    if choices:
        return f"Answer with one of these and nothing else: {'; '.join(choices)}"
    kind = str(metadata.get("kind", "")).partition("/")[0]
    if kind == FACT:
        return _FACT
    return _FORMS.get("list" if kind == LIST else str(asked_form(metadata)), "")


def images_of(item: ItemResult) -> tuple[int, ...]:
    """Numbers of the pictures that a question shows.

    Args:
        item: The question.

    Raises:
        ConfigError: If they are not known.
    """
    known = (int(item.metadata[IMAGE]),) if IMAGE in item.metadata else ()
    marks = words_of(item.context, item.question).count(IMAGE_MARK)
    if marks == len(known):
        return known
    hint = (
        "Questions with several pictures cannot be asked of an endpoint."
        if marks > 1
        else "Run `test` again with this release."
    )
    raise ConfigError(
        f"The items must tell which picture a question shows, and '{item.question[:60]}' of kind "
        f"'{item.kind}' has {marks} marks and {len(known)} numbers of pictures. {hint}"
    )


def question_request(
    item: ItemResult, examples: Sequence[Example] = (), pictures: Pictures | None = None
) -> ChatRequest:
    """The request that asks a question, after examples as turns of the same chat.

    Args:
        item: The question.
        examples: Training questions shown before it.
        pictures: Bytes of the store's pictures; None sends none, and shows marks in their places.
    """
    turns: list[Message] = []
    for example in examples:
        shown = _content(example.words, example.hint, example.images, pictures)
        turns += [{"role": "user", "content": shown}, {"role": "assistant", "content": example.answer}]
    words, hint = words_of(item.context, item.question), hint_of(item.metadata)
    turns.append({"role": "user", "content": _content(words, hint, images_of(item), pictures)})
    return ChatRequest(tuple(turns))


def _content(words: str, hint: str, images: Sequence[int], pictures: Pictures | None) -> Any:
    text = f"{words}\n\n{hint}" if hint else words
    return list(_parts(text, images, pictures)) if images and pictures is not None else text


def _parts(text: str, images: Sequence[int], pictures: Pictures) -> Iterator[dict[str, Any]]:
    pieces = text.split(IMAGE_MARK)
    for place, piece in enumerate(pieces):
        if place:
            number = images[place - 1]
            yield image_part(pictures(number), f"picture {number} of the store")
        if piece.strip():
            yield {"type": "text", "text": piece.strip()}
