"""Values that several files of NCBI Gene share: references, identifiers and dates.

Each ``parse_*`` function raises a ``ValueError`` whose text goes on from "line 17 "; readers add the place.
Nothing is written ``-`` in these files; an empty cell is taken the same way.
"""

import re
from datetime import date, datetime

from datamodules.sources.cells import NULLS, parse_list
from datamodules.sources.cross_reference import CrossReference

_DIGITS = re.compile(r"[0-9]+")
_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?: [0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?")
_PUBMED_SEPARATOR = re.compile(r"[,|]")


def parse_cross_references(text: str) -> tuple[CrossReference, ...]:
    """References to other databases, ``|`` between them.

    Only the first colon parts database and id: some databases repeat their name in the id, so
    ``HGNC:HGNC:5`` is ``HGNC:5`` in HGNC.
    """
    found = []
    for item in parse_list(text):
        database, _, identifier = item.partition(":")
        if not database or not identifier:
            raise ValueError(
                f"has the cross-reference {item!r}, expected a database, a colon and an id, as in MIM:138670."
            )
        found.append(CrossReference(database, identifier))
    return tuple(found)


def parse_tax_id(text: str) -> str:
    """An id of the NCBI Taxonomy, such as ``9606`` for human."""
    if not _DIGITS.fullmatch(text):
        raise ValueError(f"has the tax_id {text!r}, expected digits, as in 9606.")
    return text


def parse_pubmed_ids(text: str) -> tuple[str, ...]:
    """PubMed ids, ``|`` or a comma between them: both are found in files of different years."""
    if text in NULLS:
        return ()
    found = tuple(item.strip() for item in _PUBMED_SEPARATOR.split(text))
    for item in found:
        if not _DIGITS.fullmatch(item):
            raise ValueError(
                f"has the PubMed id {item!r}, expected digits, and a comma or '|' between several ids."
            )
    return found


def parse_date(text: str) -> date | None:
    """A day written ``20220912``, or None where the file has none."""
    if text in NULLS:
        return None
    try:
        if match := _DATE.fullmatch(text):
            return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        pass
    raise ValueError(f"has the date {text!r}, expected year, month and day, as in 20220912.")


def parse_timestamp(text: str) -> datetime | None:
    """A time written ``2010-01-21 00:00``, with or without seconds, or None where the file has none.

    NCBI names no time zone, so the value has none.
    """
    if text in NULLS:
        return None
    try:
        if _TIMESTAMP.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError(f"has the time {text!r}, expected a day and a time, as in 2010-01-21 00:00.")
