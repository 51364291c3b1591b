"""OMIM entries with their genes and MedGen concepts: NCBI's ``mim2gene_medgen``. Every row is of human.

Format: https://ftp.ncbi.nlm.nih.gov/gene/DATA/README
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from datamodules.sources.cells import parse_list, parse_mim_number, parse_optional_gene_id, parse_text
from datamodules.sources.table_records import read_records

MimType = Literal["gene", "phenotype"]

_MIM_TYPES: dict[str, MimType] = {"gene": "gene", "phenotype": "phenotype"}
_MEDGEN_CUI = re.compile(r"CN?[0-9]+")


@dataclass(frozen=True, slots=True)
class MimGene:
    """One row of ``mim2gene_medgen``.

    Args:
        mim_number: Entry of OMIM, six digits.
        gene_id: NCBI Gene id, digits, if a gene is known.
        mim_type: What the entry is about: ``gene`` or ``phenotype``.
        sources: Who says so, such as ``GeneMap`` and ``GeneReviews``; in file order.
        medgen_cui: Concept of MedGen, such as ``C0033770`` or ``CN130003``, if there is one.
        comments: Marks of the curators, such as ``susceptibility`` or ``nondisease``; empty in files without
            that column.
        file: Name of the file, without its folder. Not part of equality.
        line: 1-based line in it. Not part of equality.
    """

    mim_number: str
    gene_id: str | None
    mim_type: MimType
    sources: tuple[str, ...]
    medgen_cui: str | None
    comments: tuple[str, ...]
    file: str = field(compare=False)
    line: int = field(compare=False)

    @property
    def is_association(self) -> bool:
        """Whether the row links a phenotype to a gene; other rows only place one of the two."""
        return self.mim_type == "phenotype" and self.gene_id is not None


def read_mim2gene_medgen(path: str | Path) -> Iterator[MimGene]:
    """The rows of ``mim2gene_medgen``, in file order, each once.

    An entry may stand in several rows, one for each of its genes.

    Args:
        path: The file, plain or gzip, with or without the column ``Comment``.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file, its header or a value does not have the documented form.
    """
    split = partial(parse_list, separator=";")
    parsers: dict[str, Callable[[str], object]] = {
        "MIM number": parse_mim_number,
        "GeneID": parse_optional_gene_id,
        "type": _parse_mim_type,
        "Source": split,
        "MedGenCUI": _parse_medgen_cui,
        "Comment": split,
    }
    return read_records(path, MimGene, parsers, optional=("Comment",))


def _parse_mim_type(text: str) -> MimType:
    if text not in _MIM_TYPES:
        raise ValueError(f"has the type {text!r}, expected one of {', '.join(_MIM_TYPES)}.")
    return _MIM_TYPES[text]


def _parse_medgen_cui(text: str) -> str | None:
    if parse_text(text) is not None and not _MEDGEN_CUI.fullmatch(text):
        raise ValueError(f"has the MedGen concept {text!r}, expected C or CN and digits, as in C0033770.")
    return parse_text(text)
