"""What the cells of many tables hold: texts, lists and identifiers.

Each ``parse_*`` function raises a ``ValueError`` whose text goes on from "line 17 "; readers add the place.
"""

import re
from collections.abc import Collection

#: How most files write that they have nothing.
NULLS = ("", "-")

_GENE_ID = re.compile(r"(?:NCBIGene:)?([0-9]+)")
_GO_ID = re.compile(r"GO:[0-9]{7}")
_MIM_NUMBER = re.compile(r"[0-9]{6}")


def parse_text(text: str, nulls: Collection[str] = NULLS) -> str | None:
    """A text without outer spaces, or None where the file has none."""
    text = text.strip()
    return None if text in nulls else text


def parse_list(text: str, separator: str = "|", nulls: Collection[str] = NULLS) -> tuple[str, ...]:
    """The items of a list in file order, without outer spaces and without nulls."""
    return tuple(item for part in text.split(separator) if (item := parse_text(part, nulls)))


def parse_gene_id(text: str) -> str:
    """An NCBI Gene id as digits; ``NCBIGene:64170`` gives ``64170``."""
    match = _GENE_ID.fullmatch(text)
    if match is None:
        raise ValueError(
            f"has the gene id {text!r}, expected an NCBI Gene id such as 64170 or NCBIGene:64170."
        )
    return match[1]


def parse_optional_gene_id(text: str, nulls: Collection[str] = NULLS) -> str | None:
    """An NCBI Gene id, or None where the file has none."""
    return None if parse_text(text, nulls) is None else parse_gene_id(text)


def parse_mim_number(text: str) -> str:
    """The number of an entry of OMIM, six digits."""
    if not _MIM_NUMBER.fullmatch(text):
        raise ValueError(f"has the MIM number {text!r}, expected six digits, as in 100100.")
    return text


def parse_go_id(text: str) -> str:
    """An id of the Gene Ontology."""
    if not _GO_ID.fullmatch(text):
        raise ValueError(f"has the GO id {text!r}, expected GO: and seven digits, as in GO:0008150.")
    return text
