"""What every format is read into: a conversation, its images marked where they are shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from datamodules.instruction.place import Place, shown
from geneverse_pl.data.records import IMAGE_MARK, Sample

CHOICE, TEXT = "choice", "text"
_USER, _ASSISTANT = "User", "Assistant"


@dataclass(frozen=True, slots=True)
class Turn:
    """What the user says and what is answered.

    Args:
        question: The user's text, not empty.
        answer: The answer, not empty.
        trained: Whether the answer is learned; one that is not is still part of the conversation.
    """

    question: str
    answer: str
    trained: bool = True


@dataclass(frozen=True, slots=True)
class Conversation:
    """One record of a file.

    Args:
        place: Where it stands.
        turns: Its turns, at least one.
        context: Text before the first question.
        system: Its system message; empty where there is none.
        images: Names of its images, in the order of their marks.
        id: Its name; empty where it has none.
        group: Its split group; empty where it has none.
        kind: Its question kind; empty where it has none.
        choices: Closed list of answers; empty for free text.
    """

    place: Place
    turns: tuple[Turn, ...]
    context: str = ""
    system: str = ""
    images: tuple[str, ...] = ()
    id: str = ""
    group: str = ""
    kind: str = ""
    choices: tuple[str, ...] = ()

    @property
    def num_marks(self) -> int:
        """Number of ``<image>`` marks in all it shows."""
        return sum(text.count(IMAGE_MARK) for text in (self.context, *(turn.question for turn in self.turns)))

    @property
    def form(self) -> str:
        """Form of its questions, the first part of their kind."""
        return CHOICE if self.choices else TEXT

    @property
    def num_samples(self) -> int:
        """Answers that are learned."""
        return sum(turn.trained for turn in self.turns)

    @property
    def asked(self) -> str:
        """What is asked first, letter case and blanks levelled, to find the same question again."""
        return " ".join(f"{self.context}\n{self.turns[0].question}".casefold().split())


def checked(conversation: Conversation, *, add_missing_mark: bool) -> Conversation:
    """A conversation whose marks and images, answers and choices fit.

    Args:
        conversation: The conversation.
        add_missing_mark: Show images that have no mark at all at the beginning.

    Raises:
        DataFormatError: If they do not.
    """
    place, num_images = conversation.place, len(conversation.images)
    for text in (conversation.system, *(turn.answer for turn in conversation.turns)):
        if IMAGE_MARK in text:
            raise place.error(
                f"has an {IMAGE_MARK} mark in an answer or system message ({shown(text)}), expected marks "
                "only in what the user says. Move or remove it."
            )
    num_marks = conversation.num_marks
    if num_images and not num_marks:
        if not add_missing_mark:
            raise place.error(
                f"has {_count(num_images, 'image')} and no {IMAGE_MARK} mark, so the model would never see "
                f"an image. Write {IMAGE_MARK} where it is shown, or set "
                "data.init_args.add_missing_mark=true to show it first."
            )
        context = "\n".join([*[IMAGE_MARK] * num_images, *filter(None, [conversation.context])])
        conversation = replace(conversation, context=context)
    elif num_marks != num_images:
        raise place.error(
            f"has {_count(num_marks, f'{IMAGE_MARK} mark')} and {_count(num_images, 'image')}, expected one "
            "mark for each image. Name every image file, and mark where it is shown."
        )
    _check_choices(conversation)
    return conversation


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}" + ("" if number == 1 else "s")


def _check_choices(conversation: Conversation) -> None:
    place, choices, kind = conversation.place, conversation.choices, conversation.kind
    if choices and len(conversation.turns) > 1:
        raise place.error("has choices and several turns, expected one question. Leave out the choices.")
    answer = conversation.turns[0].answer
    if choices and answer not in choices:
        raise place.error(
            f"has the answer {shown(answer)}, which is none of its choices: {', '.join(choices)}."
        )
    form, slash, name = kind.partition("/")
    if slash and (form != conversation.form or not name):
        raise place.error(
            f"has the kind {kind!r}, expected '{conversation.form}/...', as it has "
            f"{'a closed list of' if choices else 'no'} choices. Write the second part alone."
        )


def samples(conversation: Conversation, images: Sequence[Path], group: str, system: str) -> Iterator[Sample]:
    """One sample for each answer that is learned; the turns before it are part of its question.

    Marks that the first question begins with go to the context, so that all that is asked about an image
    shares its computation. The turns before stand in the question and not in the context, because a prompt
    that is too long loses the end of its context, but the beginning of its question: the oldest turn.

    Args:
        conversation: One that is checked.
        images: Its image files.
        group: Its split group.
        system: System message of the prompt template, which the conversation's own may repeat.
    """
    marks, first = _leading_marks(conversation.turns[0].question)
    own_system = "" if conversation.system == system.strip() else conversation.system
    context = "\n".join(filter(None, [own_system, conversation.context, marks]))
    about: dict[str, object] = dict(conversation.place.metadata())
    if conversation.id:
        about["id"] = conversation.id
    if conversation.choices and images:
        about["probe"] = " ".join(f"{context}\n{first}".replace(IMAGE_MARK, " ").split())
    name = conversation.kind.removeprefix(f"{conversation.form}/") or "instruction"
    history: list[str] = []
    for number, turn in enumerate(conversation.turns, 1):
        asked = first if number == 1 else turn.question
        question = "\n".join([*history, f"{_USER}: {asked}"]) if history else asked
        if turn.trained:
            yield Sample(
                question=question,
                answer=turn.answer,
                context=context,
                kind=f"{conversation.form}/{name}",
                group=group,
                choices=conversation.choices,
                images=tuple(images[: (context + question).count(IMAGE_MARK)]),
                metadata=about | ({"turn": number} if len(conversation.turns) > 1 else {}),
            )
        history += [f"{_USER}: {asked}", f"{_ASSISTANT}: {turn.answer}"]


def _leading_marks(question: str) -> tuple[str, str]:
    """Marks at the beginning, one a line, and the rest; none where nothing else is asked."""
    rest, num_marks = question, 0
    while rest.startswith(IMAGE_MARK):
        rest = rest.removeprefix(IMAGE_MARK).lstrip()
        num_marks += 1
    return ("\n".join([IMAGE_MARK] * num_marks), rest) if rest else ("", question)
