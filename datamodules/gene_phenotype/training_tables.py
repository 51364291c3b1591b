"""What the training split knows and was asked, in the form that controls learn from."""

import random
from collections.abc import Iterable, Mapping, Sequence

from datamodules.gene_phenotype.masks import RECORD, MaskedRecords
from datamodules.gene_phenotype.questions import YES
from datamodules.gene_phenotype.relations import Relation
from geneverse_pl.data.records import Sample
from geneverse_pl.evaluation.relation_table import RelationQuestion, RelationTable

# The controls' thresholds need no more.
_MAX_QUESTIONS = 20_000


def relation_table(relation: Relation, subjects: Iterable[str], groups: Mapping[str, str]) -> RelationTable:
    """True pairs of the subjects of the training split.

    Args:
        relation: The relation.
        subjects: Ids of its subjects in the training split.
        groups: Subject id -> split group.
    """
    pairs = {subject: list(relation.pairs[subject]) for subject in subjects}
    objects = sorted({item for items in pairs.values() for item in items})
    return RelationTable(
        relation=relation.name,
        subjects={subject: relation.subjects[subject] for subject in pairs},
        objects={item: relation.object_names[item] for item in objects},
        pairs=pairs,
        ancestors={item: sorted(implied) for item in objects if (implied := relation.implied(item))},
        groups=groups,
    )


def record_table(records: MaskedRecords, diseases: Sequence[str], groups: Mapping[str, str]) -> RelationTable:
    """Training records as subjects, with all their entities but the name as objects.

    Args:
        records: Makes the records.
        diseases: Ids of the diseases of the training split.
        groups: Disease id -> split group.
    """
    names, pairs = {}, {}
    for disease in diseases:
        (_, [(names[disease], _)]), *others = records.fields(disease)
        pairs[disease] = list(dict.fromkeys(entity for _, entities in others for entity, _ in entities))
    objects = sorted({entity for entities in pairs.values() for entity in entities})
    return RelationTable(RECORD, names, dict(zip(objects, objects, strict=True)), pairs, groups=groups)


def questions_asked(train: Iterable[Sample], seed: int) -> dict[str, list[RelationQuestion]]:
    """A sample of the training split's yes/no questions, by relation.

    Args:
        train: All samples of the training split.
        seed: Seed of the sample.
    """
    asked: dict[str, list[RelationQuestion]] = {}
    for sample in train:
        form, _, name = sample.kind.partition("/")
        if form == "relation":
            about = sample.metadata
            question = RelationQuestion(str(about["subject"]), str(about["object"]), sample.answer == YES)
            asked.setdefault(name, []).append(question)
    rng = random.Random(f"{seed}/controls")
    return {name: _sample(questions, rng) for name, questions in asked.items()}


def _sample(questions: list[RelationQuestion], rng: random.Random) -> list[RelationQuestion]:
    """At most so many questions, with the share of true ones kept: it decides the majority's answer."""
    share = min(1.0, _MAX_QUESTIONS / len(questions))
    return [
        question
        for label in (True, False)
        for question in _share([q for q in questions if q.label == label], share, rng)
    ]


def _share(questions: list[RelationQuestion], share: float, rng: random.Random) -> list[RelationQuestion]:
    return rng.sample(questions, round(share * len(questions)))
