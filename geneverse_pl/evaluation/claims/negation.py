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
# Few in capitals: NO is nitric oxide, and symbols are words too.
_BEFORE = re.compile(
    r"\b(?:(?:[Nn]ot|NOT)(?!\s+(?:only|just|merely|least)\b)|[Nn]o|[Nn]ever|NEVER|[Nn]either|nor|[Ww]ithout|cannot"
    r"|lacks?|[Ll]acking|fail(?:s|ed)? to|[Rr]ather than|[Ii]nstead of|[Uu]nlike(?:ly)?|[Hh]ardly"
    r"|[Aa]bsence of|rules? out|excludes?)\b"
    r"|n['\u2019]t\b"
)
# What denies nothing of what follows: "without doubt", and a lack of which the effect is told.
_NO_DENIAL = re.compile(
    r"\b(?:[Nn]ot?|[Ww]ithout(?:\s+a)?)\s+(?:doubt|question|surprise|surprising|surprisingly)\b"
    r"|\b(?:(?:[Ll]ack|[Aa]bsence)\s+of|[Ll]acking|[Ww]ithout)\b.*?"
    r"\b(?:caus(?:es?|ed|ing)|results?\s+in|leads?\s+to|develops?|produces?|is|are|was|were|has|have|had)\b"
)
_REACH = 600  # letters that a denial reaches at most
_BEHIND = re.compile(
    r"^[\s)\]\"']*(?:is|are|was|were|has|have|does|do|did|has been|have been)(?:\s+not(?!\s+only)"
    r"|n['\u2019]t)\b",
    re.IGNORECASE,
)

# A denial right at a name: "is not TP53", not "there is no evidence that TP53".
_NOT_NAMED = re.compile(
    r"(?:\b(?:not|never|neither|nor|rather than|instead of|unlike)|n['\u2019]t)\s+"
    r"(?:(?:an?|the|human|gene|symbol|protein|product|called|named|known|as|encodes?|codes?|stands?|denotes?|of|for)\s+)*$",
    re.IGNORECASE,
)
_UNDECIDED = re.compile(
    r"\b(?:whether|(?:unclear|unknown|uncertain|disputed|not known|not clear) if)\b", re.IGNORECASE
)


def is_negated(sentence: str, start: int, end: int) -> bool:
    """Whether the part of a sentence is denied.

    Args:
        sentence: The sentence.
        start: Where the part begins in it.
        end: Where it ends.
    """
    clause = _NO_DENIAL.sub("", _clause_before(sentence, start))
    return bool(_BEFORE.search(clause) or _BEHIND.match(sentence[end:]))


def is_denied_name(sentence: str, start: int) -> bool:
    """Whether a name is said not to be the gene's; what else is denied of the gene does not count.

    Args:
        sentence: The sentence.
        start: Where the name begins in it.
    """
    return bool(_NOT_NAMED.search(sentence[max(0, start - _REACH) : start]))


def is_undecided(sentence: str, start: int) -> bool:
    """Whether a part of a sentence is left open (*it is unclear whether it binds DNA*), and so no claim.

    Args:
        sentence: The sentence.
        start: Where the part begins in it.
    """
    return bool(_UNDECIDED.search(_clause_before(sentence, start)))


def _clause_before(sentence: str, start: int) -> str:
    """What stands before a part of a sentence in its clause."""
    before = sentence[max(0, start - _REACH) : start]
    opening = _OPENING.match(before)
    clauses = [opening.end() if opening else 0, *(match.end() for match in _CLAUSE.finditer(before))]
    return before[max(clauses) :]
