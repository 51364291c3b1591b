"""Stage ``qa``: questions and answers about the relations of one split."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from datamodules.gene_phenotype.negatives import balanced_pairs
from datamodules.gene_phenotype.relations import Relation, Wording
from geneverse_pl.data.records import Sample

YES, NO = "Yes", "No"


@dataclass(frozen=True)
class QuestionLimits:
    """How much is asked.

    Args:
        positives_per_subject: Most true pairs of a subject asked about; as many false ones are added.
        max_list_items: Most items of a list answer; the most frequent are kept.
    """

    positives_per_subject: int
    max_list_items: int


def relation_questions(
    relation: Relation,
    wording: Wording,
    subjects: Sequence[str],
    groups: Mapping[str, str],
    limits: QuestionLimits,
    rng: random.Random,
) -> Iterator[Sample]:
    """Yes/no questions, as many true as false about every subject and every object.

    Args:
        relation: What is asked about.
        wording: How it is asked.
        subjects: Subjects of the split.
        groups: Subject id -> split group.
        limits: How much is asked.
        rng: Source of randomness.
    """
    positives: list[tuple[str, str]] = []
    for subject in subjects:
        objects = [item for item in relation.pairs[subject] if not relation.gives_away(subject, item)]
        chosen = rng.sample(objects, min(len(objects), limits.positives_per_subject))
        positives += [(subject, item) for item in chosen]
    for subject, pairs in balanced_pairs(relation, positives, rng).items():
        context = wording.context.format(subject=relation.subjects[subject])
        for item, label in pairs:
            name = relation.object_names[item]
            yield Sample(
                question=wording.relation.format(object=name),
                answer=YES if label else NO,
                context=context,
                kind=f"relation/{relation.name}",
                group=groups[subject],
                choices=(YES, NO),
                metadata={**_about(relation, subject), "object": item, "object_name": name, "label": label},
            )


def list_questions(
    relation: Relation,
    wording: Wording,
    subjects: Iterable[str],
    groups: Mapping[str, str],
    limits: QuestionLimits,
) -> Iterator[Sample]:
    """One question a subject for all its objects; the answer has the most frequent, ``gold`` has all.

    Args:
        relation: What is asked about.
        wording: How it is asked.
        subjects: Subjects of the split.
        groups: Subject id -> split group.
        limits: How many items an answer has.
    """
    for subject in subjects:
        if _is_told(relation, subject):
            continue
        names = [relation.object_names[item] for item in relation.pairs[subject]]
        yield Sample(
            question=wording.listing,
            answer="; ".join(names[: limits.max_list_items]),
            context=wording.context.format(subject=relation.subjects[subject]),
            kind=f"list/{relation.name}",
            group=groups[subject],
            gold=tuple(names),
            metadata=_about(relation, subject),
        )


def fact_questions(
    relation: Relation, wording: Wording, subjects: Iterable[str], groups: Mapping[str, str]
) -> Iterator[Sample]:
    """One question for each subject that has exactly one object.

    Args:
        relation: What is asked about.
        wording: How it is asked.
        subjects: Subjects of the split.
        groups: Subject id -> split group.
    """
    for subject in subjects:
        objects = relation.pairs[subject]
        if len(objects) == 1 and not _is_told(relation, subject):
            yield Sample(
                question=wording.fact,
                answer=relation.object_names[objects[0]],
                context=wording.context.format(subject=relation.subjects[subject]),
                kind=f"fact/{relation.name}",
                group=groups[subject],
                metadata=_about(relation, subject),
            )


def _is_told(relation: Relation, subject: str) -> bool:
    """Whether the name of a disease has that of one of its objects."""
    return relation.subject_kind == "disease" and any(
        relation.gives_away(subject, item) for item in relation.pairs[subject]
    )


def _about(relation: Relation, subject: str) -> dict[str, object]:
    return {"subject": subject, "subject_name": relation.subjects[subject]}
