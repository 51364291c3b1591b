"""Phenotypic series of OMIM: groups of entries that describe much the same phenotype of different genes."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from datamodules.sources.cells import parse_mim_number, parse_text
from datamodules.sources.omim_fields import MIM_NUMBER, read_omim_records

_SERIES = re.compile(r"PS[0-9]{6}")
_DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class PhenotypicSeriesEntry:
    """One row of a file of phenotypic series.

    Args:
        series: The series, such as ``PS100070``.
        mim_number: A member, six digits; None in the row that gives the series its title.
        name: Name of the member, or title of the series.
        file: Name of the file, without its folder. Not part of equality.
        line: 1-based line in it. Not part of equality.
    """

    series: str
    mim_number: str | None
    name: str
    file: str = field(compare=False)
    line: int = field(compare=False)

    @property
    def is_title(self) -> bool:
        """Whether the row gives the series its title."""
        return self.mim_number is None


def read_phenotypic_series(path: str | Path) -> Iterator[PhenotypicSeriesEntry]:
    """The rows of ``phenotypicSeries.txt``, titles and members, in file order, each once.

    Args:
        path: The file, plain or gzip.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file, its header or a value does not have the documented form.
    """
    parsers: dict[str | tuple[str, ...], Callable[[str], object]] = {
        "Phenotypic Series Number": _parse_series,
        MIM_NUMBER: parse_text,
        "Phenotype": parse_text,
    }
    return read_omim_records(path, _make_entry, parsers)


def _make_entry(
    series: str, second: str | None, third: str | None, file: str, line: int
) -> PhenotypicSeriesEntry:
    # A row with the title of a series has it in the column of the members' numbers.
    if third is None and second is not None and not _DIGITS.fullmatch(second):
        return PhenotypicSeriesEntry(series, None, second, file, line)
    if second is None or third is None:
        raise ValueError(
            f"gives {series} no member or no name, expected a number and a name, or the title alone."
        )
    return PhenotypicSeriesEntry(series, parse_mim_number(second), third, file, line)


def _parse_series(text: str) -> str:
    if not _SERIES.fullmatch(text):
        raise ValueError(f"has the phenotypic series {text!r}, expected PS and six digits, as in PS100070.")
    return text
