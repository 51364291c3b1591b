"""Content of a message: a text, or parts of text and images."""

from collections.abc import Mapping

from datamodules.instruction.fields import objects, optional_text, required_text
from datamodules.instruction.place import Place
from geneverse_pl.data.records import IMAGE_MARK
from geneverse_pl.exceptions import unknown_choice

_PART_TYPES = ("image", "image_url", "text")


def message_text(place: Place, message: Mapping[str, object]) -> tuple[str, list[str | None]]:
    """The text of a message, each image part as a mark on a line of its own.

    Args:
        place: Place of its record.
        message: The message, with ``content``.

    Returns:
        The text, and for each of its marks the name of the image, or None where the record's list names it.

    Raises:
        DataFormatError: If the content is empty or of the wrong type, or a part of an unknown one.
    """
    if not isinstance(message.get("content"), list | tuple):
        text = required_text(place, message, "content")
        return text, [None] * text.count(IMAGE_MARK)
    texts: list[str] = []
    names: list[str | None] = []
    for number, part in enumerate(objects(place, message, "content"), 1):
        kind = required_text(place, part, "type")
        if kind not in _PART_TYPES:
            fault = unknown_choice("type", kind, _PART_TYPES)
            raise place.error(f"has a message whose part {number} cannot be used. {fault}")
        if kind == "text":
            text = optional_text(place, part, "text")
            names += [None] * text.count(IMAGE_MARK)
        else:
            text = IMAGE_MARK
            names.append(_image_name(place, part, kind))
        texts.append(text)
    text = "\n".join(filter(None, texts))
    if not text:
        raise place.error("has a message with empty content, expected a text or an image.")
    return text, names


def _image_name(place: Place, part: Mapping[str, object], kind: str) -> str | None:
    if kind == "image_url":
        link = part.get("image_url")
        return required_text(place, link if isinstance(link, Mapping) else part, _key_of(link))
    for key in ("image", "path", "url"):
        if part.get(key) is not None:
            return required_text(place, part, key)
    return None


def _key_of(link: object) -> str:
    return "url" if isinstance(link, Mapping) else "image_url"
