"""What a grounding table is written from, and a user's own table as tab-separated text."""

import csv
import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from geneverse_pl.exceptions import DataFormatError, unknown_choice
from geneverse_pl.grounding.schemes import KINDS, SCHEMES, parse_id

#: Columns of a table of one's own; ``kind`` and ``name`` must be there.
COLUMNS = ("kind", "id", "name", "aliases", "identifiers", "former_ids")
_SEPARATOR = "|"


@dataclass(frozen=True, slots=True)
class TableEntity:
    """A gene, protein, phenotype, disease or term of the Gene Ontology.

    Args:
        kind: One of :data:`~geneverse_pl.grounding.schemes.KINDS`.
        id: The id that it goes by, unique within its kind.
        name: Its name; the official symbol of a gene. Empty where there is none.
        aliases: Other names.
        identifiers: Ids in any scheme, such as ``HGNC:5``; those of other schemes are left out.
        former_ids: Ids that must not be used any more; this entity took their place.
        is_obsolete: Whether it was withdrawn and nothing took its place.
    """

    kind: str
    id: str
    name: str
    aliases: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    former_ids: tuple[str, ...] = ()
    is_obsolete: bool = False


@dataclass(frozen=True, slots=True)
class TableSource:
    """A file that a table was made from.

    Args:
        file: Its name.
        release: Its release, where it tells.
        licence: Its licence, where known.
        citation: What to cite, where known.
        sha256: Digest of its bytes, where it was read directly.
    """

    file: str
    release: str | None = None
    licence: str | None = None
    citation: str | None = None
    sha256: str | None = None


def file_source(path: Path, release: str | None = None) -> TableSource:
    """A file with its digest.

    Args:
        path: The file.
        release: Its release, where it tells.
    """
    with path.open("rb") as stream:
        return TableSource(path.name, release, sha256=hashlib.file_digest(stream, "sha256").hexdigest())


def read_tsv(path: str | Path) -> Iterator[TableEntity]:
    """Entities of a tab-separated file, UTF-8, with a header.

    Columns are :data:`COLUMNS`, in any order; ``|`` separates several aliases or ids, and there are no
    quotes. Where ``id`` is empty, an entity goes by its first identifier.

    Args:
        path: The file, plain or ``.gz``.

    Raises:
        DataFormatError: If it cannot be read, a column or a cell is missing, a kind or the scheme of an id is
            unknown.
    """
    path = Path(path)
    try:
        with _open(path) as stream:
            rows = csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
            header = next(rows, [])
            _check_header(path, header)
            for line, row in enumerate(rows, start=2):
                if row:
                    yield _entity(path, line, header, row)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise DataFormatError(path, f"cannot be read ({error}). Give a tab-separated file.") from error


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _check_header(path: Path, header: list[str]) -> None:
    for name in header:
        if name not in COLUMNS:
            raise DataFormatError(path, unknown_choice("column", name, COLUMNS), 1)
    missing = [name for name in ("kind", "name") if name not in header]
    if missing:
        message = f"must name the columns kind and name, and {', '.join(missing)} is missing. Add a header."
        raise DataFormatError(path, message, 1)


def _entity(path: Path, line: int, header: list[str], row: list[str]) -> TableEntity:
    if len(row) != len(header):
        raise DataFormatError(path, f"has {len(row)} columns, expected {len(header)}.", line)
    cells: Mapping[str, str] = dict(zip(header, (cell.strip() for cell in row), strict=True))
    kind, one = cells["kind"], cells.get("id", "")
    if kind not in KINDS:
        raise DataFormatError(path, unknown_choice("kind", kind, KINDS), line)
    aliases, ids, former = (_several(cells.get(name, "")) for name in COLUMNS[3:])
    for text in (*ids, *former):
        if parse_id(text) is None:
            message = f"must have ids of {', '.join(SCHEMES)}, as HGNC:5, got {text!r}. Correct it."
            raise DataFormatError(path, message, line)
    if not one and not ids:
        raise DataFormatError(path, "must have an id or an identifier, has neither. Add one.", line)
    return TableEntity(kind, one or ids[0], cells["name"], aliases, ids, former)


def _several(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for text in cell.split(_SEPARATOR) if (part := text.strip())))
