"""mmCIF and BinaryCIF: what wwPDB and AlphaFold DB write into a structure besides coordinates.

The items are those of the PDBx/mmCIF dictionary (https://mmcif.wwpdb.org) and of its extension for computed
models, ModelCIF.
"""

import io
import re
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from datamodules.sources.structure_cif_ranges import RANGE_ITEMS, cif_ranges
from datamodules.sources.structure_files import decode_structure_text
from datamodules.sources.structure_polymers import IN_POLYMER, NOT_IN_POLYMER, UNSAID
from datamodules.sources.structure_record import AnnotatedProtein, Annotation, ResidueRange
from geneverse_pl.exceptions import DataFormatError

if TYPE_CHECKING:
    from biotite.structure import AtomArray

_UNKNOWN = ("", "?", ".")
_ITEMS: Mapping[str, tuple[str, ...]] = {
    "entry": ("id",),
    "struct": ("title",),
    "struct_keywords": ("pdbx_keywords", "text"),
    "entity": ("id", "type", "pdbx_description", "pdbx_ec"),
    "entity_poly": ("entity_id", "type", "pdbx_strand_id", "pdbx_seq_one_letter_code_can"),
    "entity_src_gen": ("entity_id", "pdbx_gene_src_scientific_name", "pdbx_gene_src_gene"),
    "entity_src_nat": ("entity_id", "pdbx_organism_scientific"),
    "pdbx_entity_src_syn": ("entity_id", "organism_scientific"),
    "ma_target_ref_db_details": ("target_entity_id", "db_accession", "gene_name", "organism_scientific"),
    "struct_ref": ("entity_id", "db_name", "pdbx_db_accession"),
    "struct_conf": ("conf_type_id", "pdbx_PDB_helix_class", *RANGE_ITEMS),
    "struct_sheet_range": RANGE_ITEMS,
}
_EXTRA_ITEMS = {
    "b_factor": "B_iso_or_equiv",
    "occupancy": "occupancy",
    **{item: item for item in ("label_entity_id", "label_seq_id")},
}
_COORDINATES = ("Cartn_x", "Cartn_y", "Cartn_z")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)


def read_cif_block(path: str | Path, data: bytes, *, is_binary: bool) -> Any:
    """The first data block of a file, as biotite gives it.

    Args:
        path: The file, for errors.
        data: Its bytes, unpacked.
        is_binary: Whether they are BinaryCIF.

    Raises:
        DataFormatError: If there is none, or it has no atoms.
    """
    from biotite.structure.io.pdbx import BinaryCIFFile, CIFFile

    with _faults_named(path):
        if is_binary:
            file = BinaryCIFFile.read(io.BytesIO(data))
        else:
            file = CIFFile.read(io.StringIO(decode_structure_text(path, data)))
        block = next(iter(file.values()), None)
        has_atoms = block is not None and "atom_site" in block
    if not has_atoms:
        raise DataFormatError(path, "must hold the atoms of a structure (category atom_site), but has none.")
    return block


def cif_atoms(path: str | Path, block: Any, text: str = "") -> "AtomArray":
    """Atoms of the first model, the alternative with the highest occupancy of each.

    The annotation ``said_polymer`` has what entities and sequence numbers say of each atom.

    Args:
        path: The file, for errors.
        block: Its data block.
        text: Its text, where it has one, to find the line of a fault.

    Raises:
        DataFormatError: If they cannot be read, with the line where it is found.
    """
    from biotite.structure.io.pdbx import get_structure

    with _faults_named(path, text):
        extra = [name for name, item in _EXTRA_ITEMS.items() if item in block["atom_site"]]
        altloc = "occupancy" if "occupancy" in extra else "first"
        atoms = get_structure(block, model=1, altloc=altloc, extra_fields=extra)
        atoms.set_annotation("said_polymer", _said_polymer(block, atoms))
        for item in {"label_entity_id", "label_seq_id"} & {*extra}:
            atoms.del_annotation(item)
        return atoms


def _said_polymer(block: Any, atoms: "AtomArray") -> NDArray[np.int8]:
    """What a file says: the type of an atom's entity, else the numbers that links of a polymer alone have.

    Polysaccharides are none here: they were polymers in old files and are branched entities in new ones.
    """
    said = np.full(len(atoms), UNSAID, dtype=np.int8)
    given = atoms.get_annotation_categories()
    if "label_seq_id" in given:
        numbered = ~np.isin(atoms.label_seq_id, _UNKNOWN)
        if not numbered.all():  # some writers number ligands and water too
            said[numbered] = IN_POLYMER
    if "label_entity_id" in given:
        sugars = {
            row.get("entity_id")
            for row in _rows(block, "entity_poly")
            if row.get("type", "").startswith("polysaccharide")
        }
        for row in _rows(block, "entity"):
            if row.get("id") and row.get("type"):
                is_polymer = row["type"] == "polymer" and row["id"] not in sugars
                said[atoms.label_entity_id == row["id"]] = IN_POLYMER if is_polymer else NOT_IN_POLYMER
    return said


@contextmanager
def _faults_named(path: str | Path, text: str = "") -> Iterator[None]:
    """Turns whatever biotite raises at a damaged file into an error that names the file."""
    from biotite.file import DeserializationError, InvalidFileError
    from biotite.structure import BadStructureError

    try:
        yield
    except DataFormatError:
        raise
    except (
        *(DeserializationError, InvalidFileError, BadStructureError),
        *(ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError, MemoryError),
        *(AssertionError, struct.error),
    ) as error:
        reason_given = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        line, reason = _faulty_row(text) or (None, reason_given)
        if line is None:
            raise DataFormatError(path, f"cannot be read as CIF ({reason}). Download it again.") from error
        raise DataFormatError(path, f"{reason}. Download the file again.", line) from error


def _faulty_row(text: str) -> tuple[int, str] | None:
    """Line and fault of the first row of atoms that is too short or long or has no coordinates."""
    items: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("_atom_site."):
            items.append(line.strip().removeprefix("_atom_site."))
        elif items and line.startswith(("#", "_", "loop_", "data_")):
            return None
        elif items and line.strip():
            cells = line.split()
            if len(cells) != len(items):
                return number, f"has {len(cells)} values of an atom, expected {len(items)} as in its loop"
            for item, cell in zip(items, cells, strict=True):
                if item in _COORDINATES and not _NUMBER.fullmatch(cell):
                    return number, f"has the value {cell} of {item}, expected a number"
    return None


def cif_annotation(path: str | Path, block: Any) -> Annotation:
    """What a block says of its entry and its polypeptides.

    Args:
        path: The file, for errors.
        block: Its data block.

    Raises:
        DataFormatError: If a category cannot be read.
    """
    with _faults_named(path):
        keywords = _first(block, "struct_keywords", "text")
        return Annotation(
            title=_first(block, "struct", "title"),
            functional_class=_first(block, "struct_keywords", "pdbx_keywords"),
            keywords=tuple(dict.fromkeys(word.strip() for word in keywords.split(",") if word.strip())),
            proteins=_proteins(block),
            secondary=_secondary(path, block),
            is_alphafold=_is_alphafold(block),
        )


def _rows(block: Any, category: str) -> list[dict[str, str]]:
    """Rows of a category; unknown values are empty and white space is single.

    Items that are not used are not decoded, as they may be damaged without harm.
    """
    if category not in block:
        return []
    columns = {
        name: [" ".join(str(value).split()) for value in block[category][name].as_array(str)]
        for name in _ITEMS[category]
        if name in block[category]
    }
    return [
        {name: "" if value in _UNKNOWN else value for name, value in zip(columns, row, strict=True)}
        for row in zip(*columns.values(), strict=True)
    ]


def _first(block: Any, category: str, item: str) -> str:
    return next((row[item] for row in _rows(block, category) if row.get(item)), "")


def _by_entity(block: Any, category: str) -> Mapping[str, dict[str, str]]:
    """The first row of each entity."""
    rows: dict[str, dict[str, str]] = {}
    for row in _rows(block, category):
        rows.setdefault(row.get("entity_id", ""), row)
    return rows


def _proteins(block: Any) -> tuple[AnnotatedProtein, ...]:
    entities = {row["id"]: row for row in _rows(block, "entity") if row.get("id")}
    sources = {
        **_by_entity(block, "pdbx_entity_src_syn"),
        **_by_entity(block, "entity_src_nat"),
        **_by_entity(block, "entity_src_gen"),
    }
    details = {row.get("target_entity_id", ""): row for row in _rows(block, "ma_target_ref_db_details")}
    accessions = _accessions(block)
    proteins = []
    for row in _rows(block, "entity_poly"):
        if not row.get("type", "polypeptide").startswith("polypeptide"):
            continue
        key = row.get("entity_id", "")
        entity, source, detail = entities.get(key, {}), sources.get(key, {}), details.get(key, {})
        chain_ids = tuple(name.strip() for name in row.get("pdbx_strand_id", "").split(",") if name.strip())
        sequence = row.get("pdbx_seq_one_letter_code_can", "").replace(" ", "").upper()
        proteins.append(
            AnnotatedProtein(
                chain_ids=chain_ids,
                name=entity.get("pdbx_description", ""),
                organism=_either(
                    (source, "pdbx_gene_src_scientific_name"),
                    (source, "pdbx_organism_scientific"),
                    (source, "organism_scientific"),
                    (detail, "organism_scientific"),
                ),
                gene=_either((source, "pdbx_gene_src_gene"), (detail, "gene_name")),
                accession=accessions.get(key, "") or detail.get("db_accession", ""),
                ec_numbers=tuple(ec.strip() for ec in entity.get("pdbx_ec", "").split(",") if ec.strip()),
                sequences=(sequence,) * len(chain_ids) if sequence else (),
            )
        )
    return tuple(proteins)


def _either(*places: tuple[Mapping[str, str], str]) -> str:
    return next((row[item] for row, item in places if row.get(item)), "")


def _accessions(block: Any) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for row in _rows(block, "struct_ref"):
        if row.get("db_name") == "UNP":
            found.setdefault(row.get("entity_id", ""), row.get("pdbx_db_accession", ""))
    return found


def _secondary(path: str | Path, block: Any) -> tuple[ResidueRange, ...] | None:
    if "struct_conf" not in block and "struct_sheet_range" not in block:
        return None
    conformations, strands = _rows(block, "struct_conf"), _rows(block, "struct_sheet_range")
    return cif_ranges(path, conformations, strands, block["atom_site"])


def _is_alphafold(block: Any) -> bool:
    title = _first(block, "struct", "title").lower()
    return _first(block, "entry", "id").startswith("AF-") or title.startswith("alphafold ")
