"""The two files: entities with their classes, and pairs of them that are true or false."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import chain
from pathlib import Path

from geneverse_pl.whole_file import write_whole

ENTITIES_FILE, RELATIONS_FILE = "entities.tsv", "relations.tsv"


@dataclass(frozen=True, slots=True)
class EntityRow:
    """An entity and its classes; a class that is not known is blank.

    Args:
        id: Its id.
        name: How it is mentioned: the symbol of a gene, the name of another entity.
        kind: ``gene``, ``disease`` or ``phenotype``.
        group: What must not be parted when a probe is fitted and tested: the family of a gene, the numbered
            forms of one disease.
        family: Family of a gene, by its symbol.
        organ_system: Branch of the Human Phenotype Ontology that most of its phenotypes lie under.
        go: A GO term of a gene.
    """

    id: str
    name: str
    kind: str
    group: str
    family: str = ""
    organ_system: str = ""
    go: str = ""


@dataclass(frozen=True, slots=True)
class PairRow:
    """Two entities.

    Args:
        subject: Id of the first.
        object: Id of the second.
        relation: Name of the relation.
        label: 1 if it holds, 0 if not.
    """

    subject: str
    object: str
    relation: str
    label: int


def write_tables(folder: Path, entities: Iterable[EntityRow], pairs: Iterable[PairRow]) -> tuple[Path, Path]:
    """Writes ``entities.tsv`` and ``relations.tsv``, each whole or not at all; older ones are replaced.

    Args:
        folder: Folder of the files; it is made.
        entities: The entities.
        pairs: The pairs.

    Returns:
        The two files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tables: tuple[tuple[str, type[EntityRow | PairRow], Iterable[EntityRow | PairRow]], ...] = (
        (ENTITIES_FILE, EntityRow, entities),
        (RELATIONS_FILE, PairRow, pairs),
    )
    for name, row_type, rows in tables:
        columns = [column.name for column in fields(row_type)]
        cells = ([str(value) for value in asdict(row).values()] for row in rows)
        write_whole(folder / name, map(_line, chain([columns], cells)))
    return folder / ENTITIES_FILE, folder / RELATIONS_FILE


def _line(cells: Sequence[str]) -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter="\t", lineterminator="\n").writerow(cells)
    return stream.getvalue()
