"""What the tables of ClinVar share: nulls, dates, and conditions with their identifiers.

Each ``parse_*`` function raises a ``ValueError`` whose text goes on from "line 17 "; readers add the place.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from datamodules.sources import cells
from datamodules.sources.cross_reference import CrossReference

#: How these files write that they have nothing.
NULLS = ("", "-", "na", "-1")

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATES = (
    re.compile(r"(?P<month>[A-Z][a-z]{2}) (?P<day>[0-9]{1,2}), (?P<year>[0-9]{4})"),
    re.compile(r"(?P<day>[0-9]{1,2}) (?P<month>[A-Z][a-z]{2}) (?P<year>[0-9]{4})"),
)
_NUMBER_OF_CONDITIONS = re.compile(r"[0-9]+ conditions")
_SYMBOL_SEPARATOR = re.compile(r"[;,]")


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition for which a variant was classified.

    Args:
        name: Its name, such as ``Leigh syndrome``; also ``not provided`` or ``6 conditions``.
            None where the file has identifiers only.
        ids: Its identifiers, as each vocabulary writes them: ``MONDO:0013342``, ``C3150901``, ``613647``. The
            database is empty where the file names none. Empty where ClinVar has none.
    """

    name: str | None
    ids: tuple[CrossReference, ...] = ()


def parse_text(text: str) -> str | None:
    """A text without outer spaces, or None for the nulls of these files."""
    return cells.parse_text(text, NULLS)


def parse_list(text: str, separator: str) -> tuple[str, ...]:
    """The items of a list, in file order, without nulls."""
    return cells.parse_list(text, separator, NULLS)


def parse_symbols(text: str) -> tuple[str, ...]:
    """Gene symbols, ``;`` or a comma between them."""
    return tuple(item for part in _SYMBOL_SEPARATOR.split(text) if (item := parse_text(part)))


def parse_date(text: str) -> date | None:
    """A day written ``Jun 29, 2010`` or ``16 May 2011``, or None where the file has none."""
    if parse_text(text) is None:
        return None
    try:
        for form in _DATES:
            if match := form.fullmatch(text):
                return date(int(match["year"]), _MONTHS.index(match["month"]) + 1, int(match["day"]))
    except ValueError:
        pass
    raise ValueError(f"has the date {text!r}, expected one such as Jun 29, 2010 or 16 May 2011.")


def parse_condition_ids(text: str) -> tuple[CrossReference, ...]:
    """The identifiers of one condition, a comma between them.

    Only the first colon parts database and id: ``MONDO:MONDO:0013342`` is ``MONDO:0013342`` in MONDO.
    ``6 conditions`` stands for identifiers that the file leaves out, and gives none.
    """
    found = []
    for item in parse_list(text, ","):
        if not _NUMBER_OF_CONDITIONS.fullmatch(item):
            database, colon, identifier = item.partition(":")
            found.append(CrossReference(database, identifier) if colon else CrossReference("", item))
    return tuple(found)


def parse_conditions(ids: str, names: str) -> tuple[Condition, ...]:
    """The conditions of a variant from the columns of identifiers and of names.

    In both, ``|`` parts the conditions that were classified each on its own, and ``;`` those that were
    classified together; an empty place holds a condition without identifiers.

    Where the two columns do not have the same number of places, it is unknown which identifiers belong to
    which name: they are then kept as conditions of their own.

    Args:
        ids: Such as ``MONDO:MONDO:0013342,OMIM:613647||MedGen:C3661900``.
        names: Such as ``Hereditary spastic paraplegia 48|AP5Z1-related disorder|not provided``.

    Returns:
        The conditions in file order, each once.
    """
    found = []
    for id_text, name_text in _pair(ids.split("|"), names.split("|")):
        parts = (id_text or "").split(";")
        if len(parts) == 1:
            # A name may itself hold a ';', as the identifiers of one condition never do.
            found.append(_make_condition(id_text, name_text))
        else:
            names_of_set = [] if name_text is None else name_text.split(";")
            found += [_make_condition(*pair) for pair in _pair(parts, names_of_set)]
    return tuple(dict.fromkeys(condition for condition in found if condition != Condition(None)))


def _pair(ids: list[str], names: list[str]) -> Iterator[tuple[str | None, str | None]]:
    if len(ids) == len(names):
        yield from zip(ids, names, strict=True)
    else:
        yield from ((None, name) for name in names)
        yield from ((id_text, None) for id_text in ids)


def _make_condition(ids: str | None, name: str | None) -> Condition:
    return Condition(parse_text(name or ""), parse_condition_ids(ids or ""))
