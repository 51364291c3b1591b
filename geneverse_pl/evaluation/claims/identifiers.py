"""Identifiers of genes, proteins, terms and diseases in running text."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_LETTERS = re.compile(r"[A-Z_]*")


@dataclass(frozen=True)
class Identifier:
    """An identifier in its shortest form.

    Args:
        database: One of :data:`PATTERNS`.
        accession: The id without the database's name, upper case.
    """

    database: str
    accession: str

    @property
    def kind(self) -> str:
        """Its database; of Ensembl and RefSeq with the letters that tell genes from transcripts."""
        letters = _LETTERS.match(self.accession) if self.database in ("Ensembl", "RefSeq") else None
        return self.database + (letters[0] if letters else "")

    def __str__(self) -> str:
        return f"{self.database}:{self.accession}"


# What may stand between a database's name and a number of it: HGNC gene ID 11998, MIM entry number 191170.
_CALLED = (
    r"(?: (?:gene |phenotype )?(?:(?:ID|identifier|accession|entry|number)\b|no\.)(?: number| ID)?"
    r"(?: is(?=:? ?\d))?)"
)


def _term_pattern(prefix: str) -> re.Pattern[str]:
    """``HP:1250`` and, with all seven digits, ``hp:0001250`` and ``HP_0001250`` as ontologies' addresses."""
    return re.compile(rf"\b(?:{prefix}:\s?|(?i:{prefix})[:_](?=\d{{7}}\b))(?P<id>\d+)")


#: Database -> pattern of its identifiers, the accession in the group ``id``, version or isoform behind it.
#: Earlier ones win where two overlap. Lengths are wider than valid ones: a malformed identifier is a claim
#: too, and a false one.
PATTERNS: Mapping[str, re.Pattern[str]] = {
    "AllianceGenome": re.compile(r"\bAlliance ?Genome[:\s]+(?:HGNC:)?(?P<id>\d+)", re.IGNORECASE),
    "HGNC": re.compile(rf"\bHGNC{_CALLED}?[:\s#*]+(?:HGNC:)?(?P<id>\d+)", re.IGNORECASE),
    "Ensembl": re.compile(r"\b(?P<id>ENS[A-Z]{0,4}[GTP]\d+)(?:\.\d+)?\b"),
    "MIM": re.compile(rf"\bO?MIM{_CALLED}?[:\s#*+%]*(?P<id>\d{{4,7}})\b", re.IGNORECASE),
    "GO": _term_pattern("GO"),
    "HP": _term_pattern("HP"),
    "MONDO": _term_pattern("MONDO"),
    "ORPHA": re.compile(r"\bORPHA(?:NET)?:\s?(?P<id>\d+)", re.IGNORECASE),
    "NCBI Gene": re.compile(
        # "MGI gene ID 98834" is of mouse, by a database that is not read here.
        r"\b(?:NCBI ?Gene|Entrez(?: ?Gene)?|(?<!MGI )(?<!RGD )(?<!Ensembl )Gene ?ID)"
        r"(?: ?ID)?(?:\s+is)?[:\s#*]*(?P<id>\d+)\b",
        re.IGNORECASE,
    ),
    # P2RY12 is a gene and has the form of an accession, so the database must be named.
    "UniProt": re.compile(
        r"\b(?:UniProt(?:KB)?|Swiss-?Prot)(?:[/ ](?:KB|Swiss-?Prot|accession|entry|ID|number)){0,4}"
        r"(?:\s+is)?[:\s(*]*(?P<id>[OPQ]\d[A-Z0-9]{3}\d|[A-NR-Z]\d(?:[A-Z][A-Z0-9]{2}\d){1,2})\b"
        r"(?:-\d{1,3}\b)?"
    ),
    "RefSeq": re.compile(r"\b(?P<id>[NX][MPRGC]_\d+)(?:\.\d+)?\b"),
}
#: Databases in which a gene has one entry or few, so that another one contradicts the record.
GENE_DATABASES = frozenset({"AllianceGenome", "HGNC", "Ensembl", "NCBI Gene", "UniProt"})
_NAMES = {name.casefold(): name for name in PATTERNS} | {
    "omim": "MIM",
    "hpo": "HP",
    "hp": "HP",
    "orphanet": "ORPHA",
    "ncbigene": "NCBI Gene",
    "geneid": "NCBI Gene",
    "entrez": "NCBI Gene",
    "uniprotkb": "UniProt",
}


def find_identifiers(text: str) -> Iterator[tuple[int, int, Identifier]]:
    """Start, end and identifier of each one in a text, database by database, none inside another.

    Args:
        text: Any text.
    """
    for database, match in match_identifiers(text):
        yield *match.span(), Identifier(database, match["id"].upper())


def match_identifiers(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    """Database and match of each identifier in a text, database by database, none inside another.

    Args:
        text: Any text. Time grows with its length alone.
    """
    taken = bytearray(len(text))
    for database, pattern in PATTERNS.items():
        for match in pattern.finditer(text):
            start, end = match.span()
            if taken.find(1, start, end) < 0:
                taken[start:end] = b"\x01" * (end - start)
                yield database, match


def parse_identifier(text: str, database: str) -> Identifier | None:
    """An identifier as files write it (``HGNC:11998``, ``191170``, ``OMIM:191170``).

    Args:
        text: The identifier, with or without a prefix.
        database: Its database; empty where the prefix tells it.

    Returns:
        None for a database that :data:`PATTERNS` does not have.
    """
    prefix, _, accession = text.strip().rpartition(":")
    name = _NAMES.get((database or prefix).casefold())
    return None if name is None or not accession else Identifier(name, accession.upper())
