"""What a training set knows of one relation: the only thing controls may learn from."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from geneverse_pl.exceptions import ConfigError


class RelationQuestion(NamedTuple):
    """A yes/no question about a pair, as the training set asks it.

    Args:
        subject_id: Key of the table's ``subjects``.
        object_id: Id of the object; negatives may name objects that the table does not hold.
        label: Whether the pair is true.
    """

    subject_id: str
    object_id: str
    label: bool


@dataclass(frozen=True)
class RelationTable:
    """The true pairs of one relation in the training split.

    Args:
        relation: Name of the relation, e.g. ``disease_phenotype``.
        subjects: Training subject id to its name; names must not be blank.
        objects: Object id to its name, for every object of ``pairs``.
        pairs: Subject id to the ids of its true objects.
        ancestors: Object id to the ids that it implies, for objects of an ontology; empty if none do.
        groups: Subject id to its split group; subjects without one are a group of their own.

    Raises:
        ConfigError: If a pair names an unknown subject or object, or a subject's name is blank.
    """

    relation: str
    subjects: Mapping[str, str]
    objects: Mapping[str, str]
    pairs: Mapping[str, Sequence[str]]
    ancestors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for subject, objects in self.pairs.items():
            if subject not in self.subjects:
                raise ConfigError(
                    f"{self.relation}: every subject of pairs must be in subjects, {subject!r} is not."
                )
            for item in objects:
                if item not in self.objects:
                    raise ConfigError(
                        f"{self.relation}: every object of pairs must be in objects, {item!r} is not."
                    )
        for subject, name in self.subjects.items():
            if not name.strip():
                raise ConfigError(
                    f"{self.relation}: names of subjects must not be blank, that of {subject!r} is."
                )

    @cached_property
    def degrees(self) -> Mapping[str, int]:
        """Number of training subjects that each object is paired with; 0 for unknown ids."""
        return Counter(item for objects in self.pairs.values() for item in set(objects))

    def implied(self, subject_id: str) -> frozenset[str]:
        """The true objects of a subject and all they imply; empty for a subject without pairs."""
        direct = self.pairs.get(subject_id, ())
        return frozenset(direct).union(*(self.ancestors.get(item, ()) for item in direct))

    def to_json(self) -> str:
        """The table as one JSON object, the same text for equal tables."""
        listed = {
            "relation": self.relation,
            "subjects": dict(self.subjects),
            "objects": dict(self.objects),
            "pairs": {subject: list(objects) for subject, objects in self.pairs.items()},
            "ancestors": {item: list(implied) for item, implied in self.ancestors.items()},
            "groups": dict(self.groups),
        }
        return json.dumps(listed, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "RelationTable":
        """The table that :meth:`to_json` wrote.

        Args:
            text: A JSON object.

        Raises:
            ConfigError: If the text is not such an object, or its pairs do not fit its names.
        """
        try:
            listed = json.loads(text)
            return cls(**listed)
        except (json.JSONDecodeError, TypeError, AttributeError) as error:
            keys = "relation, subjects, objects, pairs, ancestors, groups"
            raise ConfigError(
                f"A relation table must be a JSON object with the keys {keys}; reading failed with: {error}. "
                "Prepare the data set again."
            ) from error
