"""How OMIM writes a gene's phenotype: name, number, marks, mapping key and inheritance in one line of text.

``{?Asthma, susceptibility to, 2}, 608584 (2), Autosomal dominant; Cyst of the ear (1)`` are two phenotypes.
The form is described at the end of ``genemap2.txt`` and ``morbidmap.txt``, and in
https://www.omim.org/help/faq#1_6
"""

import re
from dataclasses import dataclass
from typing import Literal

MappingKey = Literal[1, 2, 3, 4]

#: How a phenotype came to its place on the map.
MAPPING_KEYS: dict[MappingKey, str] = {
    1: "placed by association with a gene, the defect is not known",
    2: "placed by linkage or another statistical method, no mutation was found",
    3: "the molecular basis is known, a mutation was found in the gene",
    4: "contiguous gene deletion or duplication syndrome, several genes are involved",
}

#: Ways of inheritance that OMIM names.
INHERITANCE_MODES = (
    "Autosomal dominant",
    "Autosomal recessive",
    "Pseudoautosomal dominant",
    "Pseudoautosomal recessive",
    "X-linked",
    "X-linked dominant",
    "X-linked recessive",
    "Y-linked",
    "Mitochondrial",
    "Multifactorial",
    "Digenic",
    "Digenic dominant",
    "Digenic recessive",
    "Inherited chromosomal imbalance",
    "Isolated cases",
    "Somatic mosaicism",
    "Somatic mutation",
)

_KEYS: dict[str, MappingKey] = {str(key): key for key in MAPPING_KEYS}
_MODES = {mode.lower(): mode for mode in INHERITANCE_MODES}
_CLOSING = {"{": "}", "[": "]"}
# Names hold commas, digits and numbers in parentheses, so a phenotype is read from its end: a key counts only
# if inheritance, and then the next phenotype or nothing, follows it. In some lines of OMIM the ';' between
# two phenotypes is missing; the mark of the second shows where it begins.
_END = re.compile(
    r"(?:(?:, *| )(?P<mim>[0-9]{6}),?)? *\((?P<key>[0-9])\)"
    r"(?P<modes>(?:, *\??[A-Za-z-]+(?: [A-Za-z-]+)*)*)"
    r" *(?:;|$|(?= [\[{?]))"
)
_STRAY_NUMBER = re.compile(r"[, ][0-9]{5,}$")
_FORM = "expected 'name, nnnnnn (k)[, inheritance]' with k from 1 to 4, and '; ' between several"


@dataclass(frozen=True, slots=True)
class Inheritance:
    """A way in which a phenotype is inherited.

    Args:
        mode: One of :data:`INHERITANCE_MODES`.
        provisional: Whether OMIM puts a ``?`` before it.
    """

    mode: str
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Phenotype:
    """A phenotype as OMIM's gene maps name it.

    Args:
        name: Its name, without the marks.
        mim: Its own number in OMIM, six digits; None where OMIM gives none, see ``number_at``.
        key: How it came to its place on the map, see :data:`MAPPING_KEYS`.
        susceptibility: Marked ``{...}``: a variant adds to the risk of a common disorder or an infection.
        non_disease: Marked ``[...]``: an abnormal laboratory value or a trait, no disease.
        provisional: Marked ``?``: the link between gene and phenotype is provisional.
        inheritance: Ways in which it is inherited, in file order; ``morbidmap.txt`` gives none.
    """

    name: str
    mim: str | None
    key: MappingKey
    susceptibility: bool = False
    non_disease: bool = False
    provisional: bool = False
    inheritance: tuple[Inheritance, ...] = ()

    @property
    def key_meaning(self) -> str:
        """What the mapping key says."""
        return MAPPING_KEYS[self.key]

    def number_at(self, locus_mim: str) -> str:
        """The phenotype's number: its own, or that of the locus, which then stands for both.

        Args:
            locus_mim: Number of the gene or locus in whose row the phenotype stands.
        """
        return locus_mim if self.mim is None else self.mim


def parse_phenotypes(text: str) -> tuple[Phenotype, ...]:
    """The phenotypes of a cell, in file order; none in an empty cell.

    A mark whose bracket is not closed counts as well, as what it says is clear.

    Raises:
        ValueError: If a phenotype does not have the documented form. The text goes on from "line 17 ".
    """
    found = []
    start = 0
    text = text.strip()
    while start < len(text):
        end = _END.search(text, start)
        if end is None:
            raise ValueError(f"has the phenotype {text[start:].strip()!r}, {_FORM}.")
        found.append(_make_phenotype(text[start : end.start()].strip(), end))
        start = end.end()
    return tuple(found)


def _make_phenotype(label: str, end: re.Match[str]) -> Phenotype:
    written = (label + end[0]).strip()
    name, marks = _take_marks(label)
    # A ';' in the name means that the phenotype before it has no key.
    if not name or ";" in name or _STRAY_NUMBER.search(name) or end["key"] not in _KEYS:
        raise ValueError(f"has the phenotype {written!r}, {_FORM}.")
    return Phenotype(
        name,
        end["mim"],
        _KEYS[end["key"]],
        susceptibility="{" in marks,
        non_disease="[" in marks,
        provisional="?" in marks,
        inheritance=tuple(_parse_inheritance(mode) for mode in end["modes"].split(",")[1:]),
    )


def _take_marks(label: str) -> tuple[str, set[str]]:
    marks = set()
    while label.startswith(("{", "[", "?")):
        mark, label = label[0], label[1:]
        marks.add(mark)
        if mark in _CLOSING:
            before, _, after = label.rpartition(_CLOSING[mark])
            label = before + after
        label = label.strip()
    return label, marks


def _parse_inheritance(text: str) -> Inheritance:
    word = text.strip()
    mode = _MODES.get(word.removeprefix("?").lower())
    if mode is None:
        raise ValueError(
            f"has the inheritance {word!r}, expected one of {', '.join(INHERITANCE_MODES)}, with or without "
            "a '?' before it."
        )
    return Inheritance(mode, word.startswith("?"))
