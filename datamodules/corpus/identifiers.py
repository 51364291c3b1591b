"""Identifiers of the corpus: one spelling for each, the vocabularies of each kind, and which comes first."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, get_args

from datamodules.sources.names import normalised_name

EntityKind = Literal["gene", "protein", "phenotype", "disease", "go_term"]
RelationKind = Literal[
    "gene_encodes_protein",
    "gene_disease",
    "gene_phenotype",
    "disease_phenotype",
    "protein_disease",
    "gene_go",
]
TextTopic = Literal["summary", "finding", "function"]

ENTITY_KINDS: tuple[EntityKind, ...] = get_args(EntityKind)
RELATION_KINDS: tuple[RelationKind, ...] = get_args(RelationKind)
TEXT_TOPICS: tuple[TextTopic, ...] = get_args(TextTopic)

#: Kinds of the subject and the object of each relation.
ENDS: Mapping[RelationKind, tuple[EntityKind, EntityKind]] = {
    "gene_encodes_protein": ("gene", "protein"),
    "gene_disease": ("gene", "disease"),
    "gene_phenotype": ("gene", "phenotype"),
    "disease_phenotype": ("disease", "phenotype"),
    "protein_disease": ("protein", "disease"),
    "gene_go": ("gene", "go_term"),
}

#: Stands before the normalised name of what a source gives no id for.
NAME = "NAME"

#: Vocabularies of each kind; an entity goes by its id in the first of them that it has an id in.
ORDER: Mapping[EntityKind, tuple[str, ...]] = {
    "gene": ("NCBIGene", "HGNC", "ENSEMBL", "OMIM", NAME),
    "protein": ("UniProt",),
    "phenotype": ("HP", "MEDGEN", "DBGAP", NAME),
    "disease": ("MONDO", "OMIM", "ORPHA", "MEDGEN", "DECIPHER", "DI", "MESH", NAME),
    "go_term": ("GO",),
}

#: Vocabularies whose entries are distinct by intent: no entity may have two ids of one of them.
DISTINCT: Mapping[EntityKind, frozenset[str]] = {
    "gene": frozenset({"NCBIGene", "HGNC"}),
    "protein": frozenset({"UniProt"}),
    "phenotype": frozenset({"HP"}),
    "disease": frozenset({"MONDO", "OMIM", "ORPHA"}),
    "go_term": frozenset({"GO"}),
}

_RANK = {(kind, name): rank for kind, names in ORDER.items() for rank, name in enumerate(names)}
_SPELLINGS = {
    "decipher": "DECIPHER",
    "di": "DI",
    "ensembl": "ENSEMBL",
    "geneid": "NCBIGene",
    "go": "GO",
    "hgnc": "HGNC",
    "hp": "HP",
    "hpo": "HP",
    "human phenotype ontology": "HP",
    "medgen": "MEDGEN",
    "mesh": "MESH",
    "mim": "OMIM",
    "mondo": "MONDO",
    "ncbigene": "NCBIGene",
    "omim": "OMIM",
    "ordo": "ORPHA",
    "orpha": "ORPHA",
    "orphanet": "ORPHA",
    "umls": "MEDGEN",
    "uniprot": "UniProt",
}
# Phenotypic series of OMIM (PS and digits) have no place here: they are groups of diseases.
_FORMS = {
    "DECIPHER": r"[0-9]+",
    "DI": r"[0-9]{5,6}",
    "ENSEMBL": r"ENSG[0-9]+",
    "GO": r"[0-9]{7}",
    "HGNC": r"[0-9]+",
    "HP": r"[0-9]{7}",
    "MEDGEN": r"CN?[0-9]+",
    "MESH": r"[A-Z][0-9]+",
    "MONDO": r"[0-9]{7}",
    "NCBIGene": r"[0-9]+",
    "OMIM": r"[0-9]{6}",
    "ORPHA": r"[0-9]+",
    "UniProt": r"[A-Z0-9]{6,10}",
}
_PATTERNS = {name: re.compile(form) for name, form in _FORMS.items()}


def identifier(database: str, accession: str) -> str | None:
    """An id in the spelling of the corpus, ``VOCABULARY:accession``.

    Args:
        database: Name of the vocabulary as a source has it, such as ``MIM``, ``Orphanet`` or ``UMLS``.
        accession: The id there; the vocabulary may be repeated before it, as in ``MONDO:0007947``,
            ``HGNC:5`` or ``ORPHA558``.

    Returns:
        None for a vocabulary that the corpus does not map, and for what is no entry of its vocabulary.
    """
    vocabulary = _SPELLINGS.get(database.strip().casefold())
    if vocabulary is None:
        return None
    local = accession.strip().rpartition(":")[2]
    if vocabulary in ("ORPHA", "DI"):
        local = local.removeprefix("ORPHA").removeprefix("DI-")
    return f"{vocabulary}:{local}" if _PATTERNS[vocabulary].fullmatch(local) else None


def known(kind: EntityKind, pairs: Iterable[tuple[str, str | None]]) -> tuple[str, ...]:
    """The ids of some pairs of database and accession that may stand for a kind, each once, the first first.

    Args:
        kind: The kind.
        pairs: As :func:`identifier` takes them; those without an accession are passed over.
    """
    found = {one for database, accession in pairs if accession and (one := identifier(database, accession))}
    return tuple(sorted((one for one in found if (kind, vocabulary(one)) in _RANK), key=order(kind)))


def parsed(text: str) -> str:
    """An id that its source writes with its vocabulary, such as ``OMIM:154700``; unknown ones as they are."""
    database, _, accession = text.partition(":")
    return identifier(database, accession) or text


def named(name: str) -> str:
    """The id of what a source names only; names that differ in case or punctuation give one id."""
    return f"{NAME}:{normalised_name(name) or name.strip().casefold()}"


def vocabulary(one: str) -> str:
    """The vocabulary of an id."""
    return one.partition(":")[0]


def own_identifiers(ids: Sequence[str]) -> list[str]:
    """Those ids of a gene that are surely its own, in their order.

    ``gene_info`` lists the OMIM entries of a gene's diseases with that of the gene. The corpus takes out
    those that another file tells to be diseases; which of several others is the gene's is not known.

    Args:
        ids: All ids that the corpus has of it.
    """
    of_omim = [one for one in ids if vocabulary(one) == "OMIM"]
    return [one for one in ids if one not in of_omim] if len(of_omim) > 1 else list(ids)


def order(kind: EntityKind) -> Callable[[str], tuple[int, str]]:
    """A key to sort ids of a kind by: the id that an entity goes by comes first."""
    return lambda one: (_RANK.get((kind, vocabulary(one)), len(_RANK)), one)
