"""Claims of an answer found and checked against the record of its gene."""

import re
from collections.abc import Iterator

from geneverse_pl.evaluation.answers import normalise
from geneverse_pl.evaluation.claims.claim import (
    CONTRADICTED,
    SUPPORTED,
    UNKNOWN,
    Claim,
    ClaimReport,
    Verdict,
)
from geneverse_pl.evaluation.claims.gene_fields import FINDERS, Found, find_true_name
from geneverse_pl.evaluation.claims.identifiers import (
    GENE_DATABASES,
    Identifier,
    find_identifiers,
    is_human_gene,
)
from geneverse_pl.evaluation.claims.negation import is_negated
from geneverse_pl.evaluation.claims.record import TruthRecord
from geneverse_pl.evaluation.claims.terms import find_terms
from geneverse_pl.evaluation.sentences import sentence_spans

IDENTIFIERS = "identifiers"
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
    for number, (start, end) in enumerate(sentence_spans(text)):
        sentence = text[start:end]
        for found in sorted(_found(sentence, record, number == 0), key=lambda one: one.start):
            # What is denied of a gene ("TP53 is not secreted") does not deny that it is the gene.
            end_of_claim = len(sentence) if found.field in ("symbol", "name") else found.end
            negated = is_negated(sentence, found.start, end_of_claim)
            said = sentence[found.start : found.end]
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
    """All claims of a sentence, none inside another; identifiers first, as digits look like places."""
    taken: list[Found] = []
    finders = [_identifiers(sentence, record)]
    finders += [finder(sentence, record, is_first) for finder in FINDERS]
    finders += [find_terms(sentence, record), find_true_name(sentence, record, is_first)]
    for finder in finders:
        for one in finder:
            if not any(one.start < other.end and other.start < one.end for other in taken):
                taken.append(one)
                yield one


def _identifiers(sentence: str, record: TruthRecord) -> Iterator[Found]:
    for start, end, identifier in find_identifiers(sentence):
        verdict, hallucinated = _judge_identifier(identifier, record)
        yield Found(IDENTIFIERS, start, end, verdict, hallucinated)


def _judge_identifier(identifier: Identifier, record: TruthRecord) -> tuple[Verdict, bool]:
    if identifier in record.own_ids or identifier in record.term_ids:
        return SUPPORTED, False
    is_left_out = identifier.database == "Ensembl" and not is_human_gene(identifier.accession)
    if identifier.database not in record.databases or is_left_out:
        return UNKNOWN, False
    return (CONTRADICTED if identifier.database in GENE_DATABASES else UNKNOWN), True


def _consistent(claims: list[Claim]) -> list[Claim]:
    """In the order of the text; the same identifier in two writings counts once."""
    seen: set[str] = set()
    kept: list[Claim] = []
    for claim in sorted(claims, key=lambda one: one.start):
        if claim.field == IDENTIFIERS:
            key = re.sub(r"[^A-Z0-9]", "", claim.text.upper()) + str(claim.is_negated)
            if key in seen:
                continue
            seen.add(key)
        kept.append(claim)
    return kept
