"""Where an answer says that a gene lies: chromosomes, their arms, and bands."""

import re
from collections.abc import Iterator

from geneverse_pl.evaluation.claims.claim import CONTRADICTED, SUPPORTED, UNKNOWN, Verdict
from geneverse_pl.evaluation.claims.gene_fields import FIRST_SYMBOL, NO_SYMBOLS, Found, is_about_gene
from geneverse_pl.evaluation.claims.record import TruthRecord

_CHROMOSOME = re.compile(
    r"\b[Cc]hromosomes?:?\s+(?P<names>(?:\d{1,2}|[XY]|MT)\b(?:(?:,| and|, and)\s+(?:\d{1,2}"
    r"|[XY])\b(?![pq]|\.\d))*)(?![pq])"
    r"|\b(?P<mt>[Mm]itochondrial (?:chromosome|genome|DNA))\b"
)
_BAND = re.compile(
    r"(?<![\w.])(?P<chromosome>\d{1,2}|X|Y)(?P<arm>[pq])(?:\d{1,2}(?:\.\d{1,3})?|ter)?(?![\w])(?!\.\d)"
)
_ARM = re.compile(
    r"\b(?P<arm>short|long)\s+arm\s+of\s+(?:human\s+)?chromosome\s+(?P<chromosome>\d{1,2}|X|Y)\b(?![pq]|\.\d)"
)
_LETTER_OF_ARM = {"short": "p", "long": "q"}
# Behind another gene's symbol: "it binds MDM2, which lies on chromosome 12", "with MDM2 (12q15)".
_OF_ANOTHER = re.compile(
    r"(?<![\w-])(?P<symbol>[A-Z][A-Z0-9]+(?:-[A-Z0-9]+)*)(?:\s+gene)?"
    r"(?:,?\s+(?:which|that|located|found)\b[^,;]*|\s*\([^()]*)$"
)
_REARRANGED = re.compile(
    r"\s*(?:micro)?(?:deletion|duplication|translocation|inversion|trisomy|monosomy|rearrangement|syndrome)",
    re.IGNORECASE,
)
_PLACED = re.compile(
    r"\b(?:locat\w*|lies|maps?|mapped|mapping|place|placed|found|situated|resides?|chromosom\w+|locus|band|cytogenetic)\b",
    re.IGNORECASE,
)


def find_location(sentence: str, record: TruthRecord, is_first: bool) -> Iterator[Found]:
    """Chromosomes and bands in a sentence about the gene's place; not those of a deletion or the like."""
    if not (is_about_gene(sentence, record, is_first) and _PLACED.search(sentence)):
        return
    for pattern, judge in ((_ARM, _judge_arm), (_CHROMOSOME, _judge_chromosome), (_BAND, _judge_band)):
        for match in pattern.finditer(sentence):
            if not _REARRANGED.match(sentence[match.end() :]) and not _is_of_another(sentence, match, record):
                yield Found("location", *match.span(), judge(match, record))


def _is_of_another(sentence: str, match: re.Match[str], record: TruthRecord) -> bool:
    """Whether a place is told of another gene in passing, which is not what the sentence is about."""
    other = _OF_ANOTHER.search(sentence, 0, match.start())
    subject = FIRST_SYMBOL.match(sentence)
    if other is None or (subject is not None and subject.start(1) == other.start("symbol")):
        return False
    return other["symbol"] not in NO_SYMBOLS.union((record.symbol, *record.aliases))


def _judge_chromosome(match: re.Match[str], record: TruthRecord) -> Verdict:
    names = ["MT"] if match["mt"] else re.findall(r"\d{1,2}|[XY]|MT", match["names"])
    if not record.chromosomes:
        return UNKNOWN
    return SUPPORTED if set(names) <= set(record.chromosomes) else CONTRADICTED


def _judge_arm(match: re.Match[str], record: TruthRecord) -> Verdict:
    return _judge_place(match["chromosome"], match["chromosome"] + _LETTER_OF_ARM[match["arm"]], record)


def _judge_band(match: re.Match[str], record: TruthRecord) -> Verdict:
    return _judge_place(match["chromosome"], match[0], record)


def _judge_place(chromosome: str, band: str, record: TruthRecord) -> Verdict:
    """A coarser band of the same arm is true; a finer one than the record's may be."""
    if record.chromosomes and chromosome not in record.chromosomes:
        return CONTRADICTED
    if not record.bands:
        return UNKNOWN
    if any(true.startswith(band) for true in record.bands):
        return SUPPORTED
    return UNKNOWN if any(band.startswith(true) for true in record.bands) else CONTRADICTED
