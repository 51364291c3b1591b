"""Claims of an answer found and checked against the record of its gene."""

import re
from collections.abc import Iterator
from itertools import chain

from geneverse_pl.evaluation.answers import normalise
from geneverse_pl.evaluation.claims.claim import (
    CONTRADICTED,
    SUPPORTED,
    UNKNOWN,
    Claim,
    ClaimReport,
    Verdict,
)
from geneverse_pl.evaluation.claims.gene_fields import (
    Found,
    find_aliases,
    find_name,
    find_symbol,
    find_true_name,
    find_type,
)
from geneverse_pl.evaluation.claims.identifiers import GENE_DATABASES, Identifier, find_identifiers
from geneverse_pl.evaluation.claims.location import find_location
from geneverse_pl.evaluation.claims.negation import is_denied_name, is_negated, is_undecided
from geneverse_pl.evaluation.claims.record import TruthRecord
from geneverse_pl.evaluation.claims.terms import find_terms
from geneverse_pl.evaluation.sentences import sentence_spans

IDENTIFIERS = "identifiers"
# Marks of lists, headings and stress, which stand before and around what is said.
_MARKS = re.compile(
    r"^[ \t]*(?:[-*+\u2022]|#{1,6}|\d{1,2}[.)])[ \t]+|\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)",
    re.MULTILINE,
)
_FINDERS = (find_symbol, find_name, find_type, find_location, find_aliases)
_NAMING = ("symbol", "name")
_OPPOSITE: dict[Verdict, Verdict] = {SUPPORTED: CONTRADICTED, CONTRADICTED: SUPPORTED, UNKNOWN: UNKNOWN}


def check_claims(text: str, record: TruthRecord, given: str = "") -> ClaimReport:
    """Finds the claims of an answer and checks each against the record.

    A claim is *supported* if the record says so, *contradicted* if it says otherwise, which only closed
    fields (symbol, name, type, location, identifiers of the gene) and denied entries can, and *unknown* where
    the record is silent. A claim repeated in the same words counts once. Where the answer denies something,
    the verdict is that of the denial.

    Found by patterns of words: unusual wordings are missed, and what is missed is neither right nor wrong. A
    model could thus score well by saying little, so look at the number of claims too.

    Args:
        text: The answer.
        record: What is known of the gene.
        given: What the question says of it; claims in the same words count in no score, but for the gene's
            name in :func:`names_gene_and_function`.
    """
    known = f" {normalise(given)} "
    claims: dict[tuple[str, str, bool], Claim] = {}
    plain = _MARKS.sub(lambda mark: " " * len(mark[0]), text)
    for number, (start, end) in enumerate(sentence_spans(plain)):
        sentence = plain[start:end]
        for found in sorted(_found(sentence, record, number == 0), key=lambda one: one.start):
            negated = _is_denied(sentence, found)
            said = text[start + found.start : start + found.end]
            claim = Claim(
                found.field,
                said,
                _OPPOSITE[found.verdict] if negated else found.verdict,
                start + found.start,
                start + found.end,
                negated,
                found.is_hallucinated and not negated,
                is_given=not negated and bool(normalise(said)) and f" {normalise(said)} " in known,
            )
            key = (claim.field, normalise(said), negated)
            claims.setdefault(key, claim)
    return ClaimReport(_consistent(list(claims.values())))


def names_gene_and_function(report: ClaimReport) -> bool:
    """Geneverse's factual score of a description (Liu et al. 2024), by rule: gene and function are right.

    Nothing said of symbol, full name or type is contradicted, the symbol or the full name is supported, and
    so is at least one claim of an open field (function, process, component, disease, phenotype). The paper
    gives 1 if the major function and the gene name are right, and does not say who decides.

    A symbol that the question gives away counts here: the name is right where the answer is about the gene
    that was asked for, and a true description need not give it another one. A function must be the answer's
    own.

    Args:
        report: The claims of an answer.
    """
    closed = [claim for claim in report.claims if claim.field in ("symbol", "name", "type")]
    named = any(claim.field != "type" and claim.verdict == SUPPORTED for claim in closed)
    wrong = any(claim.verdict == CONTRADICTED for claim in closed)
    plain = ("symbol", "name", "type", "location", "aliases", IDENTIFIERS)
    function = any(claim.verdict == SUPPORTED and claim.field not in plain for claim in report.counted)
    return named and function and not wrong


def _found(sentence: str, record: TruthRecord, is_first: bool) -> Iterator[Found]:
    """All claims of a sentence, none inside another; identifiers first, as digits look like places.

    Of the true name and a term the longer one is meant: *DNA repair* within *BRCA1 DNA repair associated* is
    no function, and *catalase* within *catalase activity* no name.
    """
    taken: list[Found] = []
    finders = [_identifiers(sentence, record)]
    finders += [finder(sentence, record, is_first) for finder in _FINDERS]
    names = list(find_true_name(sentence, record, is_first))
    terms = [one for one in find_terms(sentence, record) if not any(_is_inside(one, name) for name in names)]
    for one in chain(*finders, terms, names):
        if not any(one.start < other.end and other.start < one.end for other in taken):
            taken.append(one)
            if one.field in _NAMING or not is_undecided(sentence, one.start):
                yield one


def _is_inside(one: Found, other: Found) -> bool:
    return (
        other.start <= one.start and one.end <= other.end and (one.start, one.end) != (other.start, other.end)
    )


def _is_denied(sentence: str, found: Found) -> bool:
    """Whether a claim is denied; what is denied of a gene ("TP53 is not secreted") leaves its names."""
    if found.field in _NAMING:
        return is_denied_name(sentence, found.start)
    return is_negated(sentence, found.start, found.end)


def _identifiers(sentence: str, record: TruthRecord) -> Iterator[Found]:
    for start, end, identifier in find_identifiers(sentence):
        verdict, hallucinated = _judge_identifier(identifier, record)
        yield Found(IDENTIFIERS, start, end, verdict, hallucinated)


def _judge_identifier(identifier: Identifier, record: TruthRecord) -> tuple[Verdict, bool]:
    if identifier in record.own_ids or identifier in record.term_ids:
        return SUPPORTED, False
    if identifier.kind not in record.kinds:
        return UNKNOWN, False
    return (CONTRADICTED if identifier.database in GENE_DATABASES else UNKNOWN), True


def _consistent(claims: list[Claim]) -> list[Claim]:
    """In the order of the text; the same identifier in two writings counts once."""
    seen: set[tuple[Identifier, bool]] = set()
    kept: list[Claim] = []
    for claim in sorted(claims, key=lambda one: one.start):
        if claim.field == IDENTIFIERS:
            key = (next(find_identifiers(claim.text))[2], claim.is_negated)
            if key in seen:
                continue
            seen.add(key)
        kept.append(claim)
    return kept
