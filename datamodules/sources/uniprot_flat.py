"""UniProt's flat files: ``uniprot_sprot.dat``, and what the service gives as ``format=txt``.

Format: https://web.expasy.org/docs/userman.html
"""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from datamodules.sources.coded_lines import CodedEntry, read_coded_entries, unwrap
from datamodules.sources.cross_reference import CrossReference
from datamodules.sources.tolerance import read_tolerantly
from datamodules.sources.uniprot_comments import TOPICS, Comments, parse_comments
from datamodules.sources.uniprot_record import (
    GoAnnotation,
    ProteinRecord,
    parse_accession,
    parse_go_annotation,
    sorted_go,
    sorted_references,
    unique,
)
from datamodules.sources.uniprot_text import phrase, plain
from geneverse_pl.exceptions import DataFormatError

_CODES = ("ID", "AC", "DE", "GN", "OS", "OX", "CC", "DR", "KW")
_ID = re.compile(r"(\S+)\s+(Reviewed|Unreviewed);\s+([0-9]{1,9}) AA\.")
_TAXON = re.compile(r"NCBI_TaxID=([0-9]+)")
_COMMENT = re.compile(r"-!- ([A-Z][A-Z ]*):\s*(.*)")
_NAME = re.compile(r"(?:(RecName|AltName|SubName): )?(Full|Short|CD_antigen|INN|Allergen|Biotech|EC)=(.*)")
_OF_PARTS = ("Contains:", "Includes:")


def read_protein_flat_file(path: str | Path) -> Iterator[ProteinRecord]:
    """The proteins of a flat file, in file order. References, features and sequences are passed over.

    Args:
        path: The file, plain or gzip.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file or a line that is read does not have the documented form.
    """
    return read_tolerantly(path, read_coded_entries(path, _CODES), partial(_protein, path))


def _protein(path: str | Path, entry: CodedEntry) -> ProteinRecord:
    match = _ID.fullmatch(entry.joined("ID"))
    if match is None:
        message = "must be an ID line such as 'ID   P53_HUMAN   Reviewed;   393 AA.'. Download it again."
        raise DataFormatError(path, message, entry.line)
    names = _names(entry)
    genes, synonyms = _genes(entry)
    taxon = _TAXON.match(entry.joined("OX"))
    keywords = phrase(entry.joined("KW"))
    try:
        accession = parse_accession(entry.joined("AC").partition(";")[0])
        comments = _comments(entry)
    except ValueError as error:
        raise DataFormatError(path, f"begins an entry that {error}", entry.line) from None
    go, pointers = _pointers(path, entry)
    return ProteinRecord(
        accession=accession,
        entry_name=match[1],
        reviewed=match[2] == "Reviewed",
        name=names[0] if names else None,
        alternative_names=names[1:],
        genes=genes,
        gene_synonyms=synonyms,
        organism=entry.joined("OS").removesuffix(".") or None,
        taxon_id=taxon[1] if taxon else None,
        length=int(match[3]),
        functions=comments.functions,
        locations=comments.locations,
        tissues=comments.tissues,
        pathways=comments.pathways,
        keywords=tuple(sorted(unique([word.strip() for word in keywords.split(";")]))),
        go=sorted_go(go),
        cross_references=sorted_references(pointers),
        diseases=comments.diseases,
        file=Path(path).name,
        line=entry.line,
    )


def _names(entry: CodedEntry) -> tuple[str, ...]:
    names = []
    for text in entry.texts("DE"):
        if text in _OF_PARTS:
            # Names of parts and products follow, up to the end.
            break
        match = _NAME.fullmatch(text.strip().removesuffix(";"))
        if match and match[2] != "EC":
            names.append(plain(match[3]))
    return unique(names)


def _genes(entry: CodedEntry) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the genes and their synonyms; names of loci and reading frames are passed over."""
    names: list[str] = []
    synonyms: list[str] = []
    # A line "and" stands between genes; as each part has its key, they may be read as one.
    text = plain(unwrap([text for text in entry.texts("GN") if text != "and"]))
    for part in text.split(";"):
        key, _, value = part.strip().partition("=")
        if key == "Name":
            names.append(value.strip())
        elif key == "Synonyms":
            synonyms += [name.strip() for name in value.split(", ")]
    return unique(names), unique(synonyms)


def _comments(entry: CodedEntry) -> Comments:
    comments: dict[str, list[list[str]]] = {}
    current: list[str] = []
    for text in entry.texts("CC"):
        if text.startswith("----"):
            # The licence follows.
            break
        match = _COMMENT.fullmatch(text)
        if match:
            current = [match[2]]
            comments.setdefault(match[1], []).append(current)
        else:
            current.append(text)
    return parse_comments({topic: [unwrap(text) for text in comments.get(topic, ())] for topic in TOPICS})


def _pointers(path: str | Path, entry: CodedEntry) -> tuple[list[GoAnnotation], list[CrossReference]]:
    go, pointers = [], []
    for line, text in entry.lines.get("DR", ()):
        database, *fields = text.split("; ")
        if not fields:
            message = f"is the cross-reference {text[:60]!r}, expected 'DATABASE; id; ...'."
            raise DataFormatError(path, message, line)
        if database == "GO":
            try:
                go.append(parse_go_annotation(fields[0], "; ".join(fields[1:-1]) or None))
            except ValueError as error:
                raise DataFormatError(path, str(error), line) from None
        else:
            kind = fields[1].rstrip(".") if len(fields) > 1 else ""
            is_kind = database == "MIM" and kind in ("gene", "phenotype", "gene+phenotype")
            pointers.append(CrossReference(database, fields[0].rstrip(".;"), kind if is_kind else None))
    return go, pointers
