"""UniProt's vocabulary of human diseases, ``humdisease.txt``."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from datamodules.sources.coded_lines import CodedEntry, read_coded_entries, unwrap
from datamodules.sources.cross_reference import CrossReference
from datamodules.sources.tolerance import read_tolerantly
from datamodules.sources.uniprot_text import phrase, prose
from geneverse_pl.exceptions import DataFormatError

_CODES = ("ID", "AC", "AR", "DE", "SY", "DR", "KW")
_ACCESSION = re.compile(r"DI-[0-9]{5,6}")


@dataclass(frozen=True, slots=True)
class VocabularyDisease:
    """One disease of ``humdisease.txt``.

    Args:
        accession: UniProt's accession, such as ``DI-00602``.
        name: Name, as in the comments of proteins.
        acronym: Acronym, as in the comments of proteins.
        definition: What the disease is.
        synonyms: Other names.
        cross_references: Entries in MIM, MeSH, MedGen and others, in the order of the file.
        keywords: Names of UniProt's keywords for it.
        file: Name of the file, without its folder. Not part of equality.
        line: 1-based line on which the entry begins. Not part of equality.
    """

    accession: str
    name: str
    acronym: str | None
    definition: str | None
    synonyms: tuple[str, ...]
    cross_references: tuple[CrossReference, ...]
    keywords: tuple[str, ...]
    file: str = field(compare=False)
    line: int = field(compare=False)

    @property
    def mim(self) -> str | None:
        """MIM number of the phenotype, the first if there are several."""
        return next((one.id for one in self.cross_references if one.database == "MIM"), None)


def read_disease_vocabulary(path: str | Path) -> Iterator[VocabularyDisease]:
    """The diseases of ``humdisease.txt``, in file order.

    Args:
        path: The file, plain or gzip.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file or an entry does not have the documented form.
    """
    return read_tolerantly(path, read_coded_entries(path, _CODES), partial(_disease, path))


def _disease(path: str | Path, entry: CodedEntry) -> VocabularyDisease:
    accession = entry.joined("AC").rstrip(".;")
    name = phrase(entry.joined("ID"))
    if not name or not _ACCESSION.fullmatch(accession):
        message = (
            f"begins an entry with the name {name!r} and the accession {accession!r}, expected a name "
            "and an accession such as DI-00602. Download it again."
        )
        raise DataFormatError(path, message, entry.line)
    return VocabularyDisease(
        accession=accession,
        name=name,
        acronym=phrase(entry.joined("AR")) or None,
        definition=prose(entry.joined("DE")) or None,
        synonyms=tuple(_sentences(entry.texts("SY"))),
        cross_references=tuple(_pointers(path, entry)),
        keywords=tuple(text.rstrip(".").rpartition(":")[2].strip() for text in entry.texts("KW")),
        file=Path(path).name,
        line=entry.line,
    )


def _sentences(lines: list[str]) -> Iterator[str]:
    """Names that end with a full stop; a long one goes on in the next line."""
    wrapped: list[str] = []
    for line in lines:
        wrapped.append(line)
        if line.rstrip().endswith("."):
            yield phrase(unwrap(wrapped))
            wrapped = []
    if wrapped:
        yield phrase(unwrap(wrapped))


def _pointers(path: str | Path, entry: CodedEntry) -> Iterator[CrossReference]:
    for line, text in entry.lines.get("DR", ()):
        database, *fields = (part.strip() for part in text.rstrip(" .").split(";"))
        if not database or not fields or not fields[0]:
            message = f"is the cross-reference {text[:60]!r}, expected 'DATABASE; id.'."
            raise DataFormatError(path, message, line)
        yield CrossReference(database, fields[0], fields[1] if len(fields) > 1 else None)
