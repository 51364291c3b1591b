"""What is asked: kinds of questions, their entities, and how their answers are spread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from geneverse_pl.data.card.columns import FALSE, GROUP, TRUE, SplitColumns
from geneverse_pl.data.card.hashing import NO_HASH, Hashes
from geneverse_pl.data.card.lengths import LengthStatistics, length_statistics
from geneverse_pl.data.store import TokenSplit

_MAX_ANSWERS = 5
_MAX_TEXT = 60


@dataclass(frozen=True, slots=True)
class SampleText:
    """What a sample is about, in words.

    Args:
        about: Its entities by field, with their ids where they have names.
        answer: Its answer, cut where it is long.
    """

    about: dict[str, str]
    answer: str

    def __str__(self) -> str:
        named = ", ".join(f"{field} {value}" for field, value in self.about.items())
        return f"{named}: “{self.answer}”" if named else f"“{self.answer}”"


@dataclass(frozen=True, slots=True)
class KindStatistics:
    """Samples of one kind in one split.

    Args:
        split: The split.
        kind: Question kind, ``form/relation``.
        lengths: How long they are.
        entities: Distinct entities of each field.
        num_answers: Distinct answers.
        is_closed: Whether the answers are a closed list.
        common_answers: The commonest answers with their numbers of samples, most first.
        num_true: Samples whose statement is true, where they are labelled.
        num_false: Samples whose statement is false.
        example: Entities and answer of the first sample.
    """

    split: str
    kind: str
    lengths: LengthStatistics
    entities: dict[str, int]
    num_answers: int
    is_closed: bool
    common_answers: list[tuple[str, int]]
    num_true: int
    num_false: int
    example: SampleText

    @property
    def top_share(self) -> float:
        """Share of the commonest answer, in [0, 1]: what a constant answer scores."""
        most = self.common_answers[0][1] if self.common_answers else 0
        return most / self.lengths.num_samples if self.lengths.num_samples else 0.0


@dataclass(frozen=True, slots=True)
class RelationStatistics:
    """Samples of all kinds that ask about one relation, in one split.

    Args:
        split: The split.
        relation: What follows the form in the kind; the whole kind where it has no form.
        num_samples: Samples.
        entities: Distinct entities of each field.
    """

    split: str
    relation: str
    num_samples: int
    entities: dict[str, int]


def kind_statistics(columns: SplitColumns, split: TokenSplit, max_length: int | None) -> list[KindStatistics]:
    """The kinds of a split, by name.

    Args:
        columns: The split's columns.
        split: The split, from which the commonest answers are read.
        max_length: Most tokens that a sample may have; None if unknown.
    """
    found = []
    for kind in columns.kinds:
        chosen = columns.of_kind(kind)
        answers, counts = common(columns.answers, chosen)
        shown = [(answer_text(split, first), count) for first, count in answers]
        found.append(
            KindStatistics(
                split=columns.name,
                kind=kind,
                lengths=length_statistics(columns, max_length, chosen),
                entities=num_entities(columns, chosen),
                num_answers=counts,
                is_closed=bool(columns.is_closed[chosen].all()),
                common_answers=shown,
                num_true=int((columns.labels[chosen] == TRUE).sum()),
                num_false=int((columns.labels[chosen] == FALSE).sum()),
                example=sample_text(split, int(chosen[0]), list(columns.fields)),
            )
        )
    return found


def relation_statistics(columns: SplitColumns) -> list[RelationStatistics]:
    """The relations of a split, by name.

    Args:
        columns: The split.
    """
    relations = [relation_of(kind) for kind in columns.kinds]
    found = []
    for relation in sorted(set(relations)):
        codes = [code for code, name in enumerate(relations) if name == relation]
        chosen = np.flatnonzero(np.isin(columns.kind_codes, codes))
        entities = num_entities(columns, chosen)
        found.append(RelationStatistics(columns.name, relation, len(chosen), entities))
    return found


def relation_of(kind: str) -> str:
    """The relation that a kind asks about: ``disease_phenotype`` of ``list/disease_phenotype``."""
    return kind.partition("/")[2] or kind


def num_entities(columns: SplitColumns, chosen: npt.NDArray[np.int64] | None = None) -> dict[str, int]:
    """Distinct entities of each field that has any.

    Args:
        columns: The split.
        chosen: Indices of the samples to look at; None takes all.
    """
    counts = {}
    for field, hashes in columns.fields.items():
        if field != GROUP:
            counts[field] = len(distinct(hashes if chosen is None else hashes[chosen]))
    return {field: count for field, count in counts.items() if count}


def distinct(hashes: Hashes) -> Hashes:
    """The distinct hashes but ``NO_HASH``, rising."""
    found = np.unique(hashes)
    return np.asarray(found[found != NO_HASH])


def common(
    hashes: Hashes, chosen: npt.NDArray[np.int64], most: int = _MAX_ANSWERS
) -> tuple[Sequence[tuple[int, int]], int]:
    """The commonest values among some samples, and how many distinct ones there are.

    Args:
        hashes: A value of each sample; those without one do not count.
        chosen: Indices of the samples to look at.
        most: Values to give, at most.

    Returns:
        For each value the first sample that has it and the number that have it, most first, equal numbers in
        the order of the samples; and the number of distinct values.
    """
    chosen = chosen[hashes[chosen] != NO_HASH]
    _, first, counts = np.unique(hashes[chosen], return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))[:most]
    return [(int(chosen[first[place]]), int(counts[place])) for place in order], len(counts)


def sample_text(split: TokenSplit, index: int, fields: Sequence[str]) -> SampleText:
    """What a sample is about and its answer.

    Args:
        split: The split.
        index: Index of the sample.
        fields: Fields of entities; the group is passed over.
    """
    about = split[index].metadata
    named = {field: entity_name(about, field) for field in fields if field != GROUP and field in about}
    return SampleText(named, _answer(about))


def answer_text(split: TokenSplit, index: int) -> str:
    """A sample's answer as it was written, cut where it is long.

    Args:
        split: The split.
        index: Index of the sample.
    """
    return _answer(split[index].metadata)


def entity_name(about: Mapping[str, Any], field: str) -> str:
    """An entity's name with its id, ``Marfan syndrome (OMIM:154700)``; the id alone where it has no name.

    Args:
        about: Metadata of a sample.
        field: The entity's field; its name stands under ``<field>_name``.
    """
    key, name = str(about[field]), about.get(f"{field}_name")
    return shortened(key) if name is None else f"{shortened(str(name))} ({key})"


def _answer(about: Mapping[str, Any]) -> str:
    return shortened(str(about.get("caption", about.get("answer", ""))))


def shortened(text: str) -> str:
    """A text on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _MAX_TEXT else line[: _MAX_TEXT - 1] + "…"
