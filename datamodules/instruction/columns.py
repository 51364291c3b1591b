"""Which column or key of a record holds what."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from datamodules.instruction.fields import image_names, label, required_text
from datamodules.instruction.place import Place, described

SEPARATOR = "|"


@dataclass
class ColumnConfig:
    """Names of the columns of a table, or of the keys of JSON records.

    A column that is named here must be there. One that is left out is used if it has the field's own name.

    Args:
        question: What is asked.
        answer: The answer to learn.
        context: Text before the question.
        image: Image files below the image folder: one name, or several separated by ``|``; ``images`` too.
        choices: Closed list of possible answers, separated by ``|``, or a list.
        group: What must not lie in two splits: a gene, a patient, a tissue section.
        kind: Question kind; scores are told apart by it.
        id: Name of the record, which no other record of its file may have.
    """

    question: str | None = None
    answer: str | None = None
    context: str | None = None
    image: str | None = None
    choices: str | None = None
    group: str | None = None
    kind: str | None = None
    id: str | None = None

    def key(self, field: str) -> str:
        """Name of the column that holds a field."""
        return str(getattr(self, field) or field)

    def named(self) -> dict[str, str]:
        """The columns that are named here, by field."""
        return {field: name for field, name in asdict(self).items() if name is not None}

    @property
    def names_question(self) -> bool:
        """Whether a column is named that only the format ``columns`` has."""
        return not {"question", "answer", "context"}.isdisjoint(self.named())

    def group_of(self, place: Place, record: Mapping[str, object]) -> str:
        """The split group; empty where the record has none.

        Raises:
            DataFormatError: If a group is asked for by name and the record has none, which would let the
                record leak into another split.
        """
        group = label(place, record, self.key("group"))
        if self.group is not None and not group:
            raise place.error(f"has no {self.group!r}, expected the split group of every record. Fill it in.")
        return group

    def choices_of(self, place: Place, record: Mapping[str, object]) -> tuple[str, ...]:
        """The closed list of answers; empty where the record has none.

        Raises:
            DataFormatError: If it is no list of at least two different texts.
        """
        key = self.key("choices")
        value = record.get(key)
        if value is None or value in ("", []):
            return ()
        names = _split(place, key, value)
        if len(names) < 2 or len(set(names)) < len(names) or "" in names:
            raise place.error(
                f"must have at least two different {key!r}, separated by '{SEPARATOR}' or as a list, "
                f"got {described(value)}."
            )
        if sorted(name.casefold() for name in names) == ["no", "yes"]:
            names.sort(key=str.casefold, reverse=True)  # scores take the first as the affirmative one
        return tuple(names)

    def images_of(self, place: Place, record: Mapping[str, object]) -> tuple[str, ...]:
        """Names of the images; empty where the record has none.

        Raises:
            DataFormatError: If they are no texts, or the record has both ``image`` and ``images``.
        """
        keys = ("image", "images") if self.image is None else (self.image,)
        found = [names for key in keys if (names := image_names(place, record, key, SEPARATOR))]
        if len(found) > 1:
            raise place.error("has both 'image' and 'images', expected one of them. Put all into one.")
        return found[0] if found else ()


def _split(place: Place, key: str, value: object) -> list[str]:
    if isinstance(value, str):
        if not value.lstrip().startswith("["):
            return [name.strip() for name in value.split(SEPARATOR)]
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise place.error(f"must have a valid list in {key!r}, got {described(value)}.") from None
    if not isinstance(value, list | tuple):
        raise place.error(f"must have a list in {key!r}, got {described(value)}.")
    return [required_text(place, {key: name}, key) for name in value]
