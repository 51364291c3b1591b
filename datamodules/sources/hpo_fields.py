"""Values that several files of the Human Phenotype Ontology share: identifiers and frequencies.

Each ``parse_*`` function raises a ``ValueError`` whose text goes on from "line 17 "; readers add the place.
"""

import re
from dataclasses import dataclass

from datamodules.sources.cells import NULLS

_HPO_ID = re.compile(r"HP:[0-9]{7}")
_DISEASE_ID = re.compile(r"[A-Za-z]+:[A-Za-z0-9]+")
_COUNTS = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,15})?)%")

# Köhler et al. 2019, and the definitions of the terms under HP:0040279 (Frequency).
FREQUENCY_TERMS = {
    "HP:0040280": (1.0, 1.0),
    "HP:0040281": (0.80, 0.99),
    "HP:0040282": (0.30, 0.79),
    "HP:0040283": (0.05, 0.29),
    "HP:0040284": (0.01, 0.04),
    "HP:0040285": (0.0, 0.0),
}


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often patients with a disease show a phenotype.

    Args:
        text: As the file has it: a term under HP:0040279 (``HP:0040283``), counted patients (``3/7``) or a
            percentage (``45%``).
        low: Least share of patients, in [0, 1].
        high: Greatest share of patients, in [low, 1]; equal to ``low`` unless a term gives a range.
        counts: Patients with the phenotype and patients examined, where the file counts them.
    """

    text: str
    low: float
    high: float
    counts: tuple[int, int] | None = None

    @property
    def value(self) -> float:
        """One number in [0, 1]: the share of patients, or the middle of the range."""
        return (self.low + self.high) / 2

    @property
    def is_excluded(self) -> bool:
        """Whether no patient shows the phenotype: ``0/m``, ``0%`` or HP:0040285."""
        return self.high == 0

    @classmethod
    def parse(cls, text: str) -> "Frequency":
        """Reads one of the three forms.

        Raises:
            ValueError: If the text has another form, more patients affected than examined, or over 100 %.
        """
        if text in FREQUENCY_TERMS:
            low, high = FREQUENCY_TERMS[text]
            return cls(text, low, high)
        if match := _COUNTS.fullmatch(text):
            affected, examined = int(match[1]), int(match[2])
            if 0 < examined >= affected:
                return cls(text, affected / examined, affected / examined, (affected, examined))
        elif match := _PERCENT.fullmatch(text):
            share = float(match[1]) / 100
            if share <= 1:
                return cls(text, share, share)
        raise ValueError(
            f"has the frequency {text!r}, expected HP:0040280 to HP:0040285, n/m with 0 <= n <= m and m > 0, "
            "or 0% to 100%."
        )


def parse_frequency(text: str) -> Frequency | None:
    """A frequency, or None for the nulls of these files (empty or ``-``)."""
    return None if text in NULLS else Frequency.parse(text)


def parse_hpo_id(text: str) -> str:
    """An HPO term id."""
    if not _HPO_ID.fullmatch(text):
        raise ValueError(f"has the HPO id {text!r}, expected HP: and seven digits, as in HP:0001250.")
    return text


def parse_disease_id(text: str) -> str:
    """A disease id: a database prefix (OMIM, ORPHA, DECIPHER, MONDO), a colon and an accession."""
    if not _DISEASE_ID.fullmatch(text):
        raise ValueError(f"has the disease id {text!r}, expected one such as OMIM:154700 or ORPHA:558.")
    return text
