"""The parts of a text that no rewording may change: identifiers, symbols and numbers, told by their form."""

import re
import unicodedata

# In this order, as a later form would take the part of an earlier one for the whole.
_PATTERN = re.compile(
    r"""
      (?P<identifier> \b [A-Za-z][A-Za-z0-9.]* : [A-Za-z0-9][\w.]* (?<![.]) )  # HP:0001250, MIM:154700
    | (?P<symbol>
          \b (?= [\w.-]*\d ) (?= [\w.-]*[^\W\d_] ) \w+ (?: [-.] \w+ )*  # FBN1, 7p15.2, NM_000138.5
        | \b (?= \w*[^\W\d_a-z] \w*[^\W\d_a-z] | [a-z]+[A-Z] ) [^\W_]+ (?: - [A-Z]\w* )*  # DNA, mTOR, HLA-DRB
      )
    | (?P<number> \d+ (?: [.,] \d+ )* )
    """,
    re.VERBOSE,
)
_PLURAL = re.compile(r"[A-Z]{2,}s")  # RNAs
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
_NEGATION = re.compile(
    r"\b(?:not|no|non|nor|none|never|neither|without|lacks?|lacking|absen[ct]e?|unable|cannot|\w+n't)\b",
    re.IGNORECASE,
)


def normalised(text: str) -> str:
    """The text with one form of each dash, apostrophe and blank, in Unicode's composed form (NFKC).

    Args:
        text: Any text.
    """
    composed = unicodedata.normalize("NFKC", text).translate(_DASHES).replace("\u2019", "'")
    return re.sub(r"\s+", " ", composed).strip()


def fixed_tokens(text: str) -> dict[str, str]:
    """Parts that must stay as they are, each with its kind.

    A part with a colon inside is an ``identifier``, one with both letters and digits or with several capitals
    a ``symbol`` (without the s of a plural), and digits alone are a ``number``. Greek letters count too.

    Args:
        text: A text, normalised.
    """
    found: dict[str, str] = {}
    for match in _PATTERN.finditer(text):
        token = match[0][:-1] if _PLURAL.fullmatch(match[0]) else match[0]
        found.setdefault(token, str(match.lastgroup))
    return found


def denies(text: str) -> bool:
    """Whether a text has a word that denies something.

    Args:
        text: A text, normalised.
    """
    return _NEGATION.search(text) is not None
