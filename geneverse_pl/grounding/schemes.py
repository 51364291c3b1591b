"""The schemes of identifiers that are grounded: what has them, and how they are written."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from geneverse_pl.evaluation.claims.identifiers import find_identifiers, parse_identifier

#: Kinds of entities.
KINDS = ("gene", "protein", "phenotype", "disease", "go_term")


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a database writes its identifiers.

    Args:
        kinds: Kinds of the entities that have them.
        width: Digits of each, filled up with zeros; None where the number of digits varies.
        is_whole: Whether ids are unknown only where the table has ids of all ``kinds``: a number of OMIM that
            is no gene's may be a disease's.
    """

    kinds: tuple[str, ...]
    width: int | None = None
    is_whole: bool = False


#: Database, as in :data:`~geneverse_pl.evaluation.claims.identifiers.PATTERNS`, to its scheme. The Alliance
#: of Genome Resources uses the ids of HGNC for human genes, and has no ids of its own here.
SCHEMES: Mapping[str, Scheme] = {
    "HGNC": Scheme(("gene",)),
    "Ensembl": Scheme(("gene",), 11),
    "MIM": Scheme(("gene", "disease"), is_whole=True),
    "GO": Scheme(("go_term",), 7),
    "HP": Scheme(("phenotype",), 7),
    "MONDO": Scheme(("disease",), 7),
    "ORPHA": Scheme(("disease",)),
    "NCBI Gene": Scheme(("gene",)),
    "UniProt": Scheme(("protein", "gene")),
    "RefSeq": Scheme(("gene", "protein")),
}
_BORROWED = {"AllianceGenome": "HGNC"}
_MIM = re.compile(r"[1-9][0-9]{5}")


def scheme_of(database: str) -> str:
    """The scheme that a database's identifiers are looked up in.

    Args:
        database: One of :data:`~geneverse_pl.evaluation.claims.identifiers.PATTERNS`.
    """
    return _BORROWED.get(database, database)


def canonical(scheme: str, accession: str) -> str | None:
    """An accession with as many zeros as its scheme asks for; None where digits lack or are too many.

    Args:
        scheme: One of :data:`SCHEMES`.
        accession: The accession as a text has it, without the scheme's name.
    """
    letters = accession[: len(accession) - len(accession.lstrip("ENSGTP"))] if scheme == "Ensembl" else ""
    digits = accession[len(letters) :]
    if scheme in ("UniProt", "RefSeq") or not digits.isdecimal():
        return accession
    if not digits.isascii():
        digits = "".join(str(unicodedata.decimal(digit)) for digit in digits)
    if scheme == "MIM":
        return digits if _MIM.fullmatch(digits) else None
    width = SCHEMES[scheme].width or 1
    digits = digits.lstrip("0").zfill(width)
    return letters + digits if len(digits) == width or width == 1 else None


def parse_id(text: str) -> tuple[str, str] | None:
    """Scheme and accession of an id as files write it (``HGNC:5``, ``OMIM:191170``, ``ENSG00000141510``).

    Args:
        text: The id.

    Returns:
        None for what is no id of a scheme.
    """
    found = parse_identifier(text, "")
    if found is None:
        spans = list(find_identifiers(text))
        found = spans[0][2] if len(spans) == 1 and spans[0][:2] == (0, len(text)) else None
    if found is None:
        return None
    scheme = scheme_of(found.database)
    accession = canonical(scheme, found.accession)
    return None if accession is None else (scheme, accession)
