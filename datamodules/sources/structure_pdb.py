"""The PDB format (version 3.3): header records and atoms. Columns are those of wwPDB's format guide."""

import io
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from datamodules.sources.structure_cif_ranges import HELIX_CLASSES
from datamodules.sources.structure_polymers import said_by_sequence
from datamodules.sources.structure_record import HELIX, STRAND, AnnotatedProtein, Annotation, ResidueRange
from geneverse_pl.exceptions import DataFormatError

if TYPE_CHECKING:
    from biotite.structure import AtomArray

_ATOM_RECORDS = ("ATOM  ", "HETATM")
_COORDINATES = {"x": slice(30, 38), "y": slice(38, 46), "z": slice(46, 54)}
_FACTORS = (slice(54, 60), slice(60, 66))  # occupancy, B-factor


def pdb_atoms(path: str | Path, text: str) -> "AtomArray":
    """Atoms of the first model, the alternative with the highest occupancy of each.

    The annotation ``said_polymer`` has what the sequences (SEQRES) say of each atom.

    Args:
        path: The file, for errors.
        text: Its text.

    Raises:
        DataFormatError: If there are none or they cannot be read, with the line where it is known.
    """
    from biotite.file import InvalidFileError
    from biotite.structure import BadStructureError
    from biotite.structure.io.pdb import PDBFile

    lines = _first_model(text).splitlines()
    if not any(line.startswith(_ATOM_RECORDS) for line in lines):
        raise DataFormatError(path, "must hold the atoms of a structure (lines ATOM), but has none.")
    checked = "\n".join(_checked_line(path, number, line) for number, line in enumerate(lines, 1))
    try:
        file = PDBFile.read(io.StringIO(checked))
        atoms = file.get_structure(model=1, altloc="occupancy", extra_fields=["b_factor", "occupancy"])
    except (
        *(InvalidFileError, BadStructureError, ValueError, LookupError, TypeError, ArithmeticError),
        *(RuntimeError, MemoryError),
    ) as error:
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        message = f"has atoms that cannot be read ({reason}). Download it again."
        raise DataFormatError(path, message) from error
    sequences = _residues([line for line in lines if line.startswith("SEQRES")])
    atoms.set_annotation("said_polymer", said_by_sequence(atoms, sequences))
    return atoms


def pdb_annotation(text: str) -> Annotation:
    """What the header records say of the entry and its polypeptides."""
    records: dict[str, list[str]] = defaultdict(list)
    for line in text.splitlines():
        name = line[:6].strip()
        if name in ("ATOM", "HETATM", "MODEL"):
            break
        records[name].append(line)
    title = _joined(records["TITLE"])
    keywords = _joined(records["KEYWDS"])
    secondary = (*_helices(records["HELIX"]), *_strands(records["SHEET"]))
    return Annotation(
        title=title,
        functional_class=records["HEADER"][0][10:50].strip() if records["HEADER"] else "",
        keywords=tuple(dict.fromkeys(word.strip() for word in keywords.split(",") if word.strip())),
        proteins=_proteins(records),
        secondary=secondary if secondary or records["TURN"] else None,
        is_alphafold=title.upper().startswith("ALPHAFOLD "),
    )


def _first_model(text: str) -> str:
    """The text up to the end of the first model, so that what follows in an ensemble is not parsed."""
    end = re.search(r"^ENDMDL", text, re.MULTILINE)
    return text[: end.end()] + "\n" if end else text


def _checked_line(path: str | Path, number: int, line: str) -> str:
    """The line, with an occupancy and a B-factor if it is an atom's that lacks them.

    Simulation programs leave the two columns empty, which biotite does not read.
    """
    if not line.startswith(_ATOM_RECORDS):
        return line
    for name, columns in _COORDINATES.items():
        if not _is_number(line[columns]):
            message = (
                f"has {line[columns]!r} in columns {columns.start + 1}-{columns.stop}, expected the "
                f"coordinate {name} of an atom. The file may be cut or not in PDB format."
            )
            raise DataFormatError(path, message, number)
    occupancy, b_factor = (line[columns] for columns in _FACTORS)
    if _is_number(occupancy) and _is_number(b_factor):
        return line
    occupancy = occupancy if _is_number(occupancy) else "  1.00"
    b_factor = b_factor if _is_number(b_factor) else "  0.00"
    return f"{line[:54]}{occupancy}{b_factor}{line[66:]}"


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _joined(lines: list[str]) -> str:
    """Text of a record that goes on over lines (columns 9-10 number them)."""
    return " ".join(" ".join(line[10:80] for line in lines).split())


def _molecules(lines: list[str]) -> list[dict[str, str]]:
    """``KEY: value;`` pairs of COMPND or SOURCE, one dictionary for each MOL_ID."""
    molecules: list[dict[str, str]] = []
    for part in _joined(lines).split(";"):
        key, separator, value = part.partition(":")
        if separator and key.strip() == "MOL_ID":
            molecules.append({})
        if separator and molecules:
            molecules[-1][key.strip()] = value.strip()
    return molecules


def _proteins(records: Mapping[str, list[str]]) -> tuple[AnnotatedProtein, ...]:
    sources = {source.get("MOL_ID"): source for source in _molecules(records["SOURCE"])}
    accessions: dict[str, str] = {}
    for line in records["DBREF"]:
        if line[26:32].strip() == "UNP":
            accessions.setdefault(line[12:13].strip(), line[33:41].strip())
    sequences = _sequences(records["SEQRES"])
    proteins = []
    for molecule in _molecules(records["COMPND"]):
        source = sources.get(molecule.get("MOL_ID"), {})
        chain_ids = tuple(name.strip() for name in molecule.get("CHAIN", "").split(",") if name.strip())
        known = all(name in sequences for name in chain_ids)
        proteins.append(
            AnnotatedProtein(
                chain_ids=chain_ids,
                name=molecule.get("MOLECULE", ""),
                organism=source.get("ORGANISM_SCIENTIFIC", ""),
                gene=source.get("GENE", ""),
                accession=next((accessions[name] for name in chain_ids if name in accessions), ""),
                ec_numbers=tuple(ec.strip() for ec in molecule.get("EC", "").split(",") if ec.strip()),
                sequences=tuple(sequences[name] for name in chain_ids) if known else (),
            )
        )
    if not proteins and sequences:
        proteins = [AnnotatedProtein((name,), sequences=(text,)) for name, text in sequences.items()]
    return tuple(proteins)


def _sequences(lines: list[str]) -> dict[str, str]:
    """One-letter sequence of each chain from SEQRES; chains of nucleotides come out as ``X``."""
    from biotite.sequence import ProteinSequence

    residues = _residues(lines)
    one_letter: dict[str, str] = {"MSE": "M", "SEC": "U", "PYL": "O"}
    for name in {name for names in residues.values() for name in names} - set(one_letter):
        try:
            one_letter[name] = ProteinSequence.convert_letter_3to1(name)
        except KeyError:
            one_letter[name] = "X"
    return {chain: "".join(one_letter[name] for name in names) for chain, names in residues.items()}


def _residues(lines: list[str]) -> Mapping[str, list[str]]:
    """Components of each chain in the order of SEQRES."""
    residues: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        residues[line[11:12].strip()] += line[19:70].split()
    return residues


def _helices(lines: list[str]) -> Iterator[ResidueRange]:
    for line in lines:
        if (line[38:40].strip() or "1") in HELIX_CLASSES:
            yield from _range(line, 19, (21, 25), (33, 37), HELIX)


def _strands(lines: list[str]) -> Iterator[ResidueRange]:
    for line in lines:
        yield from _range(line, 21, (22, 26), (33, 37), STRAND)


def _range(
    line: str, chain: int, first: tuple[int, int], last: tuple[int, int], state: str
) -> Iterator[ResidueRange]:
    """The range of a HELIX or SHEET record; one with unreadable numbers says nothing and is passed over."""
    try:
        ends = [(int(line[start:end]), line[end : end + 1].strip()) for start, end in (first, last)]
    except ValueError:
        return
    yield ResidueRange(line[chain : chain + 1].strip(), ends[0], ends[1], state)
