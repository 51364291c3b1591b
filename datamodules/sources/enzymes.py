"""Whether a structure holds an enzyme, told by what its entry says."""

import re
from collections.abc import Sequence

# Classes that say nothing of what the protein does.
_SILENT = (
    "UNKNOWN",
    "STRUCTURAL GENOMICS",
    "DE NOVO",
    "BIOSYNTHETIC PROTEIN",
    "PLANT PROTEIN",
    "VIRAL PROTEIN",
)
_NOT_ENZYMES = frozenset({"DISEASE", "BASE", "PHASE", "RELEASE", "DATABASE", "CASE"})
_ENZYME_WORD = re.compile(r"\b(\w*ASE|ENZYME)$")


def is_enzyme(ec_numbers: Sequence[str], functional_class: str) -> bool | None:
    """Whether one of the proteins of a structure is an enzyme.

    Args:
        ec_numbers: Enzyme Commission numbers of its proteins.
        functional_class: wwPDB's class of the entry, such as ``HYDROLASE/HYDROLASE INHIBITOR``. A part of it
            that ends in a word on *-ase* is a class of enzymes; an inhibitor alone is none.

    Returns:
        True with an EC number or such a class, False with another class, None where neither tells.
    """
    if ec_numbers:
        return True
    parts = [part.strip() for part in re.split(r"[/,;()]", functional_class.upper()) if part.strip()]
    for part in parts:
        word = _ENZYME_WORD.search(part)
        if word and word[0] not in _NOT_ENZYMES:
            return True
    return None if not parts or any(part.startswith(_SILENT) for part in parts) else False
