"""UniProt's JSON: what the service gives as ``format=json``, one document or one entry a line."""

from collections.abc import Iterator
from pathlib import Path

from datamodules.sources.cross_reference import CrossReference
from datamodules.sources.json_documents import read_entries
from datamodules.sources.json_object import JsonObject
from datamodules.sources.tolerance import read_tolerantly
from datamodules.sources.uniprot_comments import FUNCTION, LOCATION, PATHWAY, TISSUE, Comments
from datamodules.sources.uniprot_disease import TOPIC as DISEASE
from datamodules.sources.uniprot_disease import ProteinDisease
from datamodules.sources.uniprot_record import (
    GoAnnotation,
    ProteinRecord,
    parse_accession,
    parse_go_annotation,
    sorted_go,
    sorted_references,
    unique,
)
from datamodules.sources.uniprot_text import phrase, prose
from geneverse_pl.exceptions import DataFormatError

_INACTIVE = "Inactive"


def read_protein_json(path: str | Path) -> Iterator[ProteinRecord]:
    """The proteins of a JSON file, in file order; entries that UniProt has withdrawn are passed over.

    The file is read in pieces: beside the record, about twice the text of one entry is held.

    Args:
        path: The file, plain or gzip: ``{"results": [...]}``, a list, or one entry a line.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file is no valid JSON, or an entry does not have the documented form.
    """
    file = Path(path).name

    def make(entry: JsonObject) -> ProteinRecord | None:
        try:
            return None if entry.text("entryType") == _INACTIVE else _protein(entry, file)
        except DataFormatError:
            raise
        except ValueError as error:
            raise entry.error(str(error)) from None

    entries = read_entries(path, "results", may_be_bare=True)
    for record in read_tolerantly(path, entries, make):
        if record is not None:
            yield record


def _protein(entry: JsonObject, file: str) -> ProteinRecord:
    names = _names(entry)
    genes = list(entry.children("genes"))
    organism = entry.child("organism")
    sequence = entry.child("sequence")
    comments = _comments(entry)
    kind = entry.text("entryType")
    pointers = list(entry.children("uniProtKBCrossReferences"))
    return ProteinRecord(
        accession=parse_accession(entry.needed_text("primaryAccession")),
        entry_name=entry.text("uniProtkbId"),
        reviewed=None if kind is None else "unreviewed" not in kind,
        name=names[0] if names else None,
        alternative_names=names[1:],
        genes=unique([_value(gene, "geneName") for gene in genes]),
        gene_synonyms=unique([name for gene in genes for name in _values(gene, "synonyms")]),
        organism=_organism(organism) if organism else None,
        taxon_id=organism.identifier("taxonId") if organism else None,
        length=sequence.integer("length") if sequence else None,
        functions=comments.functions,
        locations=comments.locations,
        tissues=comments.tissues,
        pathways=comments.pathways,
        keywords=tuple(sorted(unique([word.needed_text("name") for word in entry.children("keywords")]))),
        go=sorted_go(_go(pointers)),
        cross_references=sorted_references(_pointer(pointer) for pointer in pointers),
        diseases=comments.diseases,
        file=file,
        line=entry.line,
    )


def _value(parent: JsonObject, key: str) -> str:
    child = parent.child(key)
    return child.needed_text("value") if child else ""


def _values(parent: JsonObject, key: str) -> Iterator[str]:
    for child in parent.children(key):
        yield child.needed_text("value")


def _names(entry: JsonObject) -> tuple[str, ...]:
    """All names in the order in which flat files and tables have them."""
    description = entry.child("proteinDescription")
    if description is None:
        return ()
    recommended = description.child("recommendedName")
    whole = [recommended] if recommended else []
    whole += [*description.children("submissionNames"), *description.children("alternativeNames")]
    names = [name for one in whole for name in (_value(one, "fullName"), *_values(one, "shortNames"))]
    names += [_value(description, "allergenName"), _value(description, "biotechName")]
    names += [*_values(description, "cdAntigenNames"), *_values(description, "innNames")]
    return unique(names)


def _organism(organism: JsonObject) -> str | None:
    name = organism.text("scientificName")
    common = (organism.text("commonName"), *organism.texts("synonyms"))
    return name and " ".join([name, *(f"({other})" for other in common if other)])


def _comments(entry: JsonObject) -> Comments:
    texts: dict[str, list[str]] = {FUNCTION: [], TISSUE: [], PATHWAY: []}
    places: list[str] = []
    diseases: list[ProteinDisease] = []
    for comment in entry.children("comments"):
        topic = comment.needed_text("commentType")
        molecule = comment.text("molecule")
        about = "" if molecule is None else f"[{molecule}]: "
        if topic in texts and (text := _joined(comment)):
            texts[topic].append(about + text)
        elif topic == LOCATION:
            places += [about + place for place in _places(comment)]
        elif topic == DISEASE:
            diseases.append(_disease(comment, molecule))
    return Comments(
        functions=unique(texts[FUNCTION]),
        locations=unique(places),
        tissues=unique(texts[TISSUE]),
        pathways=unique([phrase(text) for text in texts[PATHWAY]]),
        diseases=tuple(dict.fromkeys(diseases)),
    )


def _joined(comment: JsonObject) -> str:
    return " ".join(text for value in _values(comment, "texts") if (text := prose(value)))


def _places(comment: JsonObject) -> Iterator[str]:
    for place in comment.children("subcellularLocations"):
        parts = (phrase(_value(place, key)) for key in ("location", "topology", "orientation"))
        yield "; ".join(part for part in parts if part)


def _disease(comment: JsonObject, molecule: str | None) -> ProteinDisease:
    disease = comment.child("disease")
    remark = comment.child("note")
    note = (_joined(remark) or None) if remark else None
    if disease is None:
        # Old comments are plain texts.
        note = note or _joined(comment) or None
        if note is None:
            raise comment.error("has a DISEASE comment with neither 'disease' nor 'note', expected one.")
        return ProteinDisease(None, note=note, molecule=molecule)
    pointer = disease.child("diseaseCrossReference")
    is_mim = pointer is not None and pointer.text("database") == "MIM"
    return ProteinDisease(
        name=disease.needed_text("diseaseId"),
        acronym=disease.text("acronym"),
        mim=pointer.identifier("id") if pointer and is_mim else None,
        description=prose(disease.text("description") or "") or None,
        note=note,
        molecule=molecule,
        accession=disease.text("diseaseAccession"),
    )


def _properties(pointer: JsonObject) -> dict[str, str]:
    return {one.needed_text("key"): one.text("value") or "" for one in pointer.children("properties")}


def _go(pointers: list[JsonObject]) -> Iterator[GoAnnotation]:
    for pointer in pointers:
        if pointer.text("database") == "GO":
            yield parse_go_annotation(pointer.needed_text("id"), _properties(pointer).get("GoTerm"))


def _pointer(pointer: JsonObject) -> CrossReference:
    database = pointer.needed_text("database")
    kind = _properties(pointer).get("Type") if database == "MIM" else None
    return CrossReference(database, pointer.needed_text("id"), kind or None)
