"""Texts, lists and identifiers of cells."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamodules.sources.cells import (
    parse_gene_id,
    parse_go_id,
    parse_list,
    parse_mim_number,
    parse_optional_gene_id,
    parse_text,
)

WORD = st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="|"), min_size=1).filter(
    lambda text: text != "-"
)


def test_texts_lose_outer_spaces_and_nulls_are_none() -> None:
    assert [parse_text(text) for text in (" C9orf72 ", "-", " - ", "", "na")] == [
        "C9orf72",
        None,
        None,
        None,
        "na",
    ]
    assert parse_text(" na", ("na",)) is None
    assert parse_text("-", ("na",)) == "-"


def test_lists_lose_outer_spaces_and_empty_items() -> None:
    assert parse_list("A1B|ABG|GAB") == ("A1B", "ABG", "GAB")
    assert parse_list(" GeneMap; GeneReviews;", ";") == ("GeneMap", "GeneReviews")
    assert parse_list("p53-R2|-|") == ("p53-R2",)
    assert parse_list("a,-1,NA", ",", ("", "-1", "NA")) == ("a",)
    assert [parse_list(text) for text in ("", "-")] == [(), ()]


@given(st.lists(WORD, min_size=1))
def test_joined_items_are_read(items: list[str]) -> None:
    assert parse_list("|".join(items)) == tuple(items)


def test_gene_ids_lose_their_prefix() -> None:
    assert parse_gene_id("NCBIGene:64170") == parse_gene_id("64170") == "64170"
    for text in ("", "-", "GeneID:1", "NCBIGene:", "12.0", "1 "):
        with pytest.raises(ValueError, match="expected an NCBI Gene id"):
            parse_gene_id(text)


def test_gene_ids_may_be_missing() -> None:
    assert [parse_optional_gene_id(text) for text in ("-", "", "7157")] == [None, None, "7157"]
    assert parse_optional_gene_id("-1", ("-1",)) is None
    with pytest.raises(ValueError, match="has the gene id '-1', expected an NCBI Gene id"):
        parse_optional_gene_id("-1")


@pytest.mark.parametrize(
    ("parse", "good", "bad", "message"),
    [
        (
            parse_go_id,
            "GO:0008150",
            ("", "GO:8150", "GO_0008150", "HP:0008150", "GO:00081500"),
            r"has the GO id '.*', expected GO: and seven digits, as in GO:0008150",
        ),
        (
            parse_mim_number,
            "100100",
            ("", "10010", "1001000", "MIM:100100", "١٠٠١٠٠"),
            r"has the MIM number '.*', expected six digits, as in 100100",
        ),
    ],
)
def test_identifiers_have_one_form(
    parse: Callable[[str], str], good: str, bad: tuple[str, ...], message: str
) -> None:
    assert parse(good) == good
    for text in bad:
        with pytest.raises(ValueError, match=message):
            parse(text)


@given(st.text(max_size=30) | st.from_regex(r"[0-9:GO|,\- ]{1,20}", fullmatch=True))
def test_any_text_is_a_value_or_an_error_that_goes_on_from_the_line(text: str) -> None:
    for parse in (parse_gene_id, parse_go_id, parse_list, parse_mim_number, parse_text):
        try:
            parse(text)
        except ValueError as error:
            assert str(error).startswith("has the ")
            assert ", expected " in str(error)
