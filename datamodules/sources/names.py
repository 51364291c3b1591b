"""Names without what differs between databases, to find one thing in several of them; names in messages."""

import re
import unicodedata
from collections.abc import Iterable

_MAX_LISTED = 200  # characters


def normalised_name(name: str) -> str:
    """A name without case, accents, punctuation and spacing; a ``+`` stays, as ``T-B+`` is not ``T-B-``."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    kept = re.sub(r"[^\w+]+", " ", plain).strip()
    return kept if re.search(r"\w", kept) else ""


def has_symbol(text: str, symbol: str) -> bool:
    """Whether a text has the symbol of a gene as a word, as *PKD1-related disorder* has PKD1."""
    # Most texts lack it, and looking for the letters alone is far quicker.
    return symbol in text and re.search(rf"(?<!\w){re.escape(symbol)}(?!\w)", text) is not None


def listed_names(names: Iterable[object]) -> str:
    """Names for a message of one line: what cannot be printed is escaped, and a long list is cut."""
    text = ", ".join(map(str, names)) or "none"
    text = text if len(text) <= _MAX_LISTED else text[:_MAX_LISTED] + "..."
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
