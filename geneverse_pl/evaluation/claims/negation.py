"""Whether a claim is denied by its own sentence.

A rule of few words in the manner of NegEx (Chapman et al. 2001): a negation before the claim in its clause,
or a negated verb right behind it.
"""

import re

_CLAUSE = re.compile(
    r"[;:]|\b(?:[Bb]ut|[Aa]lthough|[Ww]hereas|[Hh]owever)\b|,\s+(?:while|and|yet|it|this|the|its)\b"
    r"|\band\s+(?:is|are|was|were|has|it|its|encodes|lies|maps|acts|functions)\b"
)
# Not in capitals: NO is nitric oxide, and symbols are words too.
_BEFORE = re.compile(
    r"\b(?:[Nn]ot(?!\s+(?:only|just|merely|least)\b)|[Nn]o|[Nn]ever|[Nn]either|nor|[Ww]ithout|cannot|lacks?|[Ll]acking"
    r"|[Rr]ather than|[Ii]nstead of|[Uu]nlike|[Aa]bsence of|rules? out|excludes?)\b|n['\u2019]t\b"
)
_DOUBT = re.compile(r"\b[Nn]ot?\s+(?:doubt|surprise|surprising|surprisingly)\b")
_BEHIND = re.compile(
    r"^[\s)\]\"']*(?:is|are|was|were|has|have|does|do|did|has been|have been)(?:\s+not(?!\s+only)"
    r"|n['\u2019]t)\b",
    re.IGNORECASE,
)


def is_negated(sentence: str, start: int, end: int) -> bool:
    """Whether the part of a sentence is denied.

    Args:
        sentence: The sentence.
        start: Where the part begins in it.
        end: Where it ends.
    """
    before = sentence[:start]
    clauses = [match.end() for match in _CLAUSE.finditer(before)]
    clause = _DOUBT.sub("", before[clauses[-1] if clauses else 0 :])
    return bool(_BEFORE.search(clause) or _BEHIND.match(sentence[end:]))
