"""How the facts of a gene are put into words: several wordings, each a whole description."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

FactKind = Literal[
    "name",
    "type",
    "location",
    "aliases",
    "identifiers",
    "summary",
    "function",
    "process",
    "component",
    "disease",
    "phenotype",
    "finding",
]

#: NCBI's gene types in words; of the others (``other``, ``unknown``) there is nothing to say.
GENE_TYPES: Mapping[str, str] = {
    "protein-coding": "a protein-coding gene",
    "pseudo": "a pseudogene",
    "ncRNA": "a gene of a non-coding RNA",
    "rRNA": "a gene of a ribosomal RNA",
    "tRNA": "a gene of a transfer RNA",
    "snRNA": "a gene of a small nuclear RNA",
    "snoRNA": "a gene of a small nucleolar RNA",
    "scRNA": "a gene of a small cytoplasmic RNA",
    "miscRNA": "a gene of a miscellaneous RNA",
    "transposon": "a transposon",
    "biological-region": "a biological region",
}


@dataclass(frozen=True, slots=True)
class Template:
    """One wording of all facts.

    Args:
        unnamed: First sentence for a gene without a full name, ``{symbol}``.
        facts: The sentence of each kind of fact, in the order they are told. ``{symbol}`` and ``{name}``
            stand in that of the name, ``{fact}`` in the others. Nothing is said to be complete, as lists
            are bounded; all fit one item as well as several.
    """

    unnamed: str
    facts: Mapping[FactKind, str]


# "Annotated with" holds for every relation of gene and term: takes part in, acts upstream of, contributes to.
TEMPLATES: tuple[Template, ...] = (
    Template(
        "{symbol} is the symbol of a human gene.",
        {
            "name": "{symbol} is the symbol of the human gene {name}.",
            "type": "It is {fact}.",
            "location": "It lies on {fact}.",
            "summary": "{fact}",
            "function": "Molecular functions it is annotated with include {fact}.",
            "process": "Biological processes it is annotated with include {fact}.",
            "component": "Cellular components it is annotated with include {fact}.",
            "disease": "Diseases linked to it include {fact}.",
            "phenotype": "Phenotypes of diseases linked to it include {fact}.",
            "finding": "A published finding: {fact}",
            "aliases": "It is also known as {fact}.",
            "identifiers": "Related records include {fact}.",
        },
    ),
    Template(
        "{symbol} is a human gene.",
        {
            "name": "The human gene {symbol} has the full name {name}.",
            "aliases": "Other symbols of it include {fact}.",
            "type": "NCBI Gene lists it as {fact}.",
            "identifiers": "It is related to {fact}.",
            "location": "It is located on {fact}.",
            "function": "The Gene Ontology annotates its product with functions such as {fact}.",
            "process": "Processes annotated to it include {fact}.",
            "component": "Cellular components annotated to it include {fact}.",
            "summary": "{fact}",
            "finding": "One article reports: {fact}",
            "disease": "It has been linked to diseases such as {fact}.",
            "phenotype": "Diseases linked to it show phenotypes such as {fact}.",
        },
    ),
    Template(
        "{symbol} denotes a gene of Homo sapiens.",
        {
            "name": "{symbol} denotes {name}, a gene of Homo sapiens.",
            "summary": "{fact}",
            "process": "Annotations of the gene name biological processes such as {fact}.",
            "function": "Annotations of the gene name molecular functions such as {fact}.",
            "component": "Annotations of the gene name cellular components such as {fact}.",
            "disease": "The gene has been linked to diseases that include {fact}.",
            "phenotype": "Diseases linked to the gene come with phenotypes that include {fact}.",
            "type": "By its type the gene is {fact}.",
            "location": "Its place is {fact}.",
            "aliases": "Synonyms include {fact}.",
            "identifiers": "Cross-references lead to {fact}.",
            "finding": "The literature notes: {fact}",
        },
    ),
    Template(
        "A human gene bears the symbol {symbol}.",
        {
            "name": "The human gene known as {name} bears the symbol {symbol}.",
            "type": "This is {fact}.",
            "function": "It is annotated with functions that include {fact}.",
            "process": "It is annotated with processes that include {fact}.",
            "component": "It is annotated with locations that include {fact}.",
            "summary": "{fact}",
            "disease": "The diseases linked to this gene include {fact}.",
            "phenotype": "The phenotypes of diseases linked to this gene include {fact}.",
            "location": "This gene maps to {fact}.",
            "identifiers": "Entries of other databases for it include {fact}.",
            "aliases": "Alternative symbols include {fact}.",
            "finding": "It has been reported: {fact}",
        },
    ),
)
