"""Identifiers in a text, as they are grounded."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from geneverse_pl.evaluation.claims.identifiers import match_identifiers
from geneverse_pl.grounding.schemes import SCHEMES, canonical, scheme_of

#: What is put behind an identifier or alias that is not confirmed.
MARK = " [?]"

_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_TIE = re.compile(r"[:#(*+%/]|ID\b|identifier|number|accession|entry|\bno\.", re.IGNORECASE)
_REST_OF_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Mention:
    """An identifier in a text.

    Args:
        start: Where it begins, the database's name included.
        end: Where it ends, its version included.
        id_start: Where the accession begins.
        scheme: Its scheme.
        written: The accession as it stands there.
        accession: The accession in its canonical form; None where it is malformed beyond a doubt.
        is_loose: Whether nothing but a space ties the number to the name: ``HGNC 5`` may be a number of
            years.
        is_borrowed: Whether another database than the scheme's own writes it so.
    """

    start: int
    end: int
    id_start: int
    scheme: str
    written: str
    accession: str | None
    is_loose: bool
    is_borrowed: bool = False

    @property
    def is_malformed(self) -> bool:
        """Whether digits lack or are too many."""
        return self.accession != self.written


def find_mentions(text: str) -> list[Mention]:
    """The identifiers of a text, in its order; numbers that are years or lie loose are left out.

    Args:
        text: Any text. Time grows with its length alone.
    """
    return sorted(_mentions(text), key=lambda mention: mention.start)


def _mentions(text: str) -> Iterator[Mention]:
    for database, match in match_identifiers(text):
        scheme = scheme_of(database)
        start, end = match.span()
        id_start, id_end = match.span("id")
        written = text[id_start:id_end]
        is_loose = scheme in ("HGNC", "MIM", "NCBI Gene") and not _TIE.search(text, start, id_start)
        rest = _REST_OF_WORD.match(text, end)
        accession = canonical(scheme, written)
        if rest is not None:  # HP:000125O: a letter among the digits
            end, written, accession = rest.end(), text[id_start : rest.end()], None
        if is_loose and (accession is None or _YEAR.fullmatch(written)):
            continue
        if scheme in SCHEMES:
            yield Mention(start, end, id_start, scheme, written, accession, is_loose, database != scheme)


def is_marked(text: str, end: int) -> bool:
    """Whether a mark stands behind a place.

    Args:
        text: The text.
        end: The place.
    """
    return text.startswith(MARK, end)


def after_mark(text: str, end: int) -> int:
    """The place itself, or behind the mark that stands there.

    Args:
        text: The text.
        end: The place.
    """
    return end + len(MARK) if is_marked(text, end) else end
