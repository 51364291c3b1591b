"""The entries of OMIM: what each is about, its gene (``mim2gene.txt``) and its titles (``mimTitles.txt``)."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from datamodules.sources.cells import parse_mim_number, parse_optional_gene_id, parse_text
from datamodules.sources.omim_fields import MIM_NUMBER, parse_symbols, read_omim_records

EntryType = Literal["gene", "gene/phenotype", "phenotype", "predominantly phenotypes", "moved/removed"]
Prefix = Literal["Asterisk", "Plus", "Number Sign", "Percent", "NULL", "Caret"]

#: What the word before an entry's number says, and the sign it stands for.
PREFIXES: dict[Prefix, str] = {
    "Asterisk": "* gene",
    "Plus": "+ gene and phenotype in one entry",
    "Number Sign": "# phenotype, molecular basis known",
    "Percent": "% phenotype or its locus, molecular basis unknown",
    "NULL": "phenotype with suspected mendelian basis, or not clearly apart from another entry",
    "Caret": "^ moved to another entry, or removed",
}

_ENTRY_TYPES: dict[str, EntryType] = {
    "gene": "gene",
    "gene/phenotype": "gene/phenotype",
    "phenotype": "phenotype",
    "predominantly phenotypes": "predominantly phenotypes",
    "moved/removed": "moved/removed",
}
_PREFIXES: dict[str, Prefix] = {word: word for word in PREFIXES}
_ENTRY_TYPE = ("MIM Entry Type (see FAQ 1.3 at https://omim.org/help/faq)", "MIM Entry Type")
_MOVED = "MOVED TO"
_INCLUDED = ", INCLUDED"
_MIM_NUMBER_INSIDE = re.compile(r"(?<![0-9])[0-9]{6}(?![0-9])")


@dataclass(frozen=True, slots=True)
class MimEntry:
    """One row of ``mim2gene.txt``.

    Args:
        mim_number: The entry, six digits.
        entry_type: What it is about.
        gene_id: NCBI Gene id, digits, if there is one; phenotypes may have one too.
        gene_symbol: Symbol approved by HGNC, if there is one.
        ensembl_ids: Ensembl gene; in older files its transcript too.
        file: Name of the file, without its folder. Not part of equality.
        line: 1-based line in it. Not part of equality.
    """

    mim_number: str
    entry_type: EntryType
    gene_id: str | None
    gene_symbol: str | None
    ensembl_ids: tuple[str, ...]
    file: str = field(compare=False)
    line: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Title:
    """A title of an entry.

    Args:
        name: The title, in capitals as in the file.
        symbols: Symbols that stand for it, such as ``CORD2``.
    """

    name: str
    symbols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MimTitles:
    """One row of ``mimTitles.txt``.

    Args:
        prefix: Word for the sign before the number, see :data:`PREFIXES`.
        mim_number: The entry, six digits.
        preferred: Its title; of a moved entry the remark that it was moved.
        alternatives: Other titles of the same thing.
        included: Titles of other things that the entry also describes.
        moved_to: Entries that took the place of this one; empty if it stands or was removed for good.
        file: Name of the file, without its folder. Not part of equality.
        line: 1-based line in it. Not part of equality.
    """

    prefix: Prefix
    mim_number: str
    preferred: Title
    alternatives: tuple[Title, ...]
    included: tuple[Title, ...]
    moved_to: tuple[str, ...]
    file: str = field(compare=False)
    line: int = field(compare=False)

    @property
    def is_current(self) -> bool:
        """Whether the entry was neither moved nor removed."""
        return self.prefix != "Caret"


def read_mim2gene(path: str | Path) -> Iterator[MimEntry]:
    """The rows of ``mim2gene.txt``, in file order, each once.

    The file says which gene an entry belongs to, not which gene causes which phenotype.

    Args:
        path: The file, plain or gzip.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file, its header or a value does not have the documented form.
    """
    parsers: dict[str | tuple[str, ...], Callable[[str], object]] = {
        MIM_NUMBER: parse_mim_number,
        _ENTRY_TYPE: _parse_entry_type,
        "Entrez Gene ID (NCBI)": parse_optional_gene_id,
        "Approved Gene Symbol (HGNC)": parse_text,
        "Ensembl Gene ID (Ensembl)": parse_symbols,
    }
    return read_omim_records(path, MimEntry, parsers)


def read_mim_titles(path: str | Path) -> Iterator[MimTitles]:
    """The rows of ``mimTitles.txt``, in file order, each once.

    Args:
        path: The file, plain or gzip.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file, its header or a value does not have the documented form, or an entry was
            moved and no number says where to.
    """
    parsers: dict[str | tuple[str, ...], Callable[[str], object]] = {
        "Prefix": _parse_prefix,
        MIM_NUMBER: parse_mim_number,
        "Preferred Title; symbol": _parse_titles,
        "Alternative Title(s); symbol(s)": _parse_titles,
        "Included Title(s); symbols": _parse_titles,
    }
    return read_omim_records(path, _make_titles, parsers)


def _make_titles(
    prefix: Prefix,
    mim_number: str,
    preferred: tuple[Title, ...],
    alternatives: tuple[Title, ...],
    included: tuple[Title, ...],
    file: str,
    line: int,
) -> MimTitles:
    if not preferred:
        raise ValueError("lacks a preferred title, expected text in that column.")
    moved_to: tuple[str, ...] = ()
    if prefix == "Caret" and preferred[0].name.upper().startswith(_MOVED):
        moved_to = tuple(_MIM_NUMBER_INSIDE.findall(preferred[0].name))
        if not moved_to:
            raise ValueError(
                f"has the title {preferred[0].name!r}, expected six digits in it, as in {_MOVED} 100100."
            )
    # A second preferred title would be a mistake of the file; as an alternative it is not lost.
    return MimTitles(
        prefix, mim_number, preferred[0], preferred[1:] + alternatives, included, moved_to, file, line
    )


def _parse_entry_type(text: str) -> EntryType:
    if text not in _ENTRY_TYPES:
        raise ValueError(f"has the entry type {text!r}, expected one of {', '.join(_ENTRY_TYPES)}.")
    return _ENTRY_TYPES[text]


def _parse_prefix(text: str) -> Prefix:
    if text not in _PREFIXES:
        raise ValueError(f"has the prefix {text!r}, expected one of {', '.join(_PREFIXES)}.")
    return _PREFIXES[text]


def _parse_titles(text: str) -> tuple[Title, ...]:
    return tuple(title for item in text.split(";;") if (title := _parse_title(item)))


def _parse_title(text: str) -> Title | None:
    parts = [part.strip().removesuffix(_INCLUDED) for part in text.split(";")]
    return Title(parts[0], tuple(part for part in parts[1:] if part)) if parts[0] else None
