"""Samples that are there twice, and questions that are answered in two ways."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geneverse_pl.data.card.columns import SplitColumns
from geneverse_pl.data.card.contents import answer_text, sample_text
from geneverse_pl.data.store import TokenSplit

_MAX_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A prompt with different answers.

    Args:
        kind: Question kind.
        about: Entities that the samples name, by field.
        answers: Some of the answers.
    """

    kind: str
    about: dict[str, str]
    answers: list[str]

    def __str__(self) -> str:
        named = ", ".join(f"{field} {value}" for field, value in self.about.items())
        told = " / ".join(f"“{answer}”" for answer in self.answers)
        return f"{named}: {told}" if named else told


@dataclass(frozen=True, slots=True)
class DuplicateStatistics:
    """Equal samples of one split.

    Args:
        split: The split.
        num_distinct: Distinct samples: prompt and answer, token for token, and pictures.
        num_repeats: Samples beyond the first of each.
        num_prompts: Distinct prompts.
        num_contradicted: Prompts with more than one answer; None where pictures are paired with captions, of
            which a picture may have many.
        num_in_contradictions: Samples with such a prompt; None likewise.
        examples: Some of them.
    """

    split: str
    num_distinct: int
    num_repeats: int
    num_prompts: int
    num_contradicted: int | None
    num_in_contradictions: int | None
    examples: list[Contradiction]


def duplicate_statistics(
    columns: SplitColumns, split: TokenSplit, *, has_answers: bool = True
) -> DuplicateStatistics:
    """Counts equal samples of a split by their hashes.

    Args:
        columns: The split's columns.
        split: The split, from which examples are read.
        has_answers: Whether samples are questions with one answer, and no pairs of pictures and captions.
    """
    _, first, counts = np.unique(columns.samples, return_index=True, return_counts=True)
    # Of each distinct sample its prompt: one that comes twice has two answers.
    prompts, of_prompt, num_answers = np.unique(
        columns.prompts[first], return_inverse=True, return_counts=True
    )
    contradicted = (num_answers > 1)[of_prompt]
    where = np.sort(first[contradicted])
    return DuplicateStatistics(
        split=columns.name,
        num_distinct=len(first),
        num_repeats=len(columns) - len(first),
        num_prompts=len(prompts),
        num_contradicted=int((num_answers > 1).sum()) if has_answers else None,
        num_in_contradictions=int(counts[contradicted].sum()) if has_answers else None,
        examples=_examples(columns, split, where) if has_answers else [],
    )


def _examples(columns: SplitColumns, split: TokenSplit, where: npt.NDArray[np.int64]) -> list[Contradiction]:
    """Some contradicted prompts with some of their answers."""
    found = []
    _, first = np.unique(columns.prompts[where], return_index=True)
    for index in where[np.sort(first)][:_MAX_EXAMPLES].tolist():
        same = where[columns.prompts[where] == columns.prompts[index]]
        text = sample_text(split, index, list(columns.fields))
        answers = [answer_text(split, int(place)) for place in same[:_MAX_EXAMPLES]]
        found.append(Contradiction(str(split[index].metadata.get("kind", "")), text.about, answers))
    return found
