"""What the training split knows and was asked, bounded, in the form that controls learn from."""

from collections.abc import Iterable, Sequence
from itertools import islice

from datamodules.gene_corpus.questions import RELATION_TYPE_NAME
from datamodules.gene_corpus.records import RecordKind, record_kind
from datamodules.gene_corpus.relation_questions import block_relation
from datamodules.gene_corpus.verbaliser import Verbaliser
from datamodules.gene_corpus.views import VIEWS, View
from datamodules.gene_phenotype.training_tables import relation_table
from geneverse_pl.data.datamodule import TRAIN
from geneverse_pl.evaluation.relation_table import RelationQuestion, RelationTable
from geneverse_pl.evaluation.text_report import TrainingKnowledge

_MAX_SUBJECTS = 20_000
_MAX_QUESTIONS = 20_000


def training_knowledge(verbaliser: Verbaliser, kinds: Sequence[str], most: int | None) -> TrainingKnowledge:
    """Tables and yes/no questions of the training split.

    Of each relation they hold the first 20,000 subjects and questions; the order is random.

    Args:
        verbaliser: Makes the samples.
        kinds: Kinds of samples.
        most: Most training samples of a kind; None for all.
    """
    tables: dict[str, RelationTable] = {}
    questions: dict[str, list[RelationQuestion]] = {}
    for kind in kinds:
        form, _, name = kind.partition("/")
        if name not in tables:
            tables[name] = _table(verbaliser, kind, name)
        if form == "relation":
            questions[name] = _asked(verbaliser, kind, tables[name], most)
    return TrainingKnowledge(tables, questions)


def _table(verbaliser: Verbaliser, kind: str, name: str) -> RelationTable:
    record = record_kind(kind)
    if record is not None:
        return _record_table(verbaliser, record, name)
    if name == RELATION_TYPE_NAME:
        return _type_table(verbaliser, kind)
    return _view_table(verbaliser, VIEWS[name])


def _view_table(verbaliser: Verbaliser, view: View) -> RelationTable:
    subjects = list(islice(verbaliser.subjects(view, TRAIN), _MAX_SUBJECTS))
    relation = block_relation(view, subjects, verbaliser.ancestors)
    groups = {subject.id: subject.group for subject in subjects if subject.id in relation.pairs}
    return relation_table(relation, groups, groups)


def _record_table(verbaliser: Verbaliser, kind: RecordKind, name: str) -> RelationTable:
    """Records as subjects, with all their entities but the name as objects."""
    names, pairs, groups = {}, {}, {}
    for record in islice(verbaliser.records(kind, TRAIN), _MAX_SUBJECTS):
        _, *others = record.fields
        names[record.id], groups[record.id] = record.name, record.group
        pairs[record.id] = list(dict.fromkeys(entity for _, entities in others for entity, _ in entities))
    return RelationTable(name, names, _themselves(pairs.values()), pairs, groups=groups)


def _type_table(verbaliser: Verbaliser, kind: str) -> RelationTable:
    """Pairs as subjects, with what links them as object."""
    names, pairs, groups = {}, {}, {}
    for _, sample in islice(verbaliser.of_kind(kind, TRAIN), _MAX_SUBJECTS):
        pair = str(sample.metadata["subject"])
        names[pair], groups[pair] = str(sample.metadata["subject_name"]), sample.group
        pairs[pair] = [sample.answer]
    return RelationTable(RELATION_TYPE_NAME, names, _themselves(pairs.values()), pairs, groups=groups)


def _themselves(lists: Iterable[Sequence[str]]) -> dict[str, str]:
    objects = sorted({item for items in lists for item in items})
    return dict(zip(objects, objects, strict=True))


def _asked(
    verbaliser: Verbaliser, kind: str, table: RelationTable, most: int | None
) -> list[RelationQuestion]:
    samples = islice(verbaliser.of_kind(kind, TRAIN, most), most)
    asked = (
        RelationQuestion(
            str(sample.metadata["subject"]), str(sample.metadata["object"]), bool(sample.metadata["label"])
        )
        for _, sample in samples
    )
    return list(islice((one for one in asked if one.subject_id in table.subjects), _MAX_QUESTIONS))
