"""The questions of one split, in all kinds that are asked for."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from datamodules.gene_function.descriptions import DescriptionLimits, describe, spans_of, text_of
from datamodules.gene_function.facts import GeneFacts
from datamodules.gene_function.files import SourceName
from datamodules.gene_function.gene_choice import GeneChoice
from datamodules.gene_function.questions import DESCRIBE, WORDINGS, Wordings, with_sources
from datamodules.gene_function.templates import TEMPLATES
from datamodules.gene_phenotype.questions import (
    QuestionLimits,
    fact_questions,
    list_questions,
    relation_questions,
)
from datamodules.gene_phenotype.relations import Relation
from geneverse_pl.data.records import Sample
from geneverse_pl.exceptions import ConfigError, unknown_choice

QuestionKind = Literal[
    "text/gene_function",
    "relation/gene_type",
    "relation/gene_go_function",
    "list/gene_go_function",
    "fact/gene_type",
]
DESCRIPTION: QuestionKind = "text/gene_function"


def check_kinds(kinds: Sequence[QuestionKind], sources: Sequence[SourceName], genes: GeneChoice) -> None:
    """Raises a ConfigError unless each kind of question is known and can be answered.

    Args:
        kinds: Kinds of questions.
        sources: What is read besides ``gene_info``.
        genes: Which genes are asked about.
    """
    if not kinds:
        raise ConfigError("questions must name at least one, got none. Leave it out to use the default.")
    for kind in kinds:
        if kind not in get_args(QuestionKind):
            raise ConfigError(unknown_choice("question kind", kind, get_args(QuestionKind)))
    asked = {kind.partition("/")[2] for kind in kinds}
    if "gene_go_function" in asked and "gene2go" not in sources:
        raise ConfigError(
            "Questions about GO functions need annotations, and sources has no gene2go. Add it, or choose "
            "other questions."
        )
    if "gene_type" in asked and genes.num_told_apart < 2:
        raise ConfigError(
            "Questions about the type of genes need two types that exclude each other, and gene_types has "
            f"{', '.join(genes.gene_types)}. Add another, such as pseudo, or choose other questions."
        )


@dataclass(frozen=True)
class GeneSamples:
    """Makes samples about genes.

    Args:
        genes: NCBI Gene id -> gene.
        shown: NCBI Gene id -> how the gene is named in questions.
        groups: NCBI Gene id -> split group.
        relations: Name -> relation, for all that are asked about.
        test_genes: Ids of Geneverse's test genes.
        wording: How questions are worded.
        description_limits: How long descriptions are.
        question_limits: How much is asked.
        seed: Seed of the wordings of descriptions.
    """

    genes: Mapping[str, GeneFacts]
    shown: Mapping[str, str]
    groups: Mapping[str, str]
    relations: Mapping[str, Relation]
    test_genes: frozenset[str]
    wording: Wordings
    description_limits: DescriptionLimits
    question_limits: QuestionLimits
    seed: int

    def about(
        self, chosen: Sequence[str], kinds: Iterable[QuestionKind], rng: random.Random
    ) -> Iterator[Sample]:
        """Questions about some genes, kind by kind.

        Args:
            chosen: Ids of the genes.
            kinds: Kinds of questions.
            rng: Source of randomness.
        """
        for kind in kinds:
            if kind == DESCRIPTION:
                yield from map(self.description, chosen)
            else:
                form, _, name = kind.partition("/")
                yield from with_sources(self._closed(form, self.relations[name], chosen, rng), self.genes)

    def _closed(
        self, form: str, relation: Relation, chosen: Iterable[str], rng: random.Random
    ) -> Iterator[Sample]:
        subjects = [key for key in chosen if key in relation.subjects]
        wording = WORDINGS[self.wording][relation.name]
        if form == "relation":
            return relation_questions(relation, wording, subjects, self.groups, self.question_limits, rng)
        if form == "list":
            return list_questions(relation, wording, subjects, self.groups, self.question_limits)
        return fact_questions(relation, wording, subjects, self.groups)

    def description(self, gene_id: str) -> Sample:
        """The gene to be described, with what a description of it can be checked against.

        Args:
            gene_id: Its id.
        """
        gene = self.genes[gene_id]
        # Drawn for each gene apart, so that other options leave a gene its wording.
        number = random.Random(f"{self.seed}/wording/{gene_id}").randrange(len(TEMPLATES))
        sentences = describe(gene, TEMPLATES[number], self.description_limits)
        return Sample(
            question=DESCRIBE[self.wording].format(subject=self.shown[gene_id]),
            answer=text_of(sentences),
            kind=DESCRIPTION,
            group=self.groups[gene_id],
            metadata={
                "subject": gene_id,
                "subject_name": self.shown[gene_id],
                "symbol": gene.symbol,
                "is_geneverse_test": gene_id in self.test_genes,
                "template": number,
                "form": "paragraph",
                "sentences": spans_of(sentences),
                "truth": gene.truth(),
            },
        )


def in_order_of(chosen: Iterable[str], samples: Iterable[Sample]) -> list[Sample]:
    """The samples about the chosen genes, gene by gene in their order.

    A test of the first items alone then takes whole genes.

    Args:
        chosen: Ids of genes.
        samples: Samples whose metadata has a ``subject``.
    """
    place = {gene_id: number for number, gene_id in enumerate(chosen)}
    kept = [sample for sample in samples if sample.metadata["subject"] in place]
    return sorted(kept, key=lambda sample: place[str(sample.metadata["subject"])])
