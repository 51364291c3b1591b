"""Truthfulness: what an answer claims of a gene, checked against the record of it."""

from geneverse_pl.evaluation.claims.checking import check_claims, names_gene_and_function
from geneverse_pl.evaluation.claims.claim import VERDICTS, Claim, ClaimReport, Verdict
from geneverse_pl.evaluation.claims.identifiers import Identifier, find_identifiers
from geneverse_pl.evaluation.claims.record import Term, TruthRecord

__all__ = [
    "VERDICTS",
    "Claim",
    "ClaimReport",
    "Identifier",
    "Term",
    "TruthRecord",
    "Verdict",
    "check_claims",
    "find_identifiers",
    "names_gene_and_function",
]
