"""Questions about genes whose answers can be scored: their type, and the functions of their products."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Literal

from datamodules.gene_function.facts import GeneFacts
from datamodules.gene_function.templates import GENE_TYPES
from datamodules.gene_phenotype.relations import Relation, Wording
from datamodules.sources.gene_ontology import GeneOntology
from geneverse_pl.data.records import Sample

RelationName = Literal["gene_type", "gene_go_function"]
Wordings = Literal["brief", "full"]

# How a gene is to be described, ``{subject}``.
DESCRIBE: Mapping[Wordings, str] = {
    "brief": "Describe the gene {subject}.",
    "full": "Summarise the major function of the human gene {subject} in one paragraph of academic language. "
    "Name the pathways it takes part in.",
}
# Brief wordings cost few tokens, which is what a small machine is short of; full ones suit chat models.
WORDINGS: Mapping[Wordings, Mapping[str, Wording]] = {
    "brief": {
        "gene_type": Wording("Gene: {subject}", "Is it {object}?", "Types:", "Type:"),
        "gene_go_function": Wording("Gene: {subject}", "Function {object}?", "Functions:", "Function:"),
    },
    "full": {
        "gene_type": Wording(
            "This is about the human gene {subject}.",
            "Is this gene {object}? Answer Yes or No.",
            "Which types is this gene of?",
            "Of which type is this gene?",
        ),
        "gene_go_function": Wording(
            "This is about the human gene {subject}.",
            "Is the molecular function {object} known of this gene? Answer Yes or No.",
            "List the molecular functions known of this gene, separated by semicolons.",
            "Which molecular function is known of this gene?",
        ),
    },
}


def build_relation(
    name: RelationName,
    genes: Mapping[str, GeneFacts],
    shown: Mapping[str, str],
    ontology: GeneOntology | None = None,
) -> Relation:
    """The true pairs of a relation over all splits; genes without one are left out.

    Args:
        name: The relation.
        genes: NCBI Gene id -> gene.
        shown: NCBI Gene id -> how the gene is named in questions.
        ontology: Tells which terms follow from others. Without it, the term above a true one counts as false.
    """
    if name == "gene_type":
        types = {key: gene.info.gene_type or "" for key, gene in genes.items()}
        return _types({key: found for key, found in types.items() if found in GENE_TYPES}, shown)
    return _functions(genes, shown, ontology)


def _types(types: Mapping[str, str], shown: Mapping[str, str]) -> Relation:
    def possible(gene_id: str, gene_type: str) -> bool:
        # NCBI's "ncRNA" is what its other types of RNA leave, but a snoRNA is no coding RNA either.
        own = types[gene_id]
        return own == gene_type or (own.endswith("RNA") and gene_type.endswith("RNA"))

    return Relation(
        "gene_type",
        {key: shown[key] for key in types},
        {key: [gene_type] for key, gene_type in types.items()},
        GENE_TYPES,
        possible,
        implied=lambda _: frozenset(),
    )


def _functions(
    genes: Mapping[str, GeneFacts], shown: Mapping[str, str], ontology: GeneOntology | None
) -> Relation:
    found = {key: gene.go.get("Function", ()) for key, gene in genes.items()}
    pairs = {key: [one.id for one in statements] for key, statements in found.items() if statements}
    above = _Above(ontology)
    # A function may be part of a process, so all branches say what may be true.
    stated = {key: {above.current(term) for term in genes[key].go_ids | genes[key].denied} for key in pairs}
    implied = {key: set().union(*map(above, terms)) for key, terms in stated.items()}

    def possible(gene_id: str, term: str) -> bool:
        # A more specific form of a true function may well be true though nobody has written it down.
        return (
            above.current(term) in stated[gene_id]
            or above.current(term) in implied[gene_id]
            or not stated[gene_id].isdisjoint(above(term))
        )

    return Relation(
        "gene_go_function",
        {key: shown[key] for key in pairs},
        pairs,
        {one.id: one.text for statements in found.values() for one in statements},
        possible,
        implied=above,
    )


class _Above:
    """The terms above each term; none are known without an ontology, nor of terms that it does not have."""

    def __init__(self, ontology: GeneOntology | None) -> None:
        self._ontology = ontology
        self._current: dict[str, str] = {}

    def current(self, term: str) -> str:
        """The id that stands for the term now; its own where that is not known."""
        if self._ontology is None:
            return term
        if term not in self._current:
            self._current[term] = self._ontology.resolve(term) or term
        return self._current[term]

    def __call__(self, term: str) -> frozenset[str]:
        if self._ontology is None or self._ontology.resolve(term) is None:
            return frozenset()
        return self._ontology.ancestors(term)


def with_sources(samples: Iterable[Sample], genes: Mapping[str, GeneFacts]) -> Iterator[Sample]:
    """Samples with the lines (``file:line``) that their answers rest on.

    Those of a false pair are the gene's own: that something is not said has no line.

    Args:
        samples: Questions about genes, from relations of this module.
        genes: NCBI Gene id -> gene.
    """
    for sample in samples:
        gene = genes[str(sample.metadata["subject"])]
        statements = gene.go.get("Function", ()) if "go_function" in sample.kind else ()
        asked = sample.metadata.get("object")
        told = sample.metadata.get("label", True)
        lines = [line for one in statements if told and asked in (None, one.id) for line in one.sources] or [
            (gene.info.file, gene.info.line)
        ]
        sources = [f"{file}:{line}" for file, line in lines]
        yield replace(sample, metadata={**sample.metadata, "symbol": gene.symbol, "sources": sources})
