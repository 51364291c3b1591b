"""UniProt's tables: what the service gives as ``format=tsv``, with the columns that were asked for."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from datamodules.sources.cross_reference import CrossReference
from datamodules.sources.table_columns import find_columns
from datamodules.sources.tables import read_table
from datamodules.sources.tolerance import current_tolerance
from datamodules.sources.uniprot_comments import FUNCTION, LOCATION, PATHWAY, TISSUE, parse_comments
from datamodules.sources.uniprot_disease import TOPIC as DISEASE
from datamodules.sources.uniprot_record import (
    CROSS_REFERENCE_DATABASES,
    GoAnnotation,
    ProteinRecord,
    parse_accession,
    parse_go_annotation,
    sorted_go,
    sorted_references,
    unique,
)
from datamodules.sources.uniprot_text import split_comments, split_trailing_groups
from geneverse_pl.exceptions import DataFormatError

_COMMENT_COLUMNS = {
    "Function [CC]": FUNCTION,
    "Subcellular location [CC]": LOCATION,
    "Tissue specificity": TISSUE,
    "Pathway": PATHWAY,
    "Involvement in disease": DISEASE,
}
_ASPECT_COLUMNS = {
    "Gene Ontology (cellular component)": "C",
    "Gene Ontology (molecular function)": "F",
    "Gene Ontology (biological process)": "P",
}
_GO_IDS = "Gene Ontology IDs"
_OTHER_COLUMNS = (
    "Entry Name",
    "Reviewed",
    "Protein names",
    "Gene Names",
    "Gene Names (primary)",
    "Gene Names (synonym)",
    "Organism",
    "Organism (ID)",
    "Length",
    "Keywords",
    _GO_IDS,
)
#: Columns that are read, by the labels of the service; all but the first may be missing.
COLUMNS = (
    "Entry",
    *_OTHER_COLUMNS,
    *_COMMENT_COLUMNS,
    *_ASPECT_COLUMNS,
    *CROSS_REFERENCE_DATABASES,
)

_GO_TERM = re.compile(r"(?:^|; )(.+?) \[(GO:[0-9]{7})\](?=; |$)")
_PARTS = re.compile(r" \[(?:Cleaved into|Includes): .*")
_DIGITS = re.compile(r"[0-9]{1,9}")
_REVIEWED = {"reviewed": True, "unreviewed": False, "": None}
_FRAGMENTS = ("Fragment", "Fragments")


def read_protein_table(path: str | Path) -> Iterator[ProteinRecord]:
    """The proteins of a table, in file order.

    Labels of columns are compared without case and spaces, as they differ between releases. What has no
    column is None or empty in the records. In a table *Protein names* ends with all other names in
    parentheses, so a recommended name that itself ends with a word in parentheses loses it to them. If there
    are no columns of primary names and synonyms, the first of *Gene Names* counts as primary.

    Args:
        path: The file, plain or gzip.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file, its header or a cell does not have the documented form.
    """
    found = find_columns(path, COLUMNS[:1], COLUMNS[1:])
    file = Path(path).name
    tolerance = current_tolerance()
    num_read = 0
    for line, row in read_table(path, tuple(found.values())):
        cells = dict(zip(found, row, strict=True))
        try:
            record = _protein(cells, file, line)
        except ValueError as error:
            tolerance.skip(DataFormatError(path, str(error), line))
            continue
        num_read += 1
        yield record
    tolerance.check(path, num_read)


def _protein(cells: Mapping[str, str], file: str, line: int) -> ProteinRecord:
    names = _names(cells.get("Protein names", ""))
    genes, synonyms = _genes(cells)
    comments = parse_comments(
        {topic: split_comments(cells.get(column, ""), topic) for column, topic in _COMMENT_COLUMNS.items()}
    )
    return ProteinRecord(
        accession=parse_accession(cells["Entry"]),
        entry_name=cells.get("Entry Name") or None,
        reviewed=_reviewed(cells.get("Reviewed", "")),
        name=names[0] if names else None,
        alternative_names=names[1:],
        genes=genes,
        gene_synonyms=synonyms,
        organism=cells.get("Organism", "").strip() or None,
        taxon_id=_digits(cells.get("Organism (ID)", ""), "taxonomy id"),
        length=int(_digits(cells.get("Length", ""), "length") or 0) or None,
        functions=comments.functions,
        locations=comments.locations,
        tissues=comments.tissues,
        pathways=comments.pathways,
        keywords=tuple(sorted(unique([word.strip() for word in cells.get("Keywords", "").split(";")]))),
        go=sorted_go(_go(cells)),
        cross_references=sorted_references(_pointers(cells)),
        diseases=comments.diseases,
        file=file,
        line=line,
    )


def _reviewed(text: str) -> bool | None:
    if text.lower() not in _REVIEWED:
        raise ValueError(f"has {text!r} in the column Reviewed, expected reviewed or unreviewed.")
    return _REVIEWED[text.lower()]


def _digits(text: str, what: str) -> str | None:
    if text and not _DIGITS.fullmatch(text):
        raise ValueError(f"has the {what} {text!r}, expected digits.")
    return text or None


def _names(cell: str) -> tuple[str, ...]:
    name, groups = split_trailing_groups(_PARTS.sub("", " ".join(cell.split())))
    others = [
        group.removeprefix("CD antigen ").removeprefix("allergen ")
        for group in groups
        if group not in _FRAGMENTS and not group.startswith("EC ")
    ]
    return unique([name, *others])


def _genes(cells: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    primary, synonyms = cells.get("Gene Names (primary)"), cells.get("Gene Names (synonym)")
    if primary is None and synonyms is None:
        # Semicolons stand between genes, spaces between the names of one.
        groups = [group.split() for group in cells.get("Gene Names", "").split(";")]
        groups = [group for group in groups if group]
        return unique([group[0] for group in groups]), unique(
            [name for group in groups for name in group[1:]]
        )
    names = unique([name.strip() for name in (primary or "").split(";")])
    return names, unique((synonyms or "").replace(";", " ").split())


def _go(cells: Mapping[str, str]) -> Iterator[GoAnnotation]:
    for column, aspect in _ASPECT_COLUMNS.items():
        cell = cells.get(column, "").strip()
        position = 0
        for match in _GO_TERM.finditer(cell):
            if match.start() != position:
                break
            position = match.end()
            yield parse_go_annotation(match[2], f"{aspect}:{match[1]}")
        if position != len(cell):
            raise ValueError(
                f"has {cell[position : position + 40]!r} in {column}, expected 'name [GO:nnnnnnn]; ...'."
            )
    for go_id in cells.get(_GO_IDS, "").split(";"):
        if go_id.strip():
            yield parse_go_annotation(go_id.strip(), None)


def _pointers(cells: Mapping[str, str]) -> Iterator[CrossReference]:
    for database in CROSS_REFERENCE_DATABASES:
        for pointer in cells.get(database, "").split(";"):
            # An isoform may follow in brackets.
            identifier = pointer.partition("[")[0].strip()
            if identifier:
                yield CrossReference(database, identifier)
