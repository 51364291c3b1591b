"""Helices and strands that mmCIF files annotate: by the numbers of their authors, else by those of the label.

The PDBx/mmCIF dictionary asks for the label's items alone; the authors' are optional.
"""

import logging
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from datamodules.sources.structure_record import HELIX, STRAND, ResidueRange

# Classes of helices in PDB files (and in pdbx_PDB_helix_class): alpha, pi and 3-10, right- or left-handed.
HELIX_CLASSES = frozenset({"1", "2", "3", "4", "5", "6", "7", "8"})
#: Items of a range in ``struct_conf`` and ``struct_sheet_range``.
RANGE_ITEMS = (
    *("beg_auth_asym_id", "beg_auth_seq_id", "end_auth_seq_id"),
    *("pdbx_beg_PDB_ins_code", "pdbx_end_PDB_ins_code"),
    *("beg_label_asym_id", "beg_label_seq_id", "end_label_seq_id"),
)
_HELIX_TYPES = ("HELX_P", "HELX_RH", "HELX_LH_AL", "HELX_LH_3T", "HELX_LH_PI", "HELX_OT_P")

_Row = Mapping[str, str]
_Name = tuple[str, int, str]  # chain, number and insertion code

_logger = logging.getLogger(__name__)


def cif_ranges(
    path: str | Path, conformations: Iterable[_Row], strands: Iterable[_Row], site: Any
) -> tuple[ResidueRange, ...] | None:
    """The helices and strands of a file.

    Args:
        path: The file, for the log.
        conformations: Rows of ``struct_conf``.
        strands: Rows of ``struct_sheet_range``.
        site: The category ``atom_site``.

    Returns:
        The ranges; None, with a line in the log, where one of the categories has helices or strands of which
        none can be read, so that they are computed.
    """
    numbers = _LabelNumbers(site)
    stated = {
        "struct_conf": [
            (row, state)
            for row in conformations
            if (state := _conformation(row.get("conf_type_id", ""), row.get("pdbx_PDB_helix_class", "")))
        ],
        "struct_sheet_range": [(row, STRAND) for row in strands if any(row.values())],
    }
    ranges: list[ResidueRange] = []
    for category, rows in stated.items():
        read = [found for row, state in rows if (found := _range(row, state, numbers))]
        if rows and not read:
            _logger.warning(
                "%s: none of the %d rows of %s names residues of atom_site, so its secondary structure is "
                "computed.",
                *(path, len(rows), category),
            )
            return None
        ranges += read
    return tuple(ranges)


def _conformation(conf_type: str, helix_class: str) -> str:
    """State of a row of ``struct_conf``: wwPDB writes helices alone, AlphaFold DB strands and turns too."""
    kind = conf_type.upper()
    if kind.startswith("STRN"):
        return STRAND
    if kind.startswith(_HELIX_TYPES) and (not helix_class or helix_class in HELIX_CLASSES):
        return HELIX
    return ""


class _LabelNumbers:
    """The authors' names of residues by those of the label.

    Args:
        site: The category ``atom_site``.
    """

    def __init__(self, site: Any) -> None:
        self._site = site

    def ends(self, chain: str, first: int, last: int) -> tuple[_Name, _Name] | None:
        """First and last residue with atoms in a range; None if it has none."""
        residues = self._residues.get(chain, [])
        places = [residue[0] for residue in residues]
        inside = residues[bisect_left(places, first) : bisect_right(places, last)]
        return (inside[0][1], inside[-1][1]) if inside else None

    @cached_property
    def _residues(self) -> Mapping[str, list[tuple[int, _Name]]]:
        """Chain of the label -> number of the label and author's name of its residues, sorted."""
        if not {"label_asym_id", "label_seq_id"} <= {*self._site}:
            return {}
        label = [self._column(f"label_{item}_id") for item in ("asym", "seq")]
        author = [self._column(f"{self._kept(item)}_{item}_id") for item in ("asym", "seq")]
        found: dict[str, dict[int, _Name]] = {}
        for chain, place, own_chain, number, code in zip(
            *label, *author, self._column("pdbx_PDB_ins_code"), strict=True
        ):
            if place.isdecimal() and number.removeprefix("-").isdecimal():
                name = (own_chain, int(number), "" if code in (".", "?") else code)
                found.setdefault(chain, {}).setdefault(int(place), name)
        return {chain: sorted(residues.items()) for chain, residues in found.items()}

    def _kept(self, item: str) -> str:
        """Whose names biotite gives the atoms: the authors', or the label's where they gave none."""
        return "auth" if f"auth_{item}_id" in self._site else "label"

    def _column(self, name: str) -> list[str]:
        if name not in self._site:
            return [""] * int(self._site.row_count)
        return [str(value) for value in self._site[name].as_array(str).tolist()]


def _range(row: _Row, state: str, numbers: _LabelNumbers) -> ResidueRange | None:
    try:
        if row.get("beg_auth_seq_id"):
            first, last = (
                (int(row[f"{end}_auth_seq_id"]), row.get(f"pdbx_{end}_PDB_ins_code", ""))
                for end in ("beg", "end")
            )
            return ResidueRange(row["beg_auth_asym_id"], first, last, state)
        places = (int(row[f"{end}_label_seq_id"]) for end in ("beg", "end"))
        ends = numbers.ends(row["beg_label_asym_id"], *places)
    except (KeyError, ValueError):
        return None
    if ends is None:
        return None
    return ResidueRange(ends[0][0], ends[0][1:], ends[1][1:], state)
