"""Diseases of UniProt's proteins: the record, and the grammar of the DISEASE comments.

A comment names a disease of UniProt's vocabulary, or is a note only::

    DISEASE: Name (ACRONYM) [MIM:245349]: Description. {ECO:0000269|PubMed:9399911}. Note=The disease is
    caused by variants affecting the gene represented in this entry.
    DISEASE: Note=Defects in POP1 may be the cause of a severe skeletal dysplasia.

Format: https://www.uniprot.org/help/involvement_in_disease
"""

import re
from dataclasses import dataclass, field

from datamodules.sources.uniprot_text import (
    plain,
    prose,
    split_comments,
    split_molecule,
    split_note,
    split_trailing_groups,
)

TOPIC = "DISEASE"

_MIM = re.compile(r" ?\[MIM:([0-9]+)\]: ?")


@dataclass(frozen=True, slots=True)
class ProteinDisease:
    """What a protein's entry says of one disease.

    Args:
        name: Name in UniProt's vocabulary of diseases; None if the comment is a note only.
        acronym: Its acronym there, such as ``PDHXD``.
        mim: MIM number of the phenotype, digits.
        description: What the disease is, without marks of evidence.
        note: What the protein has to do with it, without marks of evidence.
        molecule: The isoform or chain that the comment is about, if it names one.
        accession: UniProt's accession, such as ``DI-00602``; only in JSON. Not part of equality.
    """

    name: str | None
    acronym: str | None = None
    mim: str | None = None
    description: str | None = None
    note: str | None = None
    molecule: str | None = None
    accession: str | None = field(default=None, compare=False)


def parse_diseases(cell: str) -> tuple[ProteinDisease, ...]:
    """The diseases of a table's cell, which may hold several comments.

    Raises:
        ValueError: If the cell does not begin with ``DISEASE:``, or a comment says nothing; the message goes
            on from "line 17 ".
    """
    return tuple(parse_disease(comment) for comment in split_comments(cell, TOPIC))


def parse_disease(comment: str) -> ProteinDisease:
    """One comment, without its topic.

    Comments of before 2012 are whole sentences (``Defects in PHKA1 are linked to ... [MIM:311870].``); they
    are taken as notes.

    Raises:
        ValueError: If the comment says nothing; the message goes on from "line 17 ".
    """
    molecule, text = split_molecule(plain(comment))
    about, note_text = split_note(text)
    note = prose(note_text) or None
    about = about.strip()
    if not prose(about) and note is None:
        raise ValueError("has a DISEASE comment without a text, expected a name or a note.")
    if not prose(about):
        return ProteinDisease(None, note=note, molecule=molecule)
    match = _MIM.search(about)
    if match:
        label, description = about[: match.start()], about[match.end() :]
        mim = match[1]
    else:
        label, description = _split_label(about)
        mim = None
    name, acronym = _split_acronym(label)
    # With neither acronym nor number before a colon it is no name of the vocabulary but a sentence.
    if not name or (acronym is None and mim is None):
        return ProteinDisease(None, note=prose(f"{prose(about)} {note or ''}"), molecule=molecule)
    return ProteinDisease(name, acronym, mim, prose(description) or None, note, molecule)


def _split_label(text: str) -> tuple[str, str]:
    """Splits ``Name (ACRONYM): Description`` at the first ``): `` after which the label is whole."""
    for match in re.finditer(r"\):(?: |$)", text):
        label = text[: match.start() + 1]
        if label.count("(") == label.count(")"):
            return label, text[match.end() :]
    return text, ""


def _split_acronym(label: str) -> tuple[str, str | None]:
    name, groups = split_trailing_groups(label.strip())
    if not groups:
        return name, None
    return " ".join([name, *(f"({group})" for group in groups[:-1])]), groups[-1] or None
