"""The form in which names are looked up."""

import re
import unicodedata

_BETWEEN = re.compile(r"[\W_]+")


def plain_name(text: str) -> str:
    """A name without case, punctuation and spacing; empty where nothing is left.

    Args:
        text: The name.
    """
    # Case folding can undo the composed form, hence twice.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).casefold()
    return _BETWEEN.sub(" ", folded).strip()


def squeezed(text: str) -> str:
    """A symbol without case and all that joins its parts, so that ``GLI-1`` equals ``GLI1``.

    Args:
        text: The symbol.
    """
    return plain_name(text).replace(" ", "")
