"""References, identifiers and dates of NCBI Gene."""

from collections.abc import Callable
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamodules.sources.cross_reference import CrossReference
from datamodules.sources.ncbi_fields import (
    parse_cross_references,
    parse_date,
    parse_pubmed_ids,
    parse_tax_id,
    parse_timestamp,
)

WORD = st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="|"), min_size=1).filter(
    lambda text: text != "-"
)
DATABASE = st.text(st.characters(categories=["L", "N"]), min_size=1)
PARSERS: tuple[Callable[[str], object], ...] = (
    parse_cross_references,
    parse_date,
    parse_pubmed_ids,
    parse_tax_id,
    parse_timestamp,
)


def test_references_are_parted_at_the_first_colon() -> None:
    text = "MIM:138670|HGNC:HGNC:5|Ensembl:ENSG00000121410|AllianceGenome:HGNC:5"
    assert parse_cross_references(text) == (
        CrossReference("MIM", "138670"),
        CrossReference("HGNC", "HGNC:5"),
        CrossReference("Ensembl", "ENSG00000121410"),
        CrossReference("AllianceGenome", "HGNC:5"),
    )


@pytest.mark.parametrize("text", ["MIM", "MIM:", ":138670", "MIM:1|HGNC"])
def test_references_without_a_colon_or_an_id_are_errors(text: str) -> None:
    with pytest.raises(ValueError, match=r"has the cross-reference '.*', expected a database, a colon"):
        parse_cross_references(text)


@pytest.mark.parametrize("text", ["", "-"])
def test_nulls(text: str) -> None:
    assert [parse(text) for parse in (parse_date, parse_timestamp)] == [None] * 2
    assert [parse(text) for parse in (parse_cross_references, parse_pubmed_ids)] == [()] * 2


def test_both_separators_of_pubmed_ids() -> None:
    assert parse_pubmed_ids("9873079") == ("9873079",)
    assert parse_pubmed_ids("1,2|3, 4") == ("1", "2", "3", "4")
    for text in ("PMID:1", "1,", "1;2", "|", "1 2", "١"):
        with pytest.raises(ValueError, match=r"has the PubMed id '.*', expected digits, and a comma or"):
            parse_pubmed_ids(text)


def test_dates_and_times() -> None:
    assert parse_date("20220912") == date(2022, 9, 12)
    assert parse_timestamp("2010-01-21 00:00") == datetime(2010, 1, 21)  # noqa: DTZ001
    assert parse_timestamp("2003-11-21 09:05:30") == datetime(2003, 11, 21, 9, 5, 30)  # noqa: DTZ001
    for text in ("2022-09-12", "20221301", "2022091", "00000101", "２０２２０９１２"):
        with pytest.raises(ValueError, match=r"has the date '.*', expected year, month and day"):
            parse_date(text)
    for text in ("20100121", "2010-01-21T00:00", "2010-02-30 00:00", "2010-01-21 24:01", "2010-W03-4"):
        with pytest.raises(ValueError, match=r"has the time '.*', expected a day and a time"):
            parse_timestamp(text)


def test_ids_of_organisms() -> None:
    assert parse_tax_id("9606") == "9606"
    for text in ("", "-", "human", "9606 ", "96.0"):
        with pytest.raises(ValueError, match=r"has the tax_id '.*', expected digits, as in 9606"):
            parse_tax_id(text)


@given(st.lists(st.builds(CrossReference, DATABASE, WORD, st.none())))
def test_joined_references_are_read(references: list[CrossReference]) -> None:
    text = "|".join(f"{reference.database}:{reference.id}" for reference in references)
    assert parse_cross_references(text or "-") == tuple(references)


@given(st.lists(st.integers(0), min_size=1), st.sampled_from(",|"))
def test_joined_pubmed_ids_are_read(numbers: list[int], separator: str) -> None:
    ids = tuple(map(str, numbers))
    assert parse_pubmed_ids(separator.join(ids)) == ids


@given(st.dates())
def test_written_dates_are_read(day: date) -> None:
    assert parse_date(f"{day.year:04}{day.month:02}{day.day:02}") == day


@given(st.datetimes())
def test_written_times_are_read(time: datetime) -> None:
    time = time.replace(microsecond=0, fold=0)
    assert parse_timestamp(f"{time:%H:%M:%S}".join((f"{time.date()} ", ""))) == time


@given(st.text(max_size=30) | st.from_regex(r"[0-9:GO|,\- ]{1,20}", fullmatch=True))
def test_any_text_is_a_value_or_an_error_that_goes_on_from_the_line(text: str) -> None:
    for parse in PARSERS:
        try:
            parse(text)
        except ValueError as error:
            assert str(error).startswith("has the ")
            assert ", expected " in str(error)
