"""Whether a claim is denied by its own sentence.

A rule of few words in the manner of NegEx (Chapman et al. 2001): a negation before the claim in its clause,
or a negated verb right behind it. A clause that opens a sentence (*Although … is not known,*) ends at its
comma.
"""

import re

_CLAUSE = re.compile(
    r"[;:]|\b(?:[Bb]ut|[Aa]lthough|[Ww]hereas|[Hh]owever)\b|,\s+(?:while|and|yet|it|this|the|its)\b"
    r"|\band\s+(?:is|are|was|were|has|it|its|encodes|lies|maps|acts|functions)\b"
)
_OPENING = re.compile(
    r"^\s*(?:(?:even )?though|although|while|whereas|because|since|despite|if|when|unlike|without|instead of"
    r"|rather than|in (?:the )?absence of)\b[^,]*,\s",
    re.IGNORECASE,
)
# Not in capitals: NO is nitric oxide, and symbols are words too.
_BEFORE = re.compile(
    r"\b(?:[Nn]ot(?!\s+(?:only|just|merely|least)\b)|[Nn]o|[Nn]ever|[Nn]either|nor|[Ww]ithout|cannot|lacks?|[Ll]acking"
    r"|fail(?:s|ed)? to|[Rr]ather than|[Ii]nstead of|[Uu]nlike|[Aa]bsence of|rules? out|excludes?)\b"
    r"|n['\u2019]t\b"
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
    opening = _OPENING.match(before)
    clauses = [opening.end() if opening else 0, *(match.end() for match in _CLAUSE.finditer(before))]
    clause = _DOUBT.sub("", before[max(clauses) :])
    return bool(_BEFORE.search(clause) or _BEHIND.match(sentence[end:]))
