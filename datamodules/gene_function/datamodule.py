"""The function of genes, to be described in a paragraph and asked about in closed questions."""

import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from datamodules.gene_function.descriptions import DescriptionLimits
from datamodules.gene_function.files import GeneFiles, SourceName, downloads, needed_files
from datamodules.gene_function.gene_choice import GeneChoice, GeneType
from datamodules.gene_function.gene_split import GeneSplit
from datamodules.gene_function.known_facts import facts_of
from datamodules.gene_function.questions import RelationName, Wordings, build_relation
from datamodules.gene_function.samples import DESCRIPTION, GeneSamples, QuestionKind, check_kinds, in_order_of
from datamodules.gene_phenotype.questions import QuestionLimits
from datamodules.gene_phenotype.relations import Relation
from datamodules.gene_phenotype.training_tables import questions_asked, relation_table
from datamodules.option_checks import check_choices, check_counts, checked_fractions
from datamodules.sources.gene_ontology import read_gene_ontology
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
from geneverse_pl.data.rephrasings import RephrasableMixin, RephrasingsConfig
from geneverse_pl.evaluation.text_report import TrainingKnowledge

_MIN_CHARACTERS = 100
_ItemT = TypeVar("_ItemT")


class GeneFunctionDataModule(RephrasableMixin, TextDataModule):
    """Geneverse's first task: what does a gene do? From NCBI Gene, GO and HPO.

    Genes are split by family, as far as symbols, names and annotations tell families. Caps count genes, so
    that in each split every gene and every term is asked about as often with the answer yes as with no.

    Args:
        folder: Folder of the files, under the names that their publishers give them.
        files: Files that lie elsewhere or have another name.
        sources: What is read besides ``gene_info``; None reads ``gene2go`` and ``gene_summary``.
        questions: Kinds of questions; None asks for descriptions, and whether genes have GO functions.
        gene_types: NCBI's types of the genes asked about; None takes the protein-coding ones.
        min_facts: Fewest statements on what a gene does (a summary, GO terms, findings, diseases, phenotypes)
            for it to be asked about, >= 0.
        max_genes: Most genes asked about, drawn at random, > 0; None for all.
        wording: ``brief`` questions cost few tokens; ``full`` ones are sentences.
        show_name: Give the full name of a gene beside its symbol in questions.
        max_answer_characters: Most characters of a description, >= 100. Whole sentences are left out.
        max_answer_items: Most items of a list, in descriptions and list answers, > 0.
        max_answer_findings: Most sentences from articles in a description, >= 0.
        positives_per_gene: Most true functions asked about of a gene, with as many false ones, > 0.
        geneverse_test_genes: Hold out Geneverse's 20 test genes with their families, and ask about them
            first, whatever their type and however little is known of them.
        val_fraction: Share of genes for validation, in (0, 1).
        held_out_fraction: Share of genes for the held-out test, in (0, 1).
        max_val: Most genes of the validation, > 0; None for all.
        max_held_out: Most genes of the held-out test, > 0; None for all.
        max_memorised: Most training genes asked about again in the test, >= 0; None for all.
        allow_shared_families: Keep only genes of one symbol together, so that splits share families.
        rephrasings: Training texts that a language model has worded anew; None for none.
        max_skipped_rows: Most faulty rows of a file that are passed over, and summed up in the store: a
            number >= 0, or a share in (0, 1) of its rows. 0 stops at the first.
        encoding: How samples become tokens.
        batching: How samples become batches.
        seed: Seed of splits, wordings, questions and batches, >= 0.
        cache_dir: Folder of the prepared stores; None takes the user's cache.

    Raises:
        ConfigError: If an option is out of range, no known choice, or does not fit another.
    """

    has_knowledge = True
    metadata_of_wording = ("sentences", "template")

    def __init__(
        self,
        folder: Path,
        files: GeneFiles | None = None,
        sources: list[SourceName] | None = None,
        questions: list[QuestionKind] | None = None,
        gene_types: list[GeneType] | None = None,
        min_facts: int = 1,
        max_genes: int | None = None,
        wording: Wordings = "full",
        show_name: bool = False,
        max_answer_characters: int = 1500,
        max_answer_items: int = 6,
        max_answer_findings: int = 2,
        positives_per_gene: int = 4,
        geneverse_test_genes: bool = False,
        val_fraction: float = 0.1,
        held_out_fraction: float = 0.1,
        max_val: int | None = 2000,
        max_held_out: int | None = 2000,
        max_memorised: int | None = 500,
        allow_shared_families: bool = False,
        rephrasings: RephrasingsConfig | None = None,
        max_skipped_rows: int | float = 0,
        encoding: EncodingConfig | None = None,
        batching: BatchingConfig | None = None,
        seed: int = 0,
        cache_dir: Path | None = None,
    ) -> None:
        super().__init__(encoding, batching, seed, cache_dir)
        self.folder = Path(folder)
        self.sources: list[SourceName] = _once(sources, ["gene2go", "gene_summary"])
        self.questions: list[QuestionKind] = _once(questions, [DESCRIPTION, "relation/gene_go_function"])
        self.choice = GeneChoice(
            _once(gene_types, ["protein-coding"]), min_facts, max_genes, geneverse_test_genes
        )
        self.wording: Wordings = wording
        self.show_name = show_name
        self.limits = DescriptionLimits(max_answer_characters, max_answer_items, max_answer_findings)
        self.question_limits = QuestionLimits(positives_per_gene, max_answer_items)
        self.fractions = checked_fractions(val_fraction, held_out_fraction)
        self.caps = {VAL: max_val, HELD_OUT: max_held_out, MEMORISED: max_memorised}
        self.allow_shared_families = allow_shared_families
        self.rephrasings = rephrasings
        self.max_skipped_rows = max_skipped_rows
        self.paths = needed_files(self.folder, self.sources, files or GeneFiles())
        self._check()

    def _check(self) -> None:
        check_max_skipped_rows(self.max_skipped_rows)
        check_choices([("wording", self.wording, get_args(Wordings))])
        check_counts(
            [
                ("min_facts", self.choice.min_facts, 0),
                ("max_genes", self.choice.max_genes, 1),
                ("max_answer_characters", self.limits.characters, _MIN_CHARACTERS),
                ("max_answer_items", self.limits.items, 1),
                ("max_answer_findings", self.limits.findings, 0),
                ("positives_per_gene", self.question_limits.positives_per_subject, 1),
                ("max_val", self.caps[VAL], 1),
                ("max_held_out", self.caps[HELD_OUT], 1),
                ("max_memorised", self.caps[MEMORISED], 0),
            ]
        )
        check_kinds(self.questions, self.sources, self.choice)

    def source_files(self) -> list[Path]:
        """The files of the sources that are read, and that of the rephrasings."""
        return [*self.paths.values(), *self.rephrasing_files()]

    def download_files(self) -> Sequence[RemoteFile]:
        """The files of the sources, all free to fetch."""
        return downloads(self.paths)

    def data_facts(self) -> DataFacts:
        """Terms of the files, and what samples are about, for the data card."""
        return source_facts(self.source_files())

    def options(self) -> Mapping[str, object]:
        """What determines the samples besides the files."""
        return {
            "sources": sorted(self.sources),
            "questions": self.questions,
            "gene_types": sorted(self.choice.gene_types),
            "genes": [self.choice.min_facts, self.choice.max_genes, self.choice.with_test_genes],
            "wording": self.wording,
            "show_name": self.show_name,
            "limits": [self.limits.characters, self.limits.items, self.limits.findings],
            "positives_per_gene": self.question_limits.positives_per_subject,
            "fractions": self.fractions,
            "caps": self.caps,
            "allow_shared_families": self.allow_shared_families,
            **self.rephrasing_options(),
            "max_skipped_rows": self.max_skipped_rows,
        }

    def facts(self, sample: Sample) -> str:
        """All that the files say of the gene, a fact a line."""
        return facts_of(sample, self.limits.items)

    def build_samples(self) -> Mapping[str, Iterable[Sample]]:
        """Samples by split; the split of the genes is checked for leaks first."""
        with tolerating(self.max_skipped_rows) as self._tolerance:
            self._genes, self._named = self.choice.read(self.paths, self.limits.findings, self.seed)
        self._tolerance.log()
        self._split = GeneSplit(
            self._genes,
            self.fractions,
            self.seed,
            held_out=self._named,
            allow_shared_families=self.allow_shared_families,
        )
        self._samples = self._make()
        train = list(self._asked(TRAIN, self._split.genes_in(TRAIN, self._genes)))
        self._questions_asked = questions_asked(train, self.seed)
        return {
            TRAIN: self.with_rephrasings(train),
            **{split: self._test_samples(split) for split in (VAL, HELD_OUT)},
            MEMORISED: in_order_of(self._drawn(TRAIN, self.caps[MEMORISED]), train),
        }

    def documents(self) -> Mapping[str, Any]:
        """Training tables and questions, for the controls; and the rows that were passed over."""
        tables = {}
        for name, relation in self._samples.relations.items():
            chosen = self._split.genes_in(TRAIN, relation.subjects)
            tables[name] = relation_table(relation, chosen, {key: self._split.groups[key] for key in chosen})
        knowledge = TrainingKnowledge(tables, self._questions_asked).to_document()
        return {"training_knowledge": knowledge, **self._tolerance.document()}

    def _make(self) -> GeneSamples:
        ontology = read_gene_ontology(self.paths["gene_ontology"]) if "gene_ontology" in self.paths else None
        shown = {
            key: f"{gene.symbol}, {gene.name}" if self.show_name and gene.name else gene.symbol
            for key, gene in self._genes.items()
        }
        asked = {kind.partition("/")[2] for kind in self.questions}
        relations: dict[str, Relation] = {
            name: build_relation(name, self._genes, shown, ontology)
            for name in get_args(RelationName)
            if name in asked
        }
        return GeneSamples(
            self._genes,
            shown,
            self._split.groups,
            relations,
            frozenset(self._named),
            self.wording,
            self.limits,
            self.question_limits,
            self.seed,
        )

    def _asked(self, split: str, chosen: Sequence[str]) -> Iterable[Sample]:
        # A string seed is hashed the same way on every machine.
        return self._samples.about(chosen, self.questions, random.Random(f"{self.seed}/{split}"))

    def _test_samples(self, split: str) -> list[Sample]:
        chosen = self._drawn(split, self.caps[split])
        return in_order_of(chosen, self._asked(split, chosen))

    def _drawn(self, split: str, most: int | None) -> list[str]:
        """Genes of a split in random order, those held out by name first."""
        genes = self._split.genes_in(split, self._genes)
        random.Random(f"{self.seed}/{split}/order").shuffle(genes)
        named = [key for key in self._named if self._split.of(key) == split]
        return [*named, *(key for key in genes if key not in named)][:most]


def _once(given: list[_ItemT] | None, usual: list[_ItemT]) -> list[_ItemT]:
    """A list without repeats, or the usual one."""
    return list(dict.fromkeys(usual if given is None else given))
