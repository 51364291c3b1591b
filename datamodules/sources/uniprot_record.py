"""What UniProt knows of a protein: one record for each of its formats."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

from datamodules.sources.cells import parse_go_id
from datamodules.sources.cross_reference import CrossReference
from datamodules.sources.uniprot_disease import ProteinDisease

GoAspect = Literal["C", "F", "P"]

#: Databases whose entries a record points to; UniProt has some 180, which are passed over.
CROSS_REFERENCE_DATABASES = ("DisGeNET", "GeneID", "HGNC", "MIM", "Orphanet")

_ACCESSION = re.compile(r"[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9](?:[A-Z][A-Z0-9]{2}[0-9]){1,2}")


@dataclass(frozen=True, slots=True)
class GoAnnotation:
    """A term of the Gene Ontology that a protein has.

    Args:
        id: The term, such as ``GO:0005737``.
        term: Its name, if the file gives it.
        aspect: ``C`` cellular component, ``F`` molecular function, ``P`` biological process, if known.
    """

    id: str
    term: str | None = None
    aspect: GoAspect | None = None


@dataclass(frozen=True, slots=True)
class ProteinRecord:
    """One entry of UniProt. What a file does not give is None or empty.

    Args:
        accession: Primary accession, such as ``P04637``.
        entry_name: Name of the entry, such as ``P53_HUMAN``.
        reviewed: Whether it is of Swiss-Prot, not of TrEMBL.
        name: Recommended name of the protein, or the first submitted one.
        alternative_names: Its other names, short names among them, in the order of the entry; names of what
            it contains or is cleaved into are left out.
        genes: Primary names of the genes that encode it.
        gene_synonyms: Their synonyms.
        organism: Scientific name, with the common one in parentheses.
        taxon_id: NCBI taxonomy id of the organism, digits.
        length: Number of amino acids.
        functions: Texts on function, one a comment, without marks of evidence. A text on one isoform or chain
            begins with its name, as in ``[Isoform 2]:``; in the next three fields too.
        locations: Places in the cell with their topology, without notes.
        tissues: Texts on tissue specificity.
        pathways: Pathways.
        keywords: Keywords, sorted.
        go: Terms of the Gene Ontology, sorted by id.
        cross_references: Entries of :data:`CROSS_REFERENCE_DATABASES`, sorted.
        diseases: What is said of diseases.
        file: Name of the file, without its folder. Not part of equality.
        line: 1-based line on which the entry begins; 1 for all if a file is one line. Not part of equality.
    """

    accession: str
    entry_name: str | None
    reviewed: bool | None
    name: str | None
    alternative_names: tuple[str, ...]
    genes: tuple[str, ...]
    gene_synonyms: tuple[str, ...]
    organism: str | None
    taxon_id: str | None
    length: int | None
    functions: tuple[str, ...]
    locations: tuple[str, ...]
    tissues: tuple[str, ...]
    pathways: tuple[str, ...]
    keywords: tuple[str, ...]
    go: tuple[GoAnnotation, ...]
    cross_references: tuple[CrossReference, ...]
    diseases: tuple[ProteinDisease, ...]
    file: str = field(compare=False)
    line: int = field(compare=False)

    @property
    def gene(self) -> str | None:
        """Primary name of the first gene, the only one in most entries."""
        return self.genes[0] if self.genes else None

    def ids(self, database: str) -> tuple[str, ...]:
        """Ids of the entries that it points to in one of :data:`CROSS_REFERENCE_DATABASES`."""
        return tuple(pointer.id for pointer in self.cross_references if pointer.database == database)


def parse_accession(text: str) -> str:
    """An accession of UniProt.

    Raises:
        ValueError: If it has another form; the message goes on from "line 17 ".
    """
    if not _ACCESSION.fullmatch(text):
        raise ValueError(f"has the accession {text!r}, expected one of UniProt such as P04637 or A0A024RBG1.")
    return text


def parse_go_annotation(go_id: str, described: str | None) -> GoAnnotation:
    """A term from its id and UniProt's description, such as ``C:centrosome``.

    Raises:
        ValueError: If the id or the description has another form; the message goes on from "line 17 ".
    """
    parse_go_id(go_id)
    if not described:
        return GoAnnotation(go_id)
    aspect, _, term = described.partition(":")
    if aspect not in ("C", "F", "P") or not term:
        raise ValueError(f"describes {go_id} as {described[:40]!r}, expected C:, F: or P: and a name.")
    return GoAnnotation(go_id, term, cast(GoAspect, aspect))


def sorted_go(terms: Iterable[GoAnnotation]) -> tuple[GoAnnotation, ...]:
    """Each term once, sorted by id; one with a name is kept before one without."""
    ranked = sorted(terms, key=lambda term: (term.id, term.term is None))
    return tuple({term.id: term for term in reversed(ranked)}.values())[::-1]


def sorted_references(pointers: Iterable[CrossReference]) -> tuple[CrossReference, ...]:
    """The pointers to :data:`CROSS_REFERENCE_DATABASES`, each once, sorted."""
    return tuple(sorted({one for one in pointers if one.database in CROSS_REFERENCE_DATABASES}))


def unique(texts: Sequence[str]) -> tuple[str, ...]:
    """Each text that is not empty once, in order."""
    return tuple(dict.fromkeys(text for text in texts if text))
