"""The formats of records: Alpaca, ShareGPT and LLaVA, OpenAI messages, and plain columns."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from datamodules.instruction.columns import ColumnConfig
from datamodules.instruction.conversation import Conversation, Turn
from datamodules.instruction.fields import label, objects, optional_text, required_text
from datamodules.instruction.messages import message_text
from datamodules.instruction.place import Place
from datamodules.sources.names import listed_names
from geneverse_pl.data.records import IMAGE_MARK
from geneverse_pl.exceptions import unknown_choice

RecordFormat = Literal["auto", "alpaca", "sharegpt", "llava", "messages", "columns"]
Record = Mapping[str, object]

_KEYS: Mapping[RecordFormat, set[str]] = {
    "sharegpt": {"conversations"},
    "messages": {"messages"},
    "alpaca": {"instruction", "output"},
    "columns": {"question", "answer"},
}
_SYSTEM, _USER, _ASSISTANT = "system", "user", "assistant"
# ShareGPT's own names and those that files in its form use instead.
_SPEAKERS: Mapping[str, str] = {
    "system": _SYSTEM,
    "human": _USER,
    "user": _USER,
    "gpt": _ASSISTANT,
    "assistant": _ASSISTANT,
}
_ROLES: Mapping[str, str] = {
    "system": _SYSTEM,
    "developer": _SYSTEM,
    "user": _USER,
    "assistant": _ASSISTANT,
}


def detect_format(place: Place, record: Record, columns: ColumnConfig) -> RecordFormat:
    """The format of a file's records, told from the keys of the first.

    Args:
        place: Where it stands.
        record: The first record.
        columns: Names of the columns; one of a question, answer or context says that there are such columns.

    Raises:
        DataFormatError: If the keys are those of no format.
    """
    if columns.names_question:
        return "columns"
    for name, keys in _KEYS.items():
        if keys <= record.keys():
            return name
    raise place.error(
        "must have the keys of a known format (instruction and output; conversations; messages; question and "
        f"answer); found: {listed_names(record)}. Name the columns of question and answer "
        "in data.init_args.columns, or set data.init_args.record_format to see what is missing."
    )


def read_record(place: Place, record: Record, name: RecordFormat, columns: ColumnConfig) -> Conversation:
    """One record as a conversation; keys that the format does not know are passed over.

    Args:
        place: Where it stands.
        record: The record.
        name: Its format, not ``auto``.
        columns: Names of the columns.

    Raises:
        DataFormatError: If a key is missing, a value empty or of the wrong type, a role unknown, or turns are
            out of order.
    """
    return _READERS[name](place, record, columns)


def _conversation(
    place: Place,
    record: Record,
    columns: ColumnConfig,
    turns: Sequence[Turn],
    *,
    context: str = "",
    system: str = "",
    images: Sequence[str] | None = None,
) -> Conversation:
    """A conversation with the fields that records of every format may have."""
    own_system = optional_text(place, record, "system")
    if own_system and system:
        raise place.error("has two system messages, expected one. Remove the key 'system'.")
    return Conversation(
        place,
        tuple(turns),
        context=context,
        system=own_system or system,
        images=columns.images_of(place, record) if images is None else tuple(images),
        id=label(place, record, columns.key("id")),
        group=columns.group_of(place, record),
        kind=optional_text(place, record, columns.key("kind")),
        choices=columns.choices_of(place, record),
    )


def _alpaca(place: Place, record: Record, columns: ColumnConfig) -> Conversation:
    question = required_text(place, record, "instruction")
    material = optional_text(place, record, "input")
    if record.get("history"):
        raise place.error("has a history, which Alpaca records have not. Write it in the messages format.")
    if IMAGE_MARK in question and IMAGE_MARK in material:
        # The input comes first in the prompt, so the order of the images would not be the record's.
        raise place.error(f"has {IMAGE_MARK} marks in both instruction and input, expected them in one.")
    turn = Turn(question, required_text(place, record, "output"))
    return _conversation(place, record, columns, [turn], context=material)


def _columns(place: Place, record: Record, columns: ColumnConfig) -> Conversation:
    question, answer = (required_text(place, record, columns.key(field)) for field in ("question", "answer"))
    context = optional_text(place, record, columns.key("context"))
    return _conversation(place, record, columns, [Turn(question, answer)], context=context)


def _sharegpt(place: Place, record: Record, columns: ColumnConfig) -> Conversation:
    said = []
    for number, entry in enumerate(objects(place, record, "conversations"), 1):
        speaker = required_text(place, entry, "from")
        said.append((_role(place, number, speaker, _SPEAKERS), required_text(place, entry, "value"), True))
    system, turns = _turns(place, said)
    return _conversation(place, record, columns, turns, system=system)


def _messages(place: Place, record: Record, columns: ColumnConfig) -> Conversation:
    said, named = [], []
    for number, message in enumerate(objects(place, record, "messages"), 1):
        role = _role(place, number, required_text(place, message, "role"), _ROLES)
        text, names = message_text(place, message)
        weight = message.get("weight", 1)
        if weight is not None and weight not in (0, 1):
            raise place.error(f"has a message {number} with the weight {weight!r}, expected 0 or 1.")
        said.append((role, text, weight != 0))
        named += names
    system, turns = _turns(place, said)
    unnamed = list(columns.images_of(place, record))
    # A mark without a name of its own takes the next of the record's list.
    images = [name if name is not None else unnamed.pop(0) for name in named if name is not None or unnamed]
    return _conversation(place, record, columns, turns, system=system, images=[*images, *unnamed])


def _role(place: Place, number: int, role: str, roles: Mapping[str, str]) -> str:
    if role not in roles:
        raise place.error(f"has an entry {number} of unknown role. {unknown_choice('role', role, roles)}")
    return roles[role]


def _turns(place: Place, said: Sequence[tuple[str, str, bool]]) -> tuple[str, list[Turn]]:
    """System message and turns of what was said: role, text, and whether it is learned."""
    has_system = said[0][0] == _SYSTEM
    rest = said[has_system:]
    for number, (role, _, _) in enumerate(rest):
        expected = _ASSISTANT if number % 2 else _USER
        if role != expected:
            raise place.error(
                f"has an entry {number + has_system + 1} by the {role}, expected one by the {expected}: "
                "after a system message, if any, user and assistant must take turns, the user first."
            )
    if not rest or len(rest) % 2:
        last = f"the entry {len(said)} by the {said[-1][0]}"
        raise place.error(f"ends with {last}, expected an answer of the assistant. Add it, or cut the end.")
    turns = [
        Turn(question, answer, trained)
        for (_, question, _), (_, answer, trained) in zip(rest[::2], rest[1::2], strict=True)
    ]
    if not any(turn.trained for turn in turns):
        raise place.error("has no answer to learn, as all have weight 0. Leave the record out.")
    return said[0][1] if has_system else "", turns


_READERS: Mapping[str, Callable[[Place, Record, ColumnConfig], Conversation]] = {
    "alpaca": _alpaca,
    "sharegpt": _sharegpt,
    "llava": _sharegpt,
    "messages": _messages,
    "columns": _columns,
}
