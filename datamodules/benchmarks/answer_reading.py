"""What a free answer says: a gene, a chromosome, yes or no, a sequence.

Each reader gives what the answer names *first*, so that naming everything gains nothing, and None where it
names nothing of the kind.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from geneverse_pl.evaluation.answers import normalise
from geneverse_pl.evaluation.claims.identifiers import find_identifiers

_LABEL = re.compile(r"(?:final\s+)?answers?\s*[:=]\s*", re.IGNORECASE)
# Bold and code of Markdown; a single star may be a stop codon, or the allele HLA-B*27:05.
_EMPHASIS = re.compile(r"\*{2,}|`")
# A model that was not made for chat goes on with a question of its own.
_NEXT_QUESTION = re.compile(
    r"(?<=\S)[^\S\n]*\n\s*[#*]*\s?(?:question|q)\s*\d*[\s*]*:.*", re.IGNORECASE | re.DOTALL
)
_TURN = re.compile(r"[,.;]\s*(?:but|however|although|nevertheless)\b|\bmy (?:best )?guess\b", re.IGNORECASE)
# Up to here an answer may have said something before it admits that it is not sure.
_SAID_BEFORE = re.compile(r".*(?:[.!?;(\n]|\b(?:but|though|although|however)\b)", re.IGNORECASE | re.DOTALL)
_ADMISSION = re.compile(
    r"\b(?:do(?:es)? not|don'?t|cannot|can ?not|can'?t|could not|couldn'?t|unable to|not able to) "
    r"(?:\w+ )?(?:know|have|answer|determine|provide|find|access|identify|say|tell|align|recall|perform)\b"
    r"|\bnot (?:sure|certain|aware|familiar)\b"
    r"|\b(?:no|insufficient|not enough) (?:\w+ )?(?:information|data|idea)\b"
    r"|\bas an (?:ai|artificial)\b|\bi'?m sorry\b|\bi am sorry\b|^\W*(?:it is |is )?(?:unknown|not known)\b",
    re.IGNORECASE,
)
_SYMBOL = re.compile(
    r"(?<![A-Za-z0-9.-])(?:C(?:\d{1,2}|X|Y)orf\d+[A-Z]?|[A-Z][A-Z0-9]+(?:[-.][A-Z0-9]+)*)(?![A-Za-z0-9]|-[A-Za-z0-9])"
)
# Capitals in answers about genes that name none.
_NO_SYMBOLS = frozenset(
    {
        *(
            "AI",
            "AND",
            "DNA",
            "RNA",
            "MRNA",
            "CDNA",
            "SNP",
            "SNPS",
            "GWAS",
            "HGNC",
            "HUGO",
            "NCBI",
            "ID",
            "IDS",
        ),
        *("OMIM", "MIM", "TFS", "THE", "OR", "OK", "YES", "NO", "NA", "NOT", "IS", "ENSEMBL", "GENE"),
        *("ATP", "GTP", "GO", "KEGG", "MGI", "PMID", "REFSEQ"),
        *("GENES", "HG19", "HG38", "GRCH37", "GRCH38", "USA", "UCSC", "DBSNP", "BLAST"),
        *("II", "III", "IV", "VI", "VII", "VIII", "IX", "XI", "XII"),
    }
)
# Ids of databases that are not read elsewhere, whose names would be symbols.
_OTHER_ID = re.compile(r"\b(?:PMID|PMC|MGI|RGD|EC|DOID|KEGG|CHEBI|[A-Z]{2}(?=_))[\s:_]*\d[\d.]*")
# TF is the symbol of transferrin, and short for transcription factor where these are asked about, or *a TF*.
_ANY_FACTOR = re.compile(r"(?<![\w.-])TF(?![\w-])")
_A_FACTOR = re.compile(
    r"\b(?:an?|the|this|that|one|another) TF\b(?!-| (?:gene|protein|symbol)\b)", re.IGNORECASE
)
_FACTORS_ASKED = re.compile(r"\btranscription(?:al)? factor|\bTFs\b|\bregulat|\(TF\)", re.IGNORECASE)
_ENSEMBL_ID = re.compile(r"ENS[A-Z]*\d{6,}")
_NAMES = r"(?:[1-9]|1\d|2[0-2]|X|Y|MT?)"
_CHROMOSOME = re.compile(
    rf"\bchr(?:omosomes?|om)?[\s_.:-]*(?:(?:number|no\.?|#)\s*)?(?P<named>{_NAMES})"
    r"(?:(?![0-9A-Za-z])|(?=[pq](?:\d|ter\b|\b)))"
    r"|\b(?P<ordinal>[1-9]|1\d|2[0-2])(?:st|nd|rd|th)[\s-]+chromosome\b"
    r"|\b(?P<before>[XY])(?:\s*(?:/|&|and|or)\s*[XY])?[\s-]+chromosomes?\b"
    r"|\b(?P<band>[1-9]|1\d|2[0-2]|X|Y)(?:p|q)(?:\d{1,2}(?:\.\d+)?|ter)\b"
    rf"|\b(?P<site>{_NAMES}):\s?\d[\d,]{{4,}}"
    rf"|^\W*(?P<alone>{_NAMES})\W*$",
    re.IGNORECASE,
)
_NOT_THERE = re.compile(
    r"(?:\bnot|n['\u2019]t)\s+(?:(?:located|found)\s+)?(?:on|in)\s+(?:the\s+)?$", re.IGNORECASE
)
_REGION = re.compile(
    rf"(?:\bchr(?:omosome)?[\s_.]*|\b)(?P<name>{_NAMES})\s*:\s*(?P<start>\d[\d,]*)\s*(?:-|\u2013|to|\.\.)\s*(?P<end>\d[\d,]*)",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(
    r"\b(?:not|non|isn'?t|never)[ -](?:\w+ )?(?:a )?(?:protein[ -])?cod|\bnot a\b|\bpseudogene"
    r"|\bdoes ?n[o']t (?:en)?code",
    re.IGNORECASE,
)
# Kinds of RNA that are the product of a gene; mRNA is not.
_RNA = (
    r"(?:(?:micro|mi|lnc|linc|nc|r|t|sno?|sca?|pi|si|circ)-?RNAs?(?:-\d\w*)?"
    r"|(?:(?:ribosomal|transfer|small|nuclear|nucleolar|long|intergenic|non-?coding|antisense|vault"
    r"|circular)[ -])*\bRNAs?)"
)
# Said of the gene: not *a tRNA synthetase*, nor *a kinase that is regulated by a microRNA*.
_RNA_GENE = re.compile(
    r"(?:^\W*(?:an? |the )?|\b(?:is|was|as|encodes?|encoding|codes? for|coding for|produces?) "
    r"(?:(?!(?:of|by|for|with|to|from|that|which|not|regulated|targeted)\b)[\w-]+ ){0,4}?)"
    rf"\b{_RNA}(?=\W*$|[.,;:()!?]|\s(?:genes?|transcripts?|molecules?|precursor|class|component|that|which"
    r"|in|from|of|with|involved|located|called|named|rather|not|instead)\b)",
    re.IGNORECASE,
)
_NO_PSEUDOGENE = re.compile(rf"(?:\bnot|n't) an? (?:\w+ )?(?:pseudogene|{_RNA})", re.IGNORECASE)
_YES_NO = re.compile(r"\b(yes|true|no|false|na|n/a)\b", re.IGNORECASE)
_EFFECTS = {
    "Activation": re.compile(
        r"\b(?:activat|up-?regulat|induc|enhanc|stimulat|positive(?:ly)? regulat)", re.IGNORECASE
    ),
    "Repression": re.compile(
        r"\b(?:repress|inhibit|down-?regulat|suppress|silenc|negative(?:ly)? regulat)", re.IGNORECASE
    ),
}
# Read where none of these is said: "it represses Y, so that its loss increases Y" is no contradiction.
_LEVELS = {
    "Activation": re.compile(r"\bincreas", re.IGNORECASE),
    "Repression": re.compile(r"\b(?:decreas|reduc)", re.IGNORECASE),
}
_EFFECT_ECHO = re.compile(r"\bactivate (?:or|and) repress\b", re.IGNORECASE)
_NEGATED = re.compile(
    r"(?:\bnot|n['\u2019]t|\bneither|\bnor)\s+(?:\w+\s+)?(?:\w+\s+n?or\s+)?$", re.IGNORECASE
)
_SPECIES = {
    "human": ("human", "humans", "homo sapiens", "h sapiens"),
    "mouse": ("mouse", "mice", "mus musculus", "m musculus"),
    "rat": ("rat", "rats", "rattus norvegicus", "r norvegicus"),
    "chicken": ("chicken", "gallus gallus", "g gallus"),
    "zebrafish": ("zebrafish", "danio rerio", "d rerio"),
    "worm": ("worm", "nematode", "roundworm", "caenorhabditis elegans", "c elegans"),
    "yeast": ("yeast", "saccharomyces cerevisiae", "s cerevisiae"),
}
_SPECIES_NAMES = re.compile(
    r"\b(?:"
    + "|".join(sorted((name for names in _SPECIES.values() for name in names), key=len, reverse=True))
    + r")\b"
)
_TERM_ID = re.compile(r"\bGO:\s?\d{7}\b", re.IGNORECASE)
_BEFORE_A_NAME = re.compile(r":\s+|\b(?:is|are|include|includes)\b(?:\s+(?:the|an?))?\s+")
_SPECIES_OF = {name: species for species, names in _SPECIES.items() for name in names}


class Region(NamedTuple):
    """A stretch of a chromosome.

    Args:
        chromosome: Its chromosome, as ``chr8``.
        start: First base, as given.
        end: Last base, as given.
    """

    chromosome: str
    start: int
    end: int


def without_thoughts(text: str) -> str:
    """The answer without what a reasoning model thought before it; empty where it got no further.

    Args:
        text: What a model wrote.
    """
    said = text.rpartition("</think>")[2]
    return "" if said.lstrip().startswith("<think>") else said


def stated(text: str) -> str:
    """The answer without emphasis, the label ``Answer:`` and what stands before it.

    Args:
        text: What a model wrote.
    """
    return _LABEL.split(_EMPHASIS.sub("", text))[-1].strip()


def without_question(text: str, question: str) -> str:
    """The answer without the question, which some models repeat before it, and without further questions.

    Args:
        text: What a model wrote.
        question: The question.
    """
    tail = text.rpartition(question)[2] if question else text
    return _NEXT_QUESTION.sub("", tail if tail.strip() else text)


def admits_ignorance(text: str) -> tuple[bool, str, str]:
    """Whether an answer says that it is not known, and what it says all the same.

    Args:
        text: What a model wrote.

    Returns:
        Whether it says so; what it says before, in a sentence or clause of its own; and what follows a *but*
        or a *my guess*. Both may be empty.
    """
    said: list[str] = []
    rest = text
    while found := _ADMISSION.search(rest):
        clause = _SAID_BEFORE.match(rest[: found.start()])
        said.append(clause[0].strip() if clause else "")
        turn = _TURN.search(rest, found.end())
        rest = rest[turn.end() :].strip() if turn else ""
    if not said:
        return False, "", ""
    return True, said[0], " ".join([*said[1:], rest]).strip()


def read_symbols(text: str, known: Collection[str] = (), question: str = "") -> list[str]:
    """Gene symbols, in order, each once: capitals and digits, as HGNC writes them.

    Args:
        text: The answer.
        known: Symbols that the question names, which are left out.
        question: The question; where it is about regulation, ``TF`` is no symbol.
    """
    said = _without_ids(_without_factors(stated(text), question))
    found = (match[0].rstrip(".-") for match in _SYMBOL.finditer(said))
    return list(
        dict.fromkeys(
            one for one in found if one not in _NO_SYMBOLS and one not in known and not _ENSEMBL_ID.match(one)
        )
    )


def read_symbol(text: str, question: str) -> str | None:
    """The first gene symbol that the question does not name.

    Args:
        text: The answer.
        question: The question, whose own symbols (*the official symbol of LMP10*) are no answer.
    """
    whole = _without_factors(stated(text), question).strip(" .\"'*`")
    if re.fullmatch(r"[A-Za-z][\w.-]*\d[\w.-]*|[A-Z]+", whole) and whole.upper() not in _NO_SYMBOLS:
        return whole
    words = set(re.findall(r"[\w.-]*\w", question))
    return next(iter(read_symbols(text, words, question)), None)


def _without_ids(text: str) -> str:
    """The text with spaces for identifiers, some of which have the form of a symbol (UniProt P40306)."""
    said = list(_OTHER_ID.sub(" ", text))
    for start, end, _ in find_identifiers("".join(said)):
        said[start:end] = " " * (end - start)
    return "".join(said)


def _without_factors(text: str, question: str) -> str:
    """The text without ``TF`` where it is short for transcription factor."""
    return (_ANY_FACTOR if _FACTORS_ASKED.search(question) else _A_FACTOR).sub("", text)


def read_chromosome(text: str) -> str | None:
    """The first chromosome, as ``chr8``; from *chr8*, *chromosome 8*, *8th chromosome*, *8q24.3*, *8* alone.

    Args:
        text: The answer.
    """
    said = stated(text)
    for found in _CHROMOSOME.finditer(said):
        if not _NOT_THERE.search(said[: found.start()]):
            return _chromosome(next(name for name in found.groups() if name))
    return None


def read_region(text: str) -> Region | None:
    """The first region, from *chr8:7081648-7081782* or *8: 7,081,648 to 7,081,782*.

    Args:
        text: The answer.
    """
    found = _REGION.search(stated(text))
    if found is None:
        return None
    start, end = (int(found[name].replace(",", "")) for name in ("start", "end"))
    return Region(_chromosome(found["name"]), start, end)


def read_yes_no(text: str) -> bool | None:
    """Whether a gene codes for a protein: *yes*, *TRUE*, *no*, *NA*, or said in words.

    Words for a gene of RNA (*a lncRNA*, *it encodes a microRNA*) say no, unless the answer says
    *protein-coding*.

    Args:
        text: The answer.
    """
    said = stated(text)
    found = _YES_NO.match(said.lstrip(" \"'*`"))
    if found is not None:
        return found[0].lower() in ("yes", "true")
    said = _NO_PSEUDOGENE.sub("", said)
    if _NEGATIVE.search(said):
        return False
    if re.search(r"\bprotein[ -]coding\b|\bcodes for a protein\b", said, re.IGNORECASE):
        return True
    if _RNA_GENE.search(said):
        return False
    if re.search(r"\bencodes\b", said, re.IGNORECASE):
        return True
    found = _YES_NO.search(said)
    return None if found is None else found[0].lower() in ("yes", "true")


def read_effect(text: str) -> str | None:
    """``Activation`` or ``Repression``; None where an answer says both or neither.

    What it denies (*it does not activate, it represses*) does not count as said.

    Args:
        text: The answer.
    """
    said = _EFFECT_ECHO.sub("", stated(text))
    found = _said_effects(said, _EFFECTS) or _said_effects(said, _LEVELS)
    return found[0] if len(found) == 1 else None


def _said_effects(said: str, forms: Mapping[str, re.Pattern[str]]) -> list[str]:
    """The effects that are said and not denied."""
    return [
        effect
        for effect, form in forms.items()
        if any(not _NEGATED.search(said[: match.start()]) for match in form.finditer(said))
    ]


def read_species(text: str) -> str | None:
    """The first of the benchmark's species, by its common or its Latin name.

    Args:
        text: The answer.
    """
    found = _SPECIES_NAMES.search(normalise(stated(text)))
    return None if found is None else _SPECIES_OF[found[0]]


def read_sequence(text: str, letters: str, question: str = "") -> str | None:
    """The longest run of capitals of an alphabet, line breaks and a closing stop left out.

    Args:
        text: The answer.
        letters: The alphabet.
        question: The question; a sequence of its own that the answer repeats is left out, as DNA is written
            with letters of amino acids.
    """
    said = stated(text)
    joined = re.sub(rf"(?<=[{letters}])\s*\n\s*(?=[{letters}]+\b)", "", said)
    if re.fullmatch(rf"[{letters}\s*-]+", said.upper()):
        joined = re.sub(r"[\s-]", "", said).upper()
    runs = re.findall(rf"(?<![A-Za-z])[{letters}]{{3,}}\*?(?![A-Za-z])", joined)
    runs = [run for run in runs if run not in question]
    return max(runs, key=len).rstrip("*") if runs else None


def phrases(text: str) -> Iterator[str]:
    """Parts of a short answer that may be what it names, normalised.

    These are the whole, what follows the first and the last *is* or colon, each also without the ids of
    terms, and what is quoted first.

    Args:
        text: The answer; its first line counts.
    """
    line = next((line for line in stated(text).splitlines() if line.strip()), "")
    ends = [0, *(found.end() for found in _BEFORE_A_NAME.finditer(line))]
    parts = [line, *(line[end:] for end in ends[1:2] + ends[-1:])]
    parts += [_TERM_ID.sub("", part) for part in parts]
    quoted = re.search(r"[\"\u201c]([^\"\u201d]+)[\"\u201d]", line)
    if quoted is not None:
        parts.append(quoted[1])
    yield from (whole for part in parts if (whole := normalise(part)))


def _chromosome(name: str) -> str:
    upper = name.upper()
    return "chr" + ("M" if upper == "MT" else upper)
